"""A server that is stopped while requests of all kinds are open: each ends in an orderly way."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from mav_engine.models.catalog import Catalog
from tests.server.conftest import MakeClient
from tests.server.servers import PATIENCE_S, Models, events_in, ids_of, problem, until

LONG = {"prompt": "Once", "min_new_tokens": 2000, "max_new_tokens": 2000}
SECRET = "a secret of the next version"
SLOW = {"prompt": "Once", "model": "slow"}
HALTS = {**LONG, "model": "halts"}
HALTED = {**LONG, "model": "halted"}


@pytest.fixture(scope="module", params=[signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What clients of a server received until it had ended, and its log."""
    folder = tmp_path_factory.mktemp("server")
    log, watched = folder / "log", folder / "training.jsonl"
    environment = {
        **os.environ,
        "MAV_LOAD_PATIENCE_S": "30",
        "MAV_SECRET": SECRET,
        "MAV_MAX_RUNS": "3",
        "MAV_WATCH": str(watched),
        "MAV_RECEIVE_TRAINING": "1",
    }
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "tests.server.fake_server"],
            stdout=output, stderr=output, env=environment,
        ) as process,
        contextlib.ExitStack() as stack,
    ):  # fmt: skip
        # If anything fails below, the process is killed.
        stack.callback(process.kill)
        until(lambda: b"\n" in log.read_bytes())
        found = re.search(rb"http://localhost:(\d+)", log.read_bytes())
        assert found is not None, log.read_text(encoding="utf-8")
        open_ones = {
            name: stack.enter_context(_sent(int(found[1]), *arguments))
            for name, arguments in ASKED.items()
        }
        begun = {name: _begin(open_ones[name], marker) for name, marker in BEGUN.items()}
        process.send_signal(request.param)
        got = {
            name: begun.get(name, b"") + _rest(connection) for name, connection in open_ones.items()
        }
        assert process.wait(PATIENCE_S) == 0
    return {**got, "log": log.read_bytes()}


JSON = "application/json"
ASKED: dict[str, tuple[str, str, bytes, int]] = {
    # address, Content-Type, body, bytes of the body that are held back
    "a stream": ("/api/run", JSON, orjson.dumps(LONG), 0),
    "a compared stream": ("/api/compare", JSON, orjson.dumps({"a": LONG, "b": LONG}), 0),
    "a queued stream": ("/api/run", JSON, orjson.dumps(LONG), 0),
    "a slow pass": ("/api/run", JSON, orjson.dumps(HALTS), 0),
    "a first pass": ("/api/run", JSON, orjson.dumps(HALTED), 0),
    "a slow comparison": ("/api/compare", JSON, orjson.dumps({"a": HALTED, "b": HALTED}), 0),
    "a watcher": ("/api/training", "", b"", 0),
    "a load, run": ("/api/run", JSON, orjson.dumps(SLOW), 0),
    "a load, compared": ("/api/compare", JSON, orjson.dumps({"a": SLOW, "b": SLOW}), 0),
    "a load, tokens": ("/api/tokenize", JSON, orjson.dumps({"model": "slow", "text": "a"}), 0),
    "a thread, tokens": ("/api/tokenize", JSON, orjson.dumps({"model": "stuck", "text": "a"}), 0),
    "a body, run": ("/api/run", JSON, orjson.dumps(LONG), 5),
    "a body, compared": ("/api/compare", JSON, orjson.dumps({"a": LONG, "b": LONG}), 5),
    "a body, tokens": ("/api/tokenize", JSON, orjson.dumps({"text": "a"}), 5),
    "a body, training": ("/api/training?training=abcdefgh", "application/x-ndjson", b"{}\n", 2),
}
BEGUN = {
    "a stream": b"event: token",
    "a compared stream": b'"token"',
    "a queued stream": b"event: queued",
    "a slow pass": b'"index":3',
    "a first pass": b"event: start",
    "a slow comparison": b'"start"',
    "a watcher": b": watching",
}


