"""The image of the Dockerfile, built and run as a platform runs it: `make test-container`.

Needs Docker or Podman. The environment may choose:

    MAV_TEST_IMAGE       an image that is built already
    CONTAINER_BUILD      options of the build, such as --build-arg EXTRA=torch
    MOST_MEGABYTES       the largest size of the image
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60.0
HARDENED = (
    "--read-only",
    "--tmpfs",
    "/tmp",
    "--cap-drop",
    "ALL",
    "--security-opt=no-new-privileges",
)
ANY_USER = ("--user", "123456:0")
"""As OpenShift does: a user without a name, in the group of root."""


def works(engine: str) -> bool:
    return shutil.which(engine) is not None and (
        subprocess.run([engine, "info"], capture_output=True, check=False).returncode == 0
    )


ENGINE = next((engine for engine in ("docker", "podman") if works(engine)), "")
pytestmark = [
    pytest.mark.skipif(not ENGINE, reason="neither Docker nor Podman answers on this machine"),
    pytest.mark.timeout(3600),
]


def engine(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run([ENGINE, *arguments], capture_output=True, text=True, check=False)
    assert not check or ended.returncode == 0, ended.stdout + ended.stderr
    return ended


@pytest.fixture(scope="session")
def image() -> str:
    if given := os.environ.get("MAV_TEST_IMAGE"):
        return given
    options = shlex.split(os.environ.get("CONTAINER_BUILD", ""))
    engine("build", "-t", "mav-test", *options, str(ROOT))
    return "mav-test"


class Container:
    """A running container and a client of its server."""

    def __init__(self, name: str) -> None:
        self.name = name
        port = engine("port", name, "7860").stdout.split()[0].rpartition(":")[2]
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)

    def healthy(self) -> dict[str, Any]:
        """The answer to the first request that succeeds."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                health: dict[str, Any] = self.client.get("/api/health").json()
                return health
            except httpx2.TransportError:
                assert self.state("Running") == "true", engine("logs", self.name).stderr
                time.sleep(0.05)
        raise AssertionError(engine("logs", self.name).stderr)

    def run(self, **settings: Any) -> list[dict[str, Any]]:
        """The events of a run, sent over SSE."""
        text = self.client.post("/api/run", json=settings).text
        lines = (line for line in text.splitlines() if line.startswith("data: "))
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    def state(self, name: str) -> str:
        return engine("inspect", self.name, "--format", f"{{{{.State.{name}}}}}").stdout.strip()

    def python(self, program: str) -> str:
        return engine("exec", self.name, "python", "-c", program).stdout.strip()


@contextmanager
def container(image: str, *options: str) -> Iterator[Container]:
    identity = engine("run", "-d", "-p", "127.0.0.1::7860", *options, image).stdout.split()[-1]
    try:
        made = Container(identity)
        with made.client:
            made.healthy()
            yield made
    finally:
        engine("rm", "--force", identity, check=False)


def test_it_is_small_enough(image: str) -> None:
    size = int(engine("image", "inspect", image, "--format", "{{.Size}}").stdout) / 1e6
    print(f"{size:.0f} MB")
    assert size <= float(os.environ.get("MOST_MEGABYTES", "250"))


@pytest.mark.parametrize("options", [(), HARDENED, (*HARDENED, *ANY_USER), ("-e", "HOME=/none")])
def test_it_serves_the_site_and_runs(image: str, options: tuple[str, ...]) -> None:
    with container(image, *options) as made:
        page = made.client.get("/")
        assert "The site is not built" not in page.text
        assert page.headers["content-encoding"] in ("br", "gzip", "zstd")
        events = made.run(prompt="Once upon a time", max_new_tokens=12)
        assert events[-1]["type"] == "done"
        assert events[-1]["tokens"] == 12
        assert events[-1]["text"].startswith(", there was a")


def test_it_runs_without_rights_and_writes_to_tmp_only(image: str) -> None:
    with container(image, *HARDENED) as made:
        made.run(prompt="Once", max_new_tokens=2)
        assert made.python("import os; print(os.getuid())") == "1000"
        found = made.python("print(open('/proc/1/status').read())")
        assert "CapEff:\t0000000000000000" in found
        written = made.python(
            "import os\n"
            "for folder in ('/', '/opt/mav', '/models', '/home', '/tmp'):\n"
            "    try: open(f'{folder}/new', 'w').close()\n"
            "    except OSError: continue\n"
            "    print(folder)"
        )
        assert written == "/tmp"


def test_its_bytecode_and_compiled_code_are_used(image: str) -> None:
    with container(image, *HARDENED) as made:
        lines = engine("exec", made.name, "mav", "doctor").stdout.splitlines()
        findings = {found["name"]: found for found in map(json.loads, lines)}
        assert findings["compiled"]["state"] == "ok", findings["compiled"]
        assert findings["site"]["state"] == "ok"
        compiled = made.python(
            "import pathlib, mav_engine.server.app as app, json.decoder as decoder\n"
            "print(all(pathlib.Path(each.__cached__).exists() for each in (app, decoder)))"
        )
        assert compiled == "True"


def test_a_cache_that_cannot_be_written_leaves_the_included_model(image: str) -> None:
    options = ("-e", "HF_HOME=/models", "-e", "MAV_MODELS=owner/name")
    with container(image, *HARDENED, *options) as made:
        assert made.run(prompt="Once", max_new_tokens=2)[-1]["type"] == "done"


def test_its_health_check_answers(image: str) -> None:
    check = json.loads(engine("image", "inspect", image).stdout)[0]
    config = check.get("Healthcheck") or check["Config"]["Healthcheck"]
    kind, *command = config["Test"]
    assert kind == "CMD"
    with container(image, *HARDENED) as made:
        engine("exec", made.name, *command)
        other = engine("exec", "-e", "PORT=1", made.name, *command, check=False)
        assert other.returncode != 0


def test_sigterm_ends_it_with_status_0(image: str) -> None:
    with container(image, *HARDENED) as made:
        began = time.monotonic()
        engine("stop", "-t", "30", made.name)
        print(f"{time.monotonic() - began:.1f} s")
        assert made.state("ExitCode") == "0"


@pytest.mark.parametrize(
    ("setting", "value"), [("PORT", "eighty"), ("PORT", "99999"), ("MAV_MAX_RUNS", "many")]
)
def test_an_invalid_setting_is_one_line_that_names_it(image: str, setting: str, value: str) -> None:
    ended = engine("run", "--rm", "-e", f"{setting}={value}", image, check=False)
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("mav: ")]
    assert ended.returncode in (1, 2)
    assert setting in line
