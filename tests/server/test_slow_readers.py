"""Clients that read slowly or not at all, over sockets with small buffers: others do not wait."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import orjson
import pytest

from mav_engine.server.http import connections
from mav_engine.server.runs import run_queue, run_task
from tests.server.conftest import MakeServer
from tests.server.servers import PATIENCE_S, Models, RealServer, events_in, read_events, until

LONG = {"prompt": "Once", "min_new_tokens": 2000, "max_new_tokens": 2000, "top_n": 100}
SHORT = {"prompt": "Once", "min_new_tokens": 20, "max_new_tokens": 20}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_task, "BLOCKED_S", 0.05)
    monkeypatch.setattr(run_task, "LAST_WORDS_S", 0.2)
    monkeypatch.setattr(run_queue, "PATIENCE_S", 0.3)


@contextlib.contextmanager
def slow_reader(server: RealServer, path: str, settings: object) -> Iterator[socket.socket]:
    """A connection that has asked for a stream and whose client takes a byte now and then."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(PATIENCE_S)
        connection.connect(("127.0.0.1", server.port))
        body = orjson.dumps(settings)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        assert connection.recv(9) == b"HTTP/1.1 "
        ended = threading.Event()

        def read() -> None:
            with contextlib.suppress(OSError):
                while not ended.wait(0.02) and connection.recv(1):
                    pass

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield connection
        finally:
            ended.set()
            connection.shutdown(socket.SHUT_RDWR)
            reader.join(PATIENCE_S)


@pytest.mark.parametrize("readers", [2, 6], ids=["as many as places", "queue full too"])
def test_a_run_does_not_wait_for_slow_readers(make_server: MakeServer, readers: int) -> None:
    server = make_server(Models(), max_runs=2, max_queue=4, **PATIENT)
    with contextlib.ExitStack() as stack:
        for _ in range(readers):
            stack.enter_context(slow_reader(server, "/api/run", LONG))
        until(lambda: server.client.get("/api/health").json()["runs_waiting"] < 4)
        check_a_short_run(server)
    until(lambda: server.client.get("/api/health").json()["runs_active"] == 0)


def test_a_run_does_not_wait_for_slow_readers_of_comparisons(make_server: MakeServer) -> None:
    server = make_server(Models(), max_runs=2, **PATIENT)
    with slow_reader(server, "/api/compare", {"a": LONG, "b": LONG}):
        check_a_short_run(server)


PATIENT = {"min_read_rate": 0, "deadline_s": 60}
"""Without these the slow readers would be gone before the run that must not wait for them."""


def check_a_short_run(server: RealServer) -> None:
    slow = set(server.service.runs)
    done = read_events(server.client.post("/api/run", json=SHORT))[-1]
    assert (done["type"], done["reason"]) == ("done", "length")
    # It did not wait for all of them to end.
    assert any(run.reason is None for run in slow & server.service.runs)


def test_a_reader_that_was_slow_and_catches_up_gets_the_whole_run(make_server: MakeServer) -> None:
    server = make_server(Models(), max_runs=1)
    settings = {**LONG, "min_new_tokens": 400, "max_new_tokens": 400}
    with server.client.stream("POST", "/api/run", json=settings) as response:
        until(lambda: any(run._blocked for run in server.service.runs))
        other = read_events(server.client.post("/api/run", json=SHORT))
        assert other[-1]["reason"] == "length"
        events = list(events_in(response.iter_lines()))
    assert [event["index"] for event in events if event["type"] == "token"] == list(range(400))
    assert (events[-1]["type"], events[-1]["reason"]) == ("done", "length")


def test_a_run_that_is_ended_has_a_reason(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The streams are read one after the other, which takes longer on a slow machine.
    monkeypatch.setattr(run_task, "LAST_WORDS_S", PATIENCE_S)
    server = make_server(Models(), max_runs=1)
    settings = {**LONG, "min_new_tokens": 600, "max_new_tokens": 600}
    with contextlib.ExitStack() as stack:
        streams = [
            stack.enter_context(server.client.stream("POST", "/api/run", json=settings))
            for _ in range(3)
        ]
        # Two have or had slots, and the third waits, so one of the two is ended.
        until(lambda: any(run._failure for run in server.service.runs))
        ends = [list(events_in(each.iter_lines()))[-1] for each in streams]
    failed = [end for end in ends if end["type"] == "error"]
    assert [end["code"] for end in failed] == ["client_too_slow"]
    assert "capture less" in failed[0]["detail"]


@pytest.mark.parametrize("path", ["/api/run", "/api/compare"])
def test_a_client_that_reads_next_to_nothing_is_disconnected(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(connections, "READ_RATE_WINDOW_S", 0.3)
    server = make_server(Models(), min_read_rate=100_000)
    settings = LONG if path == "/api/run" else {"a": LONG, "b": LONG}
    with slow_reader(server, path, settings):
        until(lambda: not server.service.runs)


def test_a_slow_client_above_the_rate_keeps_its_connection(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "READ_RATE_WINDOW_S", 0.3)
    server = make_server(Models(), min_read_rate=10)
    settings = {**LONG, "min_new_tokens": 60, "max_new_tokens": 60}
    got = b""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE_S)
        connection.connect(("127.0.0.1", server.port))
        body = orjson.dumps(settings)
        head = f"POST /api/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/json\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)
        pause = threading.Event()
        while chunk := connection.recv(4096):
            got += chunk
            pause.wait(0.005)
    assert b'"reason":"length"' in got
