"""Builds the project with Vercel's command line, and serves the result as the platform does.

Nothing here needs an account: the command line builds a project that is linked to nothing.
"""

from __future__ import annotations

import json
import mimetypes
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(__file__).resolve().parent / "node_modules"
"""Where `make test-deploy` installs the command line, and in `.uv` the installer that it calls."""
PYTHON = (3, 12)
BUILD_TIMEOUT_S = 900
START_TIMEOUT_S = 60
_LINK = {"projectId": "prj_local", "orgId": "team_local", "settings": {}}
"""What `vercel link` would write; any names do for a build."""
INVOCATION = {
    f"x-vercel-internal-{name}": "1"
    for name in ("invocation-id", "request-id", "span-id", "trace-id")
}
"""Headers that the platform adds to each request; the handler needs them."""
_NOT_PASSED_ON = {"connection", "content-length", "date", "host", "server", "transfer-encoding"}
_IS_312 = "import sys; print(sys.base_prefix if sys.version_info[:2] == (3, 12) else '')"


def python_of_the_platform() -> Path | None:
    """The program of an installed Python 3.12; None if there is none.

    It is looked for on the PATH and where pyenv and uv install versions.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    folders = [
        *map(Path, os.get_exec_path()),
        *pyenv.glob("versions/3.12*/bin"),
        *Path("~/.local/share/uv/python").expanduser().glob("cpython-3.12*/bin"),
    ]
    for folder in folders:
        candidate = folder / "python3.12"
        if not candidate.exists():
            continue
        # pyenv's programs fail in folders for which no version is chosen.
        asked = subprocess.run(
            [candidate, "-c", _IS_312], capture_output=True, text=True, check=False
        )
        if prefix := asked.stdout.strip():
            return Path(prefix) / "bin" / "python3.12"
    return None


@dataclass(frozen=True)
class Build:
    """What the command line has built of the project."""

    folder: Path
    seconds: float
    log: str

    @property
    def output(self) -> Path:
        """The folder that would be uploaded."""
        return self.folder / ".vercel" / "output"

    @property
    def site(self) -> Path:
        """The files of the site."""
        return self.output / "services/web/static"

    @cached_property
    def function(self) -> dict[str, Any]:
        """The description of the function, which lists its files."""
        (found,) = self.output.glob("services/api/functions/*/.vc-config.json")
        described: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
        own = {
            str(path.relative_to(found.parent)): str(path.relative_to(self.folder))
            for path in found.parent.rglob("*")
            if path.is_file() and path != found
        }
        described["filePathMap"] |= own
        return described

    @property
    def files(self) -> dict[str, Path]:
        """The files of the function: the path in it, and where the file lies here."""
        return {
            name: self.folder / path
            for name, path in self.function["filePathMap"].items()
            if (self.folder / path).exists()
        }

    @cached_property
    def site_files(self) -> list[str]:
        """The names of the site's files."""
        found = (path for path in self.site.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.site)) for path in found)

    def config(self, service: str = "") -> dict[str, Any]:
        """What the build says of the whole project, or of one of its services."""
        folder = self.output / "services" / service if service else self.output
        described: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return described


def build(folder: Path, python: Path) -> Build:
    """Build a copy of the tracked files in an empty folder.

    Raises:
        AssertionError: the command line fails; the message is its output.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".vercel").mkdir()
    (folder / ".vercel/project.json").write_text(json.dumps(_LINK), encoding="utf-8")
    (folder / "no-account").mkdir()
    began = time.monotonic()
    ended = subprocess.run(
        [TOOLS / ".bin/vercel", "build", "--yes", "--global-config", folder / "no-account"],
        cwd=folder,
        env=_build_environment(folder, python),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=BUILD_TIMEOUT_S,
    )
    assert ended.returncode == 0, ended.stdout
    return Build(folder, time.monotonic() - began, ended.stdout)


def _build_environment(folder: Path, python: Path) -> dict[str, str]:
    """This environment with the variables that the platform sets for a build of the project."""
    foreign = ("VERCEL", "NOW_", "MAV_", "PYTHON", "VIRTUAL_ENV", "COVERAGE", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    path = (str(TOOLS / ".uv/bin"), str(python.parent), kept["PATH"])
    settings = json.loads((folder / "vercel.json").read_text(encoding="utf-8"))
    return {
        **kept,
        **settings["build"]["env"],
        "PATH": os.pathsep.join(path),
        "VERCEL_TELEMETRY_DISABLED": "1",
    }


class Function:
    """The built function in a process of its own, started through its generated handler.

    Attributes:
        url: where the handler answers.
        started: when the process was started, by the monotonic clock.
    """

    def __init__(self, build: Build, folder: Path, python: Path) -> None:
        for name, path in build.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / name)
        handler = build.function["handler"].rpartition(".")[0]
        self._log = folder.with_suffix(".log")
        ipc = folder.with_suffix(".sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(ipc))
            listener.listen(1)
            listener.settimeout(START_TIMEOUT_S)
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(folder.parent),
                "LANG": "C.UTF-8",
                "VERCEL": "1",
                **build.function["environment"],
                "VERCEL_IPC_PATH": str(ipc),
            }
            with self._log.open("w", encoding="utf-8") as log:
                self.started = time.monotonic()
                self._process = subprocess.Popen(
                    [python, f"{handler}.py"],
                    cwd=folder,
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            self._connection, _ = listener.accept()
        self._connection.settimeout(START_TIMEOUT_S)
        messages = self._messages()
        port = next(
            message["payload"]["httpPort"]
            for message in messages
            if message["type"] == "server-started"
        )
        self.url = f"http://127.0.0.1:{port}"
        self._connection.settimeout(None)
        # Messages are read to the end, since the handler would wait for that.
        threading.Thread(target=lambda: list(messages), daemon=True).start()

    def _messages(self) -> Iterator[dict[str, Any]]:
        """What the handler reports: JSON texts with NUL after each."""
        received = b""
        while more := self._connection.recv(65536):
            *complete, received = (received + more).split(b"\0")
            yield from map(json.loads, filter(None, complete))

    @property
    def resident_bytes(self) -> int:
        """The memory of the process, as the platform counts it."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    @property
    def log(self) -> str:
        """What the process has printed."""
        return self._log.read_text(encoding="utf-8")

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(START_TIMEOUT_S)
        self._connection.close()


