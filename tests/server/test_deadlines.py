"""Clients whose runs are longer than the time limit, at one address with two servers behind it."""

from __future__ import annotations

import logging
import re
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import MakeServer
from tests.server.servers import Models, RealServer, read_events, until

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "api.md"
SECRET = "a secret that servers share"
LIMIT_S = 0.4
STEP_S = 0.01
ASKED: dict[str, Any] = {
    "prompt": "Once",
    "temperature": 1.0,
    "seed": 5,
    "max_new_tokens": 100,
    "min_new_tokens": 100,
    "repetition_penalty": 1.2,
    "stop": ["zzzz", "zq~"],
    "capture": [
        "predictions", "distribution", "residual", "mlp", "attention_entropy", "attention_rows",
        "sampler_stages",
    ],
}  # fmt: skip


class Slow(Models):
    """Models that take a while for a token, so that a limit ends their runs."""

    limits: dict[str, Any] = {"deadline_s": LIMIT_S}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(on_step=self._step)
        self.server: RealServer | None = None

    def _step(self) -> None:
        time.sleep(STEP_S)


class Stopped(Slow):
    """Models whose runs reach their limit at a certain token, on a machine of any speed."""

    limits: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._steps: Counter[str] = Counter()

    def _step(self) -> None:
        assert self.server is not None
        name = threading.current_thread().name
        self._steps[name] += 1
        (live,) = (run for run in self.server.service.runs if run.run_id in name)
        if self._steps[name] == len(live._settings.forced_ids) + 30:
            live._loop.call_soon_threadsafe(live.stop, "deadline")
            until(lambda: live.reason == "deadline")


class RoundRobin(socketserver.ThreadingTCPServer):
    """An address at which each connection leads to the next server."""

    def __init__(self, servers: list[RealServer]) -> None:
        super().__init__(("127.0.0.1", 0), PassOn)
        self.ports = cycle(server.port for server in servers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class PassOn(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, RoundRobin)
        with socket.create_connection(("127.0.0.1", next(self.server.ports))) as server:
            requests = threading.Thread(target=_copy, args=(self.request, server))
            requests.start()
            _copy(server, self.request)
            requests.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(params=[(SECRET, Slow), (None, Stopped)], ids=["one secret", "no secret"])
def address(request: pytest.FixtureRequest, make_server: MakeServer) -> Iterator[str]:
    """The address of two servers with a time limit."""
    secret, kind = request.param
    servers = []
    for _ in range(2):
        models = kind()
        models.server = make_server(models, secret=secret, **kind.limits)
        servers.append(models.server)
    with RoundRobin(servers) as both:
        thread = threading.Thread(target=both.serve_forever, args=(0.05,))
        thread.start()
        yield both.url
        both.shutdown()
        thread.join()


def documented_client(address: str) -> dict[str, Any]:
    """The functions of the program in docs/api.md."""
    programs = re.findall(r"^```python\n(.*?)^```", DOCUMENTED.read_text("utf-8"), re.M | re.S)
    (code,) = (program for program in programs if "def whole_run" in program)
    functions: dict[str, Any] = {}
    definitions = code.partition("\n\n\ntokens, text = ")[0]
    exec(definitions.replace("http://localhost:8000", address), functions)
    return functions


def numbers(token: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in token.items() if name not in ("timing", "text")}


def test_a_run_in_parts_is_an_unbroken_run(
    address: str, make_server: MakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = documented_client(address)
    requests: list[dict[str, Any]] = []
    events = client["events"]

    def watched(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
        requests.append(settings)
        yield from events(settings)

    client["events"] = watched
    with caplog.at_level(logging.WARNING, "mav.api"):
        tokens, text = client["whole_run"](ASKED)
    unbroken = read_events(make_server().client.post("/api/run", json=ASKED))
    whole = [event for event in unbroken if event["type"] == "token"]
    assert len(requests) >= 3
    assert text == unbroken[-1]["text"]
    assert [numbers(token) for token in tokens] == [numbers(token) for token in whole]
    refused = sum("forced_ids" in settings for settings in requests)
    warnings = [record.getMessage() for record in caplog.records]
    if refused:
        assert refused > 1
        (warning,) = warnings
        assert "MAV_SECRET" in warning
    else:
        assert warnings == []
