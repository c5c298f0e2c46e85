"""A server that is stopped while requests of all kinds are open: each ends in an orderly way."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys

import orjson
import pytest

from tests.server.conftest import MakeClient
from tests.server.servers import PATIENCE_S, events_in, ids_of, until

LONG = {"prompt": "Once", "min_new_tokens": 2000, "max_new_tokens": 2000}
SECRET = "a secret of the next version"
SLOW = {"prompt": "Once", "model": "slow"}


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


@pytest.mark.parametrize("name", [name for name in ASKED if " stream" in name])
def test_streams_end_as_cancelled(ended: dict[str, bytes], name: str) -> None:
    last = ended[name].rstrip(b"\r\n0").rsplit(b"data: ", 1)[-1]
    assert b'"reason":"cancelled"' in (last if "compared" not in name else ended[name])
    assert ended[name].endswith(b"0\r\n\r\n")  # a chunked body that is complete


def test_the_next_version_of_the_server_continues_a_stream(
    ended: dict[str, bytes], make_client: MakeClient
) -> None:
    found = re.findall(rb"^data: (.+)$", ended["a stream"], re.MULTILINE)
    received = [orjson.loads(each) for each in found]
    tokens = ids_of(received)
    given = {"resume": received[-1]["resume"], "max_new_tokens": 2000 - len(tokens)}
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
