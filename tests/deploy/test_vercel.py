"""The project as Vercel builds and serves it: what is in the function, and how it answers.

`make test-deploy` runs these tests. They build site and function, which takes minutes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.testclient import TestClient

from mav_engine.backends.inference.kernels.native.builds import (
    OPTIONAL_SOURCES,
    REQUIRED_SOURCES,
    compiled_kinds,
)
from mav_engine.config import ServerConfig
from mav_engine.probes.registry import BUILT_IN
from mav_engine.server.app import create_app
from mav_engine.server.http.security_headers import POLICY
from tests.deploy.vercel import (
    INVOCATION,
    PYTHON,
    ROOT,
    TOOLS,
    Build,
    Function,
    build,
    platform,
    python_of_the_platform,
)
from tests.server.servers import LOCAL, PATIENCE_S, events_in, read_events, until

MOST_BUNDLED = 150_000_000
"""Bytes of the function; the platform's limit is 500 MB."""
STORY = {"prompt": "Once upon a time", "seed": 7, "temperature": 0.8, "max_new_tokens": 200}
LONG = {
    "prompt": "Once upon a time",
    "max_new_tokens": 400,
    "min_new_tokens": 400,
    "capture": sorted(BUILT_IN),
    "attn_every": 10,
}
"""A run that takes seconds, most of them to encode its measurements."""
TRACE = "trace"
"""A file of Next's build, in `_next/__private`."""
PART_OF_THE_PLATFORM = {"vercel-runtime"}


def missing() -> str | None:
    """Why these tests cannot run here."""
    if not os.environ.get("TEST_DEPLOY"):
        return "it takes minutes: make test-deploy runs it"
    if not (TOOLS / ".bin/vercel").exists():
        return "Vercel's command line is not installed: make test-deploy installs it"
    if python_of_the_platform() is None:
        return "there is no Python {}.{}, which the platform runs".format(*PYTHON)
    return None


pytestmark = [
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def python() -> Path:
    found = python_of_the_platform()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, python: Path) -> Build:
    return build(tmp_path_factory.mktemp("project"), python)


@pytest.fixture(scope="module")
def function(
    built: Build, tmp_path_factory: pytest.TempPathFactory, python: Path
) -> Iterator[Function]:
    function = Function(built, tmp_path_factory.mktemp("run") / "function", python)
    yield function
    function.stop()