def platform(build: Build, function: Function) -> Starlette:
    """The routing of the platform: headers, then the service of a path, then what it answers."""
    client = httpx2.AsyncClient(base_url=function.url, timeout=START_TIMEOUT_S)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    async def answer(request: Request) -> Response:
        path = request.url.path
        found = _routed(build.config()["routes"], path, "*")
        if found.location:
            response: Response = RedirectResponse(found.location, found.status)
        elif found.service == "api":
            response = await _from_function(client, request)
        else:
            response = _from_site(build, path)
        for name, value in found.headers.items():
            response.headers[name] = value
        return response

    methods = ["GET", "HEAD", "POST", "OPTIONS"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=methods)], lifespan=lifespan)


@dataclass
class _Routed:
    """What the routes say of a path."""

    path: str
    status: int = 200
    service: str = ""
    location: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def _routed(routes: list[dict[str, Any]], path: str, phase: str = "") -> _Routed:
    """Apply the routes of one phase, or of all phases of the project."""
    found = _Routed(path)
    current = ""
    for route in routes:
        current = route.get("handle", current)
        if "src" not in route or current != phase != "*":
            continue
        matched = re.fullmatch(route["src"], found.path)
        if matched is None:
            continue
        filled = {
            name: matched.expand(_as_template(value))
            for name, value in route.get("headers", {}).items()
        }
        found.location = filled.pop("Location", "")
        found.headers |= filled
        found.status = route.get("status", found.status)
        if found.location:
            return found
        if "destination" in route:
            found.service = route["destination"]["service"]
            return found
        if "dest" in route:
            found.path = matched.expand(_as_template(route["dest"]))
    return found


def _as_template(text: str) -> str:
    """Groups as Python names them: $1 is \\1."""
    return re.sub(r"\$(\d)", r"\\\1", text.replace("\\", r"\\"))


async def _from_function(client: httpx2.AsyncClient, request: Request) -> Response:
    sent = client.build_request(
        request.method,
        request.url.path,
        params=request.url.query,
        headers=[*request.headers.items(), *INVOCATION.items()],
        content=await request.body(),
    )
    answered = await client.send(sent, stream=True)

    async def body() -> AsyncIterator[bytes]:
        try:
            async for part in answered.aiter_raw():
                yield part
        finally:
            await answered.aclose()

    headers = {
        name: value for name, value in answered.headers.items() if name not in _NOT_PASSED_ON
    }
    return StreamingResponse(body(), answered.status_code, headers)


def _from_site(build: Build, path: str) -> Response:
    """A static file, under the path that the build gives it; or the page for missing paths."""
    config = build.config("web")
    first = _routed(config["routes"], path)
    if first.location:
        return RedirectResponse(first.location, first.status)
    paths = {
        f"/{config['overrides'].get(name, {'path': name})['path']}": build.site / name
        for name in build.site_files
    }
    file = paths.get("/index" if first.path == "/" else first.path)
    if first.status != 200 or file is None:
        return FileResponse(build.site / "404.html", 404)
    headers = _routed(config["routes"], path, "hit").headers
    return FileResponse(file, headers=headers, media_type=mimetypes.guess_type(file.name)[0])