def _sent(port: int, path: str, kind: str, body: bytes, held: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    method = "POST" if kind else "GET"
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\n"
    if kind:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    connection.sendall(head.encode() + b"\r\n" + body[: len(body) - held])
    if path == "/api/run" and held == 0 and b"slow" not in body:
        # So that the next one waits.
        connection.recv(1, socket.MSG_PEEK)
    return connection


def _begin(connection: socket.socket, marker: bytes) -> bytes:
    got = b""
    while marker not in got:
        received = connection.recv(65536)
        assert received, f"the stream ended before {marker!r}: {got!r}"
        got += received
    return got


def _rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("name", [name for name in BEGUN if name != "a watcher"])
def test_streams_end_as_cancelled(ended: dict[str, bytes], name: str) -> None:
    last = ended[name].rstrip(b"\r\n0").rsplit(b"data: ", 1)[-1]
    assert b'"reason":"cancelled"' in (last if "compar" not in name else ended[name])
    assert ended[name].endswith(b"0\r\n\r\n")  # a chunked body that is complete


def received_in(stream: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(each) for each in re.findall(rb"^data: (.+)$", stream, re.MULTILINE)]


def test_a_run_that_has_no_token_yet_has_nothing_to_resume(ended: dict[str, bytes]) -> None:
    last = received_in(ended["a first pass"])[-1]
    assert (last["type"], last["tokens"], last["resume"]) == ("done", 0, None)


@pytest.mark.parametrize("name", ["a stream", "a slow pass"])
def test_the_next_version_of_the_server_continues_a_stream(
    ended: dict[str, bytes], make_client: MakeClient, name: str, catalog: Catalog
) -> None:
    received = received_in(ended[name])
    tokens = ids_of(received)
    last = received[-1]
    assert (last["tokens"], len(last["text"])) == (len(tokens), len(tokens))
    given = {"resume": last["resume"], "max_new_tokens": 2000 - len(tokens)}
    (Path(catalog.entries()[0].source).parent / "halts").mkdir()
    (Path(catalog.entries()[0].source).parent / "halts" / "config.json").write_text(
        "{}", encoding="utf-8"
    )
    with make_client(secret=SECRET).stream("POST", "/api/run", json=given) as response:
        events = events_in(response.iter_lines())
        start, prompt, first = next(events), next(events), next(events)
    assert (start["type"], prompt["written"], first["index"]) == ("start", len(tokens), len(tokens))


def test_a_watchers_stream_is_complete(ended: dict[str, bytes]) -> None:
    assert ended["a watcher"].endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("name", [name for name in ASKED if name not in BEGUN])
def test_unanswered_requests_get_503_with_retry_after(ended: dict[str, bytes], name: str) -> None:
    head, _, body = ended[name].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 5" in head
    assert orjson.loads(body)["code"] == "server_stopping"


def test_the_log_has_nothing_to_say(ended: dict[str, bytes]) -> None:
    assert len(ended["log"].splitlines()) == 1, ended["log"].decode()


class Stopped:
    """A server that a test stops, with what its clients receive."""

    def __init__(self, stack: contextlib.ExitStack, log: Path, **settings: str) -> None:
        output = stack.enter_context(log.open("wb"))
        self.process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "tests.server.fake_server"],
                stdout=output, stderr=output, env={**os.environ, **settings},
            )
        )  # fmt: skip
        stack.callback(self.process.kill)
        until(lambda: b"\n" in log.read_bytes())
        found = re.search(rb"http://localhost:(\d+)", log.read_bytes())
        assert found is not None, log.read_text(encoding="utf-8")
        self.port = int(found[1])
        self._stack = stack

    def send(self, given: object, marker: bytes = b"event: token") -> Callable[[], bytes]:
        """Begin a run; returns what reads the rest of it."""
        asked = ("/api/run", JSON, orjson.dumps(given), 0)
        connection = self._stack.enter_context(_sent(self.port, *asked))
        begun = _begin(connection, marker)
        return lambda: begun + _rest(connection)

    def status(self, path: str, body: object = None) -> int:
        url = f"http://127.0.0.1:{self.port}{path}"
        method = "GET" if body is None else "POST"
        return httpx2.request(method, url, json=body, timeout=PATIENCE_S).status_code


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Stopped]]:
    with contextlib.ExitStack() as stack:
        yield lambda **settings: Stopped(stack, tmp_path / "log", **settings)


def reason_of(stream: bytes) -> str:
    assert stream.endswith(b"0\r\n\r\n"), "the connection was cut"
    return str(received_in(stream)[-1]["reason"])


def test_a_server_that_drains_lets_active_runs_finish(start: Callable[..., Stopped]) -> None:
    server = start(MAV_DRAIN_S="60", MAV_MAX_RUNS="1", MAV_SECRET=SECRET)
    assert server.status("/api/ready") == 200
    active = server.send({**LONG, "min_new_tokens": 300, "max_new_tokens": 300})
    waiting = server.send(LONG, b"event: queued")
    server.process.send_signal(signal.SIGTERM)
    until(lambda: server.status("/api/ready") == 503)
    assert server.status("/api/health") == 200
    assert server.status("/api/run", {"prompt": "Once"}) == 503
    assert server.status("/api/models") == 503
    assert reason_of(waiting()) == "cancelled"
    whole = active()
    assert reason_of(whole) == "length"
    assert len(ids_of(received_in(whole))) == 300
    assert server.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("twice", [True, False], ids=["a second signal", "the end of the time"])
def test_what_does_not_finish_ends_with_a_resume_token(
    start: Callable[..., Stopped], twice: bool
) -> None:
    server = start(MAV_DRAIN_S="600" if twice else "0.2", MAV_SECRET=SECRET)
    active = server.send(LONG)
    server.process.send_signal(signal.SIGTERM)
    if twice:
        until(lambda: server.status("/api/ready") == 503)
        server.process.send_signal(signal.SIGTERM)
    whole = active()
    assert reason_of(whole) == "cancelled"
    assert received_in(whole)[-1]["resume"]
    assert server.process.wait(PATIENCE_S) == 0


def test_a_server_without_runs_stops_at_once(start: Callable[..., Stopped]) -> None:
    server = start(MAV_DRAIN_S="600")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE_S) == 0


def test_a_server_is_ready_when_its_default_model_is(make_client: MakeClient) -> None:
    held, broken = threading.Event(), MemoryError()

    def load(name: str) -> None:
        held.wait()
        if name == "fake":
            return
        raise broken

    client = make_client(Models(on_load=load), prewarm=True)
    refused = problem(client.get("/api/ready"))
    assert (refused["status"], refused["code"]) == (503, "not_ready")
    held.set()
    until(lambda: client.get("/api/ready").status_code == 200)
    assert client.get("/api/ready").json() == {"status": "ready"}
    # Without a model to load at the start nothing is waited for.
    assert make_client(Models(on_load=lambda _: threading.Event().wait())).get(
        "/api/ready"
    ).json() == {"status": "ready"}


def test_a_server_whose_default_model_is_broken_is_not_ready(make_client: MakeClient) -> None:
    def load(_name: str) -> None:
        raise OSError("/secret/folder is broken")

    client = make_client(Models(on_load=load), prewarm=True)
    until(lambda: "could not be loaded" in client.get("/api/ready").text)
    assert "/secret" not in client.get("/api/ready").text
