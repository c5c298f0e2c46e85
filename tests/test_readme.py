"""Every command and program in README.md, docs/api.md and docs/clients.md runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mav_engine.models import EMBEDDED_DIR

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "api.md", ROOT / "docs" / "clients.md")
BLOCK = re.compile(r"^```(sh|python|js)\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = [
    pytest.param(code, id=f"{page.stem}: {code.splitlines()[0][:60]}")
    for page in PAGES
    for kind, code in BLOCK.findall(page.read_text(encoding="utf-8"))
    if kind == "sh"
]
NODE = ["node", "--experimental-eventsource", "--input-type=module", "--eval"]
INTERPRETERS = {"python": [sys.executable, "-c"], "js": NODE}
PROGRAMS = [
    pytest.param(INTERPRETERS[kind], code, id=f"{page.stem}, {kind}: {code.splitlines()[0][:60]}")
    for page in PAGES
    for kind, code in BLOCK.findall(page.read_text(encoding="utf-8"))
    if kind in INTERPRETERS
]
HOST = "http://localhost:8000"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "COLUMNS": "120"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands run: a model of the reader's own, and the recording of a training."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(EMBEDDED_DIR / "mav-tiny", folder / "my-model")
    recording = ROOT / "tests/recordings/training/mav-tiny-learns.jsonl"
    shutil.copy(recording, folder / "training.jsonl")
    return folder


def mav(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mav_engine", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**ENVIRONMENT, **variables},
    )


def address_of(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://[\w.]+:\d+", line):
            return found[0]
    raise AssertionError("the server ended before it printed its address")


def stop(server: subprocess.Popen[str]) -> None:
    server.terminate()
    server.communicate(timeout=60)


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    server = mav(["serve", "--port", "0"], folder, {})
    yield address_of(server)
    stop(server)


@pytest.mark.parametrize("code", BLOCKS)
def test_a_command_runs(code: str, folder: Path, served: str) -> None:
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line)
        variables = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        command, *arguments = words[len(variables) :]
        if command == "make":
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert re.search(rf"^{arguments[0]}:", makefile, re.MULTILINE)
        elif command == "docker":  # make test-container builds and runs the image
            assert (ROOT / "Dockerfile").exists()
        elif command == "curl":
            words = [word.replace(HOST, served) for word in [command, "--fail", *arguments]]
            if "/api/runs/" in line:
                words = [re.sub(r"[0-9a-f]{32}", _run_id(served), word) for word in words]
            ended = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
            assert ("data: [DONE]" if "/v1/" in line else '"type":"done"') in ended.stdout
        elif arguments[0] == "serve":
            _runs_a_server(arguments, folder, variables)
        else:
            assert command == ".venv/bin/mav"
            printed, _ = mav(arguments, folder, variables).communicate(timeout=240)
            assert "Traceback" not in printed
            assert printed


def _run_id(served: str) -> str:
    """The id of a run of this server, whose events can still be read."""
    query = {"prompt": "Once", "max_new_tokens": 2}
    answer = httpx2.get(f"{served}/api/run", params=query, timeout=60)
    found = re.search(r'"run_id":"([0-9a-f]{32})"', answer.text)
    assert found is not None
    return found[1]


def _runs_a_server(arguments: list[str], folder: Path, variables: dict[str, str]) -> None:
    given = re.sub(r"--port \d+|--model \w+/[\w.-]+", "", shlex.join(arguments))
    server = mav([*shlex.split(given), "--port", "0"], folder, variables)
    try:
        port = address_of(server).rpartition(":")[2]
        answer = httpx2.get(f"http://127.0.0.1:{port}/api/models", timeout=60)
        names = [model["name"] for model in answer.json()["models"]]
        assert "mav-tiny" in names
        if "./my-model" in arguments:
            assert "my-model" in names
        if "--watch" in arguments:
            training = f"http://127.0.0.1:{port}/api/training"
            with httpx2.stream("GET", training, timeout=60) as stream:
                assert any("event: training" in part for part in stream.iter_text())
        if origin := variables.get("MAV_FRAME_ANCESTORS"):
            assert origin in answer.headers["Content-Security-Policy"]
    finally:
        stop(server)


@pytest.mark.parametrize(("interpreter", "code"), PROGRAMS)
def test_a_program_runs(interpreter: list[str], code: str, folder: Path, served: str) -> None:
    subprocess.run(
        [*interpreter, code.replace(HOST, served)],
        check=True,
        cwd=folder,
        env=ENVIRONMENT,
        timeout=240,
    )
