"""Several clients watch one run: it is generated once, and each gets all of it, exactly."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest
from starlette.testclient import TestClient

from mav_engine.server.http import compression
from mav_engine.server.http.compression import deflated
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import (
    PATIENCE_S,
    Gate,
    Models,
    RealServer,
    events_in,
    problem,
    read_events,
    types,
    until,
)

TOKENS = 20
RUN = {"prompt": "Once", "min_new_tokens": TOKENS, "max_new_tokens": TOKENS}
LONG = {"prompt": "Once", "min_new_tokens": 300, "max_new_tokens": 300}
NDJSON = {"Accept": "application/x-ndjson"}


def path_of(run_id: str) -> str:
    return f"/api/runs/{run_id}/events"


@contextlib.contextmanager
def started(server: RealServer, settings: dict[str, Any]) -> Iterator[tuple[str, httpx2.Response]]:
    """A run whose client has read no more than its id."""
    with server.client.stream("POST", "/api/run", json=settings) as response:
        yield next(events_in(lines(response)))["run_id"], response


def lines(response: httpx2.Response) -> Iterator[str]:
    """The lines of a response, which may be read in parts."""
    if not hasattr(response, "kept_lines"):
        response.kept_lines = response.iter_lines()  # type: ignore[attr-defined]
    found: Iterator[str] = response.kept_lines  # type: ignore[attr-defined]
    return found


def finished(client: TestClient, **settings: Any) -> tuple[str, httpx2.Response]:
    response = client.post("/api/run", json={**RUN, **settings})
    return read_events(response)[0]["run_id"], response


def test_a_late_watcher_gets_the_whole_run_and_it_is_generated_once(
    make_server: MakeServer, gate: Gate
) -> None:
    models = Models(on_step=gate)
    server = make_server(models)
    with started(server, RUN) as (run_id, first):
        gate.allow(5)
        until(lambda: gate.passed == 5)
        with server.client.stream("GET", path_of(run_id)) as second:
            gate.open()
            late = list(lines(second))
        rest = list(lines(first))
    whole = server.client.get(path_of(run_id))
    assert late == list(whole.iter_lines())
    assert late[-len(rest) :] == rest
    assert types(read_events(whole)) == ["start", "prompt", *["token"] * TOKENS, "done"]
    assert gate.passed <= TOKENS


def test_watchers_choose_their_format(client: TestClient) -> None:
    run_id, sent = finished(client)
    as_lines = client.get(path_of(run_id), headers=NDJSON)
    assert as_lines.headers["content-type"].startswith(NDJSON["Accept"])
    assert [orjson.loads(line) for line in as_lines.iter_lines()] == read_events(sent)
    assert client.post("/api/run", json={**RUN, "seed": 1}, headers=NDJSON).text.count("\n") == len(
        read_events(sent)
    )


def test_watchers_share_the_compressed_events(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed: list[bytes] = []

    def deflate(part: bytes) -> bytes:
        compressed.append(part)
        return deflated(part)

    monkeypatch.setattr(compression, "deflated", deflate)
    run_id, sent = finished(client, capture=["attention_rows"])
    for after in ({}, {}, {"Last-Event-ID": f"{run_id}:3"}):
        headers = {"Accept-Encoding": "gzip", **after}
        with client.stream("GET", path_of(run_id), headers=headers) as packed:
            assert packed.headers["content-encoding"] == "gzip"
            raw = b"".join(packed.iter_raw())
        assert len(raw) < 0.7 * len(sent.content)
        whole = gzip.decompress(raw).decode()
        assert sent.text.endswith(whole)
        assert (whole == sent.text) == (not after)
    assert len(compressed) == len(read_events(sent))


def test_last_event_id_continues_exactly(client: TestClient) -> None:
    run_id, sent = finished(client)
    for after in (0, 1, 7, TOKENS + 1):
        rest = client.get(path_of(run_id), headers={"Last-Event-ID": f"{run_id}:{after}"})
        head, _, _ = sent.text.partition(f"id: {run_id}:{after + 1}\n")
        assert head + rest.text == sent.text, after
    last = client.get(path_of(run_id), headers={"Last-Event-ID": f"{run_id}:{TOKENS + 2}"})
    assert (last.status_code, last.content) == (204, b"")


def test_an_event_source_that_reconnects_goes_on_with_its_run(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate))
    with started(server, RUN) as (run_id, _):
        gate.allow(3)
        until(lambda: gate.passed == 3)
        again = {"Last-Event-ID": f"{run_id}:1"}
        with server.client.stream("GET", "/api/run?prompt=Once", headers=again) as second:
            gate.open()
            events = list(events_in(second.iter_lines()))
    assert types(events) == [*["token"] * TOKENS, "done"]
    end = {"Last-Event-ID": f"{run_id}:{TOKENS + 2}"}
    assert server.client.get("/api/run?prompt=Once", headers=end).status_code == 204


@pytest.mark.parametrize("bad", ["{id}:99", "{id}:-1", "{id}", "7", "x" * 32 + ":1", ""])
def test_an_event_id_of_another_run_is_refused(client: TestClient, bad: str) -> None:
    run_id, _ = finished(client)
    answer = client.get(path_of(run_id), headers={"Last-Event-ID": bad.format(id=run_id)})
    assert (answer.status_code, problem(answer)["field"]) == (422, "Last-Event-ID")
    assert "event that you received" in problem(answer)["detail"]


@pytest.mark.parametrize("unknown", ["0" * 32, "x", "%00", "a" * 500])
def test_an_unknown_run_is_not_found(client: TestClient, unknown: str) -> None:
    answer = client.get(path_of(unknown))
    assert (answer.status_code, problem(answer)["code"]) == (404, "unknown_run")


def test_ids_cannot_be_guessed(client: TestClient) -> None:
    ids = [finished(client)[0] for _ in range(3)]
    assert all(len(each) == 32 for each in ids)
    assert len({each[:8] for each in ids}) == 3


def test_the_run_goes_on_while_anybody_watches(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate))
    with contextlib.ExitStack() as stack:
        with started(server, RUN) as (run_id, _):
            second = stack.enter_context(server.client.stream("GET", path_of(run_id)))
            seen = lines(second)
            assert next(events_in(seen))["type"] == "start"
        gate.open()
        assert list(events_in(seen))[-1]["reason"] == "length"


def test_a_run_that_nobody_watches_stops_and_can_be_continued(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate))
    with started(server, RUN) as (run_id, _):
        gate.allow(4)
        until(lambda: gate.passed == 4)
    until(lambda: all(each.reason for each in server.service.runs))
    gate.open()
    until(lambda: not server.service.runs)
    broken = read_events(server.client.get(path_of(run_id)))
    assert broken[-1]["reason"] == "cancelled"
    rest = read_events(server.client.post("/api/run", json={"resume": broken[-1]["resume"]}))
    assert broken[-1]["text"] + rest[-1]["text"] == whole_text(server)


def whole_text(server: RealServer) -> str:
    text: str = read_events(server.client.post("/api/run", json=RUN))[-1]["text"]
    return text


def test_a_watcher_that_disconnects_abruptly_changes_nothing(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate))
    with started(server, RUN) as (run_id, first):
        for _ in range(5):
            connection = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
            connection.sendall(
                f"GET {path_of(run_id)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            assert connection.recv(9) == b"HTTP/1.1 "
            # Closes with a reset.
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()
        gate.open()
        events = list(events_in(lines(first)))
    assert types(events) == ["prompt", *["token"] * TOKENS, "done"]
    assert events[-1]["reason"] == "length"


def test_finished_runs_are_kept_for_a_limited_time(make_client: MakeClient) -> None:
    client = make_client(keep_run_s=0)
    run_id, _ = finished(client)
    gone = client.get(path_of(run_id))
    assert (gone.status_code, problem(gone)["code"]) == (410, "run_gone")
    assert "MAV_KEEP_RUN_S" in problem(gone)["detail"]


def test_the_run_that_ended_first_makes_room(make_client: MakeClient) -> None:
    _, sent = finished(make_client())
    client = make_client(keep_run_bytes=int(2.5 * len(sent.content)))
    ids = [finished(client)[0] for _ in range(3)]
    assert [client.get(path_of(each)).status_code for each in ids] == [410, 200, 200]
    assert client.get(path_of(ids[2])).text.count("event: token") == TOKENS


def test_the_bytes_of_a_live_run_are_limited(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), keep_run_bytes=20_000)
    with started(server, RUN) as (run_id, first):
        seen = events_in(lines(first))
        gate.allow(TOKENS - 5)
        until(lambda: next(seen).get("index") == TOKENS - 6)
        gone = server.client.get(path_of(run_id))
        assert (gone.status_code, problem(gone)["code"]) == (410, "run_gone")
        found = problem(gone)["detail"].partition("Last-Event-ID: ")[2].partition(",")[0]
        with server.client.stream(
            "GET", path_of(run_id), headers={"Last-Event-ID": found}
        ) as second:
            gate.open()
            rest = list(events_in(second.iter_lines()))
        assert [*seen][-1]["reason"] == "length"
    assert [each["index"] for each in rest[:-1]] == [*range(rest[0]["index"], TOKENS)]
    assert rest[-1]["reason"] == "length"
    assert all(each.size <= 20_000 for each in server.service.kept._finished.values())


def test_a_slow_watcher_does_not_slow_the_run_and_may_come_back(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate), keep_run_bytes=30_000, min_read_rate=0)
    with socket.socket() as slow, started(server, LONG) as (run_id, response):
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        slow.settimeout(PATIENCE_S)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(f"GET {path_of(run_id)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert slow.recv(9) == b"HTTP/1.1 "
        seen = events_in(lines(response))
        gate.allow(290)
        until(lambda: next(seen).get("index") == 285)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
        got = b""
        while b"event: error" not in got or not got.endswith(b"\r\n\r\n"):
            got += slow.recv(65536)
        error = orjson.loads(got.rpartition(b"data: ")[2].partition(b"\n")[0])
        assert (error["code"], error["retry_after_s"]) == ("watcher_too_slow", 1)
        again = {"Last-Event-ID": error["detail"].partition("Last-Event-ID: ")[2].partition(",")[0]}
        with server.client.stream("GET", path_of(run_id), headers=again) as back:
            gate.open()
            rest = [*events_in(back.iter_lines())]
        assert rest[-1] == [*seen][-1]
        assert [each["index"] for each in rest[:-1]] == [*range(rest[0]["index"], 300)]


def test_runs_of_comparisons_cannot_be_watched(client: TestClient) -> None:
    sides = read_events(client.post("/api/compare", json={"a": RUN, "b": RUN}))
    ids = [each["event"]["run_id"] for each in sides if each.get("event", {}).get("run_id")]
    assert [client.get(path_of(run_id)).status_code for run_id in ids] == [404, 404]


def test_a_head_request_says_what_would_come(client: TestClient) -> None:
    answer = client.head(path_of("0" * 32))
    assert answer.headers["content-type"].startswith("text/event-stream")