@pytest.fixture(scope="module")
def origin(built: Build, function: Function) -> Iterator[str]:
    """Site and function behind one address, as on the platform."""
    server = uvicorn.Server(
        uvicorn.Config(platform(built, function), port=0, log_config=None, lifespan="on")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def client(origin: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=origin, timeout=PATIENCE_S) as client:
        yield client


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    """The exact versions in a list of requirements."""
    return {
        normalized(name): version
        for name, version in re.findall(r"^\W*([\w.-]+)==([\w.]+)", text, re.MULTILINE)
    }


def test_site_and_function_are_built_without_a_flag(
    built: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\nbuilt in {built.seconds:.0f} s")
    assert (built.site / "index.html").is_file()
    function = built.function
    assert function["runtime"] == "python{}.{}".format(*PYTHON)
    assert function["supportsResponseStreaming"]
    assert function["supportsCancellation"]
    assert "beta" not in built.log
    assert "failed" not in built.log.lower()


def test_the_function_is_small_and_compiled(
    built: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    files = built.files
    size = sum(path.stat().st_size for path in files.values())
    with capsys.disabled():
        print(f"\nfunction: {size / 1e6:.0f} MB in {len(files)} files")
    assert size <= MOST_BUNDLED
    handler = f"{built.function['handler'].rpartition('.')[0]}.py"
    code = {Path(name) for name in files if name.endswith(".py") and name != handler}
    bytecode = {
        path.parent / "__pycache__" / f"{path.stem}.cpython-{PYTHON[0]}{PYTHON[1]}.pyc"
        for path in code
    }
    assert {str(path) for path in bytecode} - set(files) == set()
    kernels = "_vendor/mav_engine/backends/inference/kernels/native/"
    passes = {Path(name).name.partition(".")[0] for name in files if name.startswith(kernels)}
    assert passes >= {
        f"_{source}{kind}"
        for source in (*REQUIRED_SOURCES, *OPTIONAL_SOURCES)
        for kind in compiled_kinds(source)
    }


def test_the_function_has_only_what_it_runs(built: Build) -> None:
    names = set(built.files)
    own = {name for name in names if not name.startswith("_vendor/")}
    assert {name for name in own if "__pycache__" not in name} == {
        "api/index.py",
        f"{built.function['handler'].rpartition('.')[0]}.py",
    }
    engine = {
        name.removeprefix("_vendor/")
        for name in names
        if name.startswith("_vendor/mav_engine/") and not name.endswith((".pyc", ".so"))
    }
    assert [name for name in engine if not (built.folder / name).exists()] == []
    needless = {"tests", "node_modules", ".git", ".vercel", "pip"}
    assert [name for name in names if needless & set(Path(name).parts)] == []

    distributions = {
        normalized(name): version
        for name, version in (
            re.findall(r"^_vendor/([^/]+)-([^-/]+)\.dist-info/METADATA$", "\n".join(names), re.M)
        )
    }
    declared = pinned((ROOT / "api/pyproject.toml").read_text(encoding="utf-8"))
    assert {
        name: version
        for name, version in distributions.items()
        if name not in {"mav-engine", *PART_OF_THE_PLATFORM}
    } == declared


def test_a_cold_start(
    built: Build, tmp_path: Path, python: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    function = Function(built, tmp_path / "function", python)
    try:
        with httpx2.stream(
            "POST",
            f"{function.url}/api/run",
            json=STORY,
            headers={"Accept": "application/x-ndjson", **INVOCATION},
            timeout=PATIENCE_S,
        ) as response:
            arrived = [
                time.monotonic()
                for line in response.iter_lines()
                if json.loads(line)["type"] == "token"
            ]
        assert len(arrived) > 1
        rate = (len(arrived) - 1) / (arrived[-1] - arrived[0])
        with capsys.disabled():
            print(
                f"\ncold start: first token {arrived[0] - function.started:.2f} s after the start "
                f"of the process, then {rate:.0f} tokens/s; "
                f"{function.resident_bytes / 1e6:.0f} MB resident"
            )
    finally:
        function.stop()
    assert "Traceback" not in function.log


def test_events_arrive_one_by_one_and_a_closed_connection_ends_the_run(
    client: httpx2.Client,
) -> None:
    def active() -> int:
        number: int = client.get("/api/health").json()["runs_active"]
        return number

    with client.stream("POST", "/api/run", json=LONG) as response:
        assert response.status_code == 200, response.read()
        events = events_in(response.iter_lines())
        start = next(events)
        assert "token" in (event["type"] for event in events)
        assert active() == 1
    until(lambda: active() == 0)
    *_, done = read_events(client.get(f"/api/runs/{start['run_id']}/events"))
    assert done["reason"] == "cancelled"


def test_the_api_answers_at_all_its_addresses(client: httpx2.Client) -> None:
    for path in ("/api", "/api/models", "/api/openapi.json", "/v1/models"):
        assert client.get(path).status_code == 200, path
    assert client.get("/api/nowhere").headers["content-type"] == "application/problem+json"
    tokens = client.post("/api/tokenize", json={"text": "The sun"}).json()["tokens"]
    assert "".join(each["text"] for each in tokens) == "The sun"


def policy_of(response: httpx2.Response) -> set[str]:
    """The directives that apply to an answer, of its header and of its page."""
    policies = [response.headers[POLICY]]
    if response.headers["content-type"].startswith("text/html"):
        policies += re.findall(
            r'http-equiv="Content-Security-Policy" content="([^"]*)"', response.text
        )
    return {directive.strip() for policy in policies for directive in policy.split(";")}


def kept_for(response: httpx2.Response) -> int:
    """The seconds for which a browser keeps an answer without asking again."""
    found = re.search(r"max-age=(\d+)", response.headers.get("Cache-Control", ""))
    return int(found[1]) if found else 0


def test_every_file_has_the_headers_that_mav_serve_sends(
    built: Build, client: httpx2.Client
) -> None:
    app = create_app(ServerConfig(site_dir=built.site))
    assert "index.html" in built.site_files
    pages = [name.removesuffix(".html").removesuffix("index") for name in built.site_files]
    own = {"404", TRACE}
    paths = {f"/{name}" for name in [*built.site_files, *pages] if Path(name).stem not in own}
    with TestClient(app, base_url=LOCAL) as mav_serve:
        for path in [*sorted(paths), "/nowhere", "/a/b/nowhere"]:
            here = mav_serve.get(path)
            there = client.get(path, follow_redirects=True)
            assert here.status_code == there.status_code, path
            for name in ("X-Content-Type-Options", "Referrer-Policy"):
                assert here.headers[name] == there.headers[name], path
            assert policy_of(here) == policy_of(there), path
            assert kept_for(here) == kept_for(there), path
            if here.status_code == 200:
                assert here.content == there.content, path


def test_nothing_else_of_the_build_is_served(client: httpx2.Client) -> None:
    assert client.get(f"/_next/__private/{TRACE}").status_code == 404


def test_no_file_of_the_site_is_there_twice(built: Build) -> None:
    names = built.site_files
    copies = [name for name in names if name.removesuffix(".br").removesuffix(".gz") != name]
    copies = [name for name in copies if name.rpartition(".")[0] in names]
    assert copies == []


def test_a_browser_runs_a_story(origin: str) -> None:
    ended = subprocess.run(
        [
            "npx",
            "playwright",
            "test",
            "--project=site",
            "--workers=1",
            "run.spec.ts",
            "security.spec.ts",
        ],
        cwd=ROOT / "frontend",
        env={**os.environ, "E2E_ORIGIN": origin},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
