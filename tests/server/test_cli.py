"""The command line, in processes of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx2

from mav_engine import __version__
from tests.mav_command import MAV, mav
from tests.server.servers import PATIENCE_S, events_in


def test_help_and_version() -> None:
    assert "serve" in mav("--help").stdout
    assert mav("--version").stdout.strip() == f"mav {__version__}"


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = mav("serve", "--port", str(port))
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert f"Port {port} on 127.0.0.1 is taken" in line
    assert "--port" in line


def test_a_model_or_setting_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    ended = mav("serve", "--port", "0", "--model", str(tmp_path / "nowhere"))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert "There is no folder" in ended.stderr
    ended = mav("serve", "--port", "0", MAV_MAX_RUNS="zero")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert "MAV_MAX_RUNS" in ended.stderr
    ended = mav("serve", PORT="eighty")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert "PORT" in ended.stderr
    ended = mav("serve", "--port", "0", "--host", "203.0.113.1")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)


def test_serve_prints_its_address_runs_the_embedded_model_and_ends(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}", encoding="utf-8")
    command = [*MAV, "serve", "--model", str(tmp_path / "mine")]
    environment = {**os.environ, "MAV_PREWARM": "0", "PORT": "0"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        found = re.search(r"http://localhost:\d+", process.stdout.readline())
        assert found is not None
        with httpx2.Client(base_url=found[0], timeout=PATIENCE_S) as client:
            listed = client.get("/api/models").json()
            assert listed["default"] == "mav-tiny"
            assert {"mine", "mav-tiny"} <= {model["name"] for model in listed["models"]}
            body = {"model": "mav-tiny", "prompt": "Once upon a", "max_new_tokens": 2}
            text = client.post("/api/run", json=body).text
            assert list(events_in(iter(text.splitlines())))[-1]["text"].startswith(" time")
            broken = client.post("/api/run", json={"model": "mine", "prompt": "a"})
            assert (broken.status_code, broken.json()["field"]) == (500, "model")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
