"""Clients that send half a request, send too much, or hold connections: a real server goes on."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from mav_engine.config import ServerConfig
from mav_engine.server.http import connections
from mav_engine.server.http.connections import ConnectionLimits, UvicornConfig
from mav_engine.server.http.log_limit import BURST, PERIOD_S, RateLimit
from tests.server.conftest import MakeServer
from tests.server.servers import PATIENCE_S, Gate, Models, RealServer, events_in, until

HANDLES = 300
HALF_HEAD = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n"
HALF_BODY = (
    b"POST /api/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 100\r\n\r\n{"prompt": "'
)
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    connection.settimeout(PATIENCE_S)
    return connection


def received(connection: socket.socket) -> bytes:
    """All until the server closes."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            found += chunk
    return bytes(found)


def answers(connection: socket.socket, count: int) -> list[bytes]:
    """The status lines of so many answers without a chunked body."""
    stream = connection.makefile("rb")
    return [_one_answer(stream) for _ in range(count)]


def _one_answer(stream: IO[bytes]) -> bytes:
    status = stream.readline().rstrip()
    length = 0
    while line := stream.readline().rstrip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    stream.read(length)
    return status


@pytest.fixture
def small_server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port and the log of a server in a process that may open few files."""
    log = tmp_path / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [
                "sh",
                "-c",
                f'ulimit -n {HANDLES}; exec "$0" -m tests.server.fake_server',
                sys.executable,
            ],
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            until(lambda: b"\n" in log.read_bytes())
            found = re.search(r"http://localhost:(\d+)", log.read_text(encoding="utf-8"))
            assert found is not None, log.read_text(encoding="utf-8")
            yield int(found[1]), log
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("half", [HALF_HEAD, HALF_BODY], ids=["heads", "bodies"])
def test_more_half_requests_than_handles_leave_a_server_reachable(
    small_server: tuple[int, Path], half: bytes
) -> None:
    port, log = small_server
    with contextlib.ExitStack() as stack:
        for _ in range(HANDLES + 20):
            stack.enter_context(connect(port)).sendall(half)
        url = f"http://127.0.0.1:{port}/api"
        for _ in range(3):
            assert httpx2.get(f"{url}/health", timeout=PATIENCE_S).status_code == 200
        settings = {"prompt": "a", "max_new_tokens": 2}
        answer = httpx2.post(f"{url}/run", json=settings, timeout=PATIENCE_S)
        assert "event: done" in answer.text
    assert httpx2.get(f"{url}/health", timeout=PATIENCE_S).status_code == 200
    assert len(log.read_bytes()) < 10_000


def test_active_streams_are_not_closed_to_make_room(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), max_connections=2)
    settings = {"prompt": "Once", "min_new_tokens": 4, "max_new_tokens": 4}
    with (
        server.client.stream("POST", "/api/run", json=settings) as one,
        httpx2.stream("POST", f"{server.url}/api/run", json=settings, timeout=PATIENCE_S) as two,
    ):
        streams = [events_in(each.iter_lines()) for each in (one, two)]
        assert [next(each)["type"] for each in streams] == ["start", "start"]
        refused = httpx2.get(f"{server.url}/api/health", timeout=PATIENCE_S)
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_connections")
        assert (refused.headers["retry-after"], refused.headers["connection"]) == ("5", "close")
        gate.open()
        assert [list(each)[-1]["type"] for each in streams] == ["done", "done"]
    assert httpx2.get(f"{server.url}/api/health", timeout=PATIENCE_S).status_code == 200


def test_idle_connections_are_closed_before_half_sent_ones(make_server: MakeServer) -> None:
    server = make_server(max_connections=2)
    with connect(server.port) as half, connect(server.port) as idle:
        half.sendall(HALF_HEAD)
        idle.sendall(HEALTH)
        assert answers(idle, 1) == [b"HTTP/1.1 200 OK"]
        with connect(server.port) as third:
            third.sendall(HEALTH)
            assert answers(third, 1) == [b"HTTP/1.1 200 OK"]
            assert received(idle) == b""
            half.sendall(b"\r\n")
            assert answers(half, 1) == [b"HTTP/1.1 200 OK"]


def test_a_head_that_comes_byte_by_byte_is_answered_with_408(make_server: MakeServer) -> None:
    server = make_server(header_timeout_s=0.3)
    with connect(server.port) as connection, contextlib.suppress(OSError):
        for byte in HALF_HEAD * 1000:
            connection.sendall(bytes([byte]))
            connection.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                if first := connection.recv(1):
                    break
        connection.settimeout(PATIENCE_S)
        response = first + received(connection)
    assert response.startswith(b"HTTP/1.1 408 ")
    assert json.loads(response.partition(b"\r\n\r\n")[2])["code"] == "too_slow"


def test_a_connection_that_sends_nothing_is_closed(make_server: MakeServer) -> None:
    server = make_server(header_timeout_s=0.1)
    with connect(server.port) as connection:
        assert received(connection) == b""
    # The same for the second request of a connection.
    with connect(server.port) as connection:
        connection.sendall(HEALTH + HALF_HEAD)
        response = received(connection)
    assert re.findall(rb"HTTP/1.1 (\d+) ", response) == [b"200", b"408"]


@pytest.mark.parametrize("path", ["run", "compare", "tokenize", "training?training=abcdefgh"])
@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_answered_with_408(
    make_server: MakeServer, tmp_path: Path, path: str, framing: bytes
) -> None:
    server = make_server(body_timeout_s=0.1, watch=tmp_path / "t.jsonl", receive_training=True)
    kind = b"application/x-ndjson" if "training" in path else b"application/json"
    head = b"POST /api/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n%s\r\n\r\n"
    with connect(server.port) as connection:
        connection.sendall(head % (path.encode(), kind, framing))
        response = received(connection)
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"MAV_BODY_TIMEOUT_S" in response


def test_a_body_that_no_route_reads_does_not_hold_its_connection(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGER_S", 0.5)
    server = make_server()
    with connect(server.port) as connection:
        connection.sendall(HALF_BODY.replace(b"/api/run", b"/api/nothing"))
        response = received(connection)
        assert response.startswith(b"HTTP/1.1 404 ")
        assert b"connection: close\r\n" in response.lower()
        until(lambda: is_closed(connection))


def test_data_after_a_refusal_is_bounded(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGER_BYTES", 1_000_000)
    server = make_server()
    with connect(server.port) as connection:
        connection.sendall(HALF_BODY.replace(b"100", b"1000000000"))
        until(lambda: is_closed(connection, b"a" * 1_000_000))


def is_closed(connection: socket.socket, sent: bytes = b"x") -> bool:
    """Whether the server has closed it, so that nothing can be sent any more."""
    try:
        connection.sendall(sent)
    except OSError:
        return True
    return False


def test_a_stream_takes_longer_than_the_timeouts(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(
        Models(on_step=gate), header_timeout_s=0.05, body_timeout_s=0.05, heartbeat_s=0.02
    )
    settings = {"prompt": "Once", "min_new_tokens": 3, "max_new_tokens": 3}
    with server.client.stream("POST", "/api/run", json=settings) as response:
        lines = response.iter_lines()
        for _ in range(10):
            assert any(line == ": heartbeat" for line in lines)
        gate.open()
        assert list(events_in(lines))[-1]["type"] == "done"


def test_pipelined_requests_are_answered_in_order(make_server: MakeServer) -> None:
    server = make_server()
    with connect(server.port) as connection:
        connection.sendall(HEALTH * 20 + HEALTH.replace(b"health", b"nothing") + HEALTH)
        found = answers(connection, 22)
    assert found == [b"HTTP/1.1 200 OK"] * 20 + [b"HTTP/1.1 404 Not Found", b"HTTP/1.1 200 OK"]


PATHS = ["/api/run", "/api/compare", "/api/tokenize", "/api/training?training=abcdefgh"]


@pytest.fixture
def receiving(make_server: MakeServer, tmp_path: Path) -> RealServer:
    return make_server(
        watch=tmp_path / "t.jsonl", receive_training=True, max_training_bytes=1_000_000
    )


@pytest.mark.parametrize("size", [10_000_000, 40_000_000])
def test_clients_that_send_all_before_they_read_see_the_413(
    receiving: RealServer, size: int
) -> None:
    body = b"a" * size
    for path in PATHS:
        kind = "application/x-ndjson" if "training" in path else "application/json"
        request = urllib.request.Request(
            receiving.url + path, data=body, headers={"Content-Type": kind}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=PATIENCE_S)
        assert refused.value.code == 413
        assert json.load(refused.value)["code"] == "body_too_large"
        assert refused.value.headers["connection"].lower() == "close"
    assert receiving.client.get("/api/health").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_chunked_body_is_refused_as_well(receiving: RealServer, path: str) -> None:
    kind = "application/x-ndjson" if "training" in path else "application/json"
    client = http.client.HTTPConnection("127.0.0.1", receiving.port, timeout=PATIENCE_S)
    with contextlib.closing(client):
        # Lines, as a training sends them.
        chunks = ((b"a" * 99_999 + b"\n") for _ in range(100))
        client.request("POST", path, chunks, {"Content-Type": kind}, encode_chunked=True)
        response = client.getresponse()
        assert (response.status, json.load(response)["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", PATHS)
def test_a_client_with_expect_continue_need_not_send_the_body(
    receiving: RealServer, path: str
) -> None:
    kind = b"application/x-ndjson" if "training" in path else b"application/json"
    with connect(receiving.port) as connection:
        connection.sendall(
            b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
            b"Expect: 100-continue\r\nContent-Length: 40000000\r\n\r\n" % (path.encode(), kind)
        )
        response = received(connection)
    assert response.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in response


def test_the_limit_of_connections_is_below_that_of_handles(monkeypatch: pytest.MonkeyPatch) -> None:
    config = ServerConfig()
    for handles, most in ((300, 172), (1024, 896), (65_536, config.max_connections)):
        monkeypatch.setattr(connections, "file_handle_limit", lambda found=handles: found)
        assert ConnectionLimits.of(config).connections == most


def test_the_same_message_is_logged_so_often_and_then_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    limit = RateLimit(lambda: now)
    caplog.handler.addFilter(limit)
    log = logging.getLogger("mav.test")
    try:
        for number in range(1000):
            log.error("no handle for %d\n%s", number, "at length" * 100)
        log.error("another one")
        assert len(caplog.records) == BURST + 1
        now = PERIOD_S
        log.error("no handle for %d\n%s", 1000, "")
        assert len(caplog.records) == BURST + 2
        assert f"{1000 - BURST} more" in caplog.records[-1].getMessage()
    finally:
        caplog.handler.removeFilter(limit)


GET_WITH_BODY = (
    b"GET /api/run?prompt=a&max_new_tokens=9 HTTP/1.1\r\nHost: localhost\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.mark.parametrize(
    ("request_head", "status", "field", "detail"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400, "Host", "Missing"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Host", "multiple"),
        (b"POST /api/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400,
         "Content-Length", "bad"),
        (b"POST /api/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2"
         b"\r\n\r\n", 400, "Content-Length", "conflicting"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, None, "illegal request line"),
        ("GET /api/run?prompt=Zo\u00eb HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), 400, None,
         "Percent-encode"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA B: c\r\n\r\n", 400, None, "illegal header line"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 200_000, 431, None, "body of a POST"),
    ],
)  # fmt: skip
def test_a_request_that_is_not_http_gets_a_problem_response(
    make_server: MakeServer, request_head: bytes, status: int, field: str | None, detail: str
) -> None:
    with connect(make_server().port) as connection:
        connection.sendall(request_head)
        head, _, body = received(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    error = json.loads(body)
    assert (error["status"], error["field"]) == (status, field)
    assert detail in error["detail"]


def test_a_body_that_breaks_ends_the_run_that_is_being_streamed(
    make_server: MakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    server = make_server(Models(on_step=gate))
    with connect(server.port) as connection:
        connection.sendall(GET_WITH_BODY)
        assert b"200 OK" in connection.recv(1000)
        connection.sendall(b"zz\r\n")
        received(connection)
    gate.open()
    until(lambda: server.client.get("/api/health").json()["runs_active"] == 0)
    assert gate.passed < 9
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_a_body_that_breaks_while_its_run_waits_has_one_answer(
    make_server: MakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    server = make_server(Models(on_load=lambda _: gate()))
    with connect(server.port) as connection:
        connection.sendall(GET_WITH_BODY)
        until(lambda: server.client.get("/api/health").json()["runs_active"] == 1)
        connection.sendall(b"zz\r\n")
        answer = connection.recv(1000)
        assert answer.startswith(b"HTTP/1.1 400 ")
        gate.open()
        until(lambda: server.client.get("/api/health").json()["runs_active"] == 0)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("proxy", "client"),
    [
        ("127.0.0.1", "203.0.113.9"),
        ("::1", "203.0.113.9"),
        ("::ffff:127.0.0.1", "203.0.113.9"),
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
def test_forwarded_addresses_are_trusted_from_this_machine_only(proxy: str, client: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["client"][0])(scope, receive, send)

    config = UvicornConfig(app, ConnectionLimits.of(ServerConfig()), log_config=None)
    config.load()
    served = TestClient(config.loaded_app, client=(proxy, 50000))
    assert served.get("/", headers={"X-Forwarded-For": "203.0.113.9"}).text == client
