"""Runs that wait: for a place, for their model, for their deadline."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from mav_engine.backends.fake import FakeBackend
from mav_engine.errors import ModelLoadFailed
from mav_engine.server.service import MAX_TOKENIZING
from tests.server.conftest import MakeServer
from tests.server.servers import (
    PATIENCE_S,
    Gate,
    Models,
    RealServer,
    events_in,
    runs_of,
    types,
    until,
)

Events = Iterator[dict[str, Any]]


@contextlib.contextmanager
def running(server: RealServer, **given: object) -> Iterator[Events]:
    """The events of a run, as they come."""
    settings = {"prompt": "Once", "min_new_tokens": 8, "max_new_tokens": 8, **given}
    with server.client.stream("POST", "/api/run", json=settings) as response:
        assert response.status_code == 200
        yield events_in(response.iter_lines())


def test_runs_beyond_the_capacity_wait_and_get_their_position(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate), max_runs=1)
    with (
        running(server) as first,
        contextlib.ExitStack() as stack,
    ):
        assert next(first)["type"] == "start"
        assert next(first)["type"] == "prompt"
        second = stack.enter_context(running(server))
        assert types([next(second), next(second)]) == ["start", "queued"]
        third = stack.enter_context(running(server))
        assert next(third)["type"] == "start"
        assert next(third) == {"type": "queued", "position": 2}
        assert runs_of(server) == (1, 2)
        gate.open()
        assert types(list(second))[0] == "prompt"
        rest = list(third)
        assert [event for event in rest if event["type"] == "queued"] in (
            [],
            [{"type": "queued", "position": 1}],
        )
        assert rest[-1]["reason"] == "length"
    until(lambda: runs_of(server) == (0, 0))


def test_beyond_the_queue_a_run_is_turned_away_with_a_time(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate), max_runs=1, max_queue=1)
    with running(server) as first, running(server) as second:
        assert types([next(first), next(first)]) == ["start", "prompt"]
        assert types([next(second), next(second)]) == ["start", "queued"]
        refused = server.client.post("/api/run", json={"prompt": "a"})
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        assert (refused.json()["code"], refused.json()["retry_after_s"]) == ("busy", 5.0)
        with running(server, model="other") as elsewhere:
            assert types([next(elsewhere), next(elsewhere)]) == ["start", "prompt"]
        gate.open()
        assert list(second)[-1]["type"] == "done"


def test_leaving_the_queue_moves_the_others_up(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), max_runs=1)
    with running(server) as first:
        next(first)
        with running(server) as second:
            assert types([next(second), next(second)]) == ["start", "queued"]
            third_client = running(server)
            third = third_client.__enter__()
            assert [next(third)["type"], next(third)["position"]] == ["start", 2]
        assert next(third) == {"type": "queued", "position": 1}
        gate.open()
        assert list(third)[-1]["type"] == "done"
        third_client.__exit__(None, None, None)


def test_a_slow_load_is_reported_and_then_the_run_continues(make_server: MakeServer) -> None:
    hold = threading.Event()
    models = Models(on_load=lambda _: hold.wait(PATIENCE_S) and None)
    server = make_server(models, load_patience_s=0)
    with running(server) as one, running(server) as two:
        for events in (one, two):
            start = next(events)
            assert (start["model"]["name"], start["model"]["loaded"]) == ("fake", False)
            assert start["settings"]["seed"] is not None
            assert next(events) == {"type": "queued", "position": 0}
        hold.set()
        assert types(list(one))[0] == types(list(two))[0] == "prompt"
    assert models.loads == ["fake"]


def test_errors_after_a_slow_load_are_events(
    make_server: MakeServer,
) -> None:
    hold = threading.Event()

    def on_load(name: str) -> None:
        hold.wait(PATIENCE_S)
        if name == "other":
            raise ModelLoadFailed("other has no weights.", field="model")

    server = make_server(Models(on_load=on_load, context=8), load_patience_s=0)
    with running(server, prompt="far too long") as long, running(server, model="other") as absent:
        assert types([next(long), next(long)]) == ["start", "queued"]
        assert types([next(absent), next(absent)]) == ["start", "queued"]
        hold.set()
        (error,) = list(long)
        assert (error["code"], error["field"]) == ("prompt_too_long", "prompt")
        (error,) = list(absent)
        assert (error["code"], error["field"]) == ("model_load_failed", "model")
    until(lambda: runs_of(server) == (0, 0))


def test_an_unknown_probe_is_a_status_even_while_the_model_loads(make_server: MakeServer) -> None:
    hold = threading.Event()
    server = make_server(
        Models(on_load=lambda _: hold.wait(PATIENCE_S) and None), load_patience_s=0
    )
    response = server.client.post("/api/run", json={"prompt": "a", "capture": ["nope"]})
    assert (response.status_code, response.json()["field"]) == (422, "capture")
    hold.set()


def test_a_run_ends_at_its_deadline(make_server: MakeServer) -> None:
    # A step takes as long as the deadline, so there is at most one token.
    server = make_server(Models(on_step=lambda: time.sleep(0.2)), deadline_s=0.2)
    with running(server) as events:
        done = list(events)[-1]
    assert (done["type"], done["reason"]) == ("done", "deadline")
    assert done["tokens"] < 3


def test_the_deadline_counts_in_the_queue_too(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), max_runs=1, deadline_s=0.3)
    with running(server) as first:
        next(first)
        with running(server) as second:
            events = list(second)
    assert types(events) == ["start", "queued", "done"]
    assert (events[-1]["reason"], events[-1]["tokens"]) == ("deadline", 0)


def test_a_stream_that_waits_still_beats(make_server: MakeServer) -> None:
    hold = threading.Event()
    server = make_server(
        Models(on_load=lambda _: hold.wait(PATIENCE_S) and None),
        load_patience_s=0,
        heartbeat_s=0.01,
    )
    with server.client.stream("POST", "/api/run", json={"prompt": "a"}) as response:
        lines = response.iter_lines()
        assert ": heartbeat" in lines
        assert ": heartbeat" in lines
        hold.set()
        assert list(events_in(lines))[-1]["type"] == "done"


def test_ndjson_has_no_heartbeats(make_server: MakeServer) -> None:
    server = make_server(Models(on_step=lambda: time.sleep(0.02)), heartbeat_s=0.01)
    response = server.client.post(
        "/api/run",
        json={"prompt": "a", "max_new_tokens": 4},
        headers={"Accept": "application/x-ndjson"},
    )
    assert all(line.startswith("{") for line in response.text.splitlines())


def test_a_client_that_disconnects_while_waiting_frees_its_slot(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate), max_runs=1)
    with running(server) as first:
        next(first)
        with pytest.raises(httpx2.ReadTimeout), httpx2.Client(base_url=server.url) as other:
            other.post("/api/run", json={"prompt": "a"}, timeout=0.2)
        until(lambda: runs_of(server) == (1, 0))


def test_texts_to_tokenize_are_bounded_in_number(make_server: MakeServer) -> None:
    server = make_server()
    server.service._tokenizing = MAX_TOKENIZING
    answer = server.client.post("/api/tokenize", json={"text": "a"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    server.service._tokenizing = 0
    assert server.client.post("/api/tokenize", json={"text": "a"}).status_code == 200
    assert server.service._tokenizing == 0


def test_a_tokenizer_that_does_not_return_blocks_its_own_model_only(
    make_server: MakeServer,
) -> None:
    ended = threading.Event()

    class Stuck(Models):
        def __call__(self, source: str, *, name: str, device: str, dtype: str) -> FakeBackend:
            backend = super().__call__(source, name=name, device=device, dtype=dtype)
            if name == "other":
                backend.vocabulary.encode = lambda *_, **__: [ord("a")] if ended.wait(60) else []  # type: ignore[method-assign]
            return backend

    server = make_server(Stuck(), deadline_s=1, max_runs=8)
    try:
        for path, body in [("run", {"prompt": "a"})] * 4 + [("tokenize", {"text": "a"})]:
            answer = server.client.post(f"/api/{path}", json={"model": "other", **body})
            assert (answer.status_code, answer.json()["code"]) == (503, "busy"), answer.text
        with running(server) as events:
            assert list(events)[-1]["type"] == "done"
        assert server.client.post("/api/tokenize", json={"text": "a"}).status_code == 200
        until(lambda: runs_of(server) == (0, 0))
    finally:
        ended.set()
