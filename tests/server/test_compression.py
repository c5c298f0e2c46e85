"""Attention goes gzipped to clients that take it, event by event; nothing else does."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import MakeServer
from tests.server.servers import Gate, Models, events_in, read_events, types

ROWS = {"prompt": "Once", "max_new_tokens": 3, "seed": 1, "capture": ["attention_rows"]}


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br;q=1, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("identity", None),
        ("", None),
        ("gzip;q=0, *", None),
    ],
)
def test_a_client_says_whether_it_takes_gzip(
    client: TestClient, accepted: str, encoding: str | None
) -> None:
    response = client.post("/api/run", json=ROWS, headers={"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == encoding
    assert "Accept-Encoding" in response.headers["vary"]
    events = read_events(response)
    assert types(events) == ["start", "prompt", "token", "token", "token", "done"]
    assert len(events[2]["attention_rows"]) == 3


def test_a_run_without_attention_patterns_goes_as_it_is(client: TestClient) -> None:
    given = {**ROWS, "capture": ["residual"]}
    response = client.post("/api/run", json=given, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in response.headers


def test_a_run_that_is_resumed_is_compressed_for_what_it_captures(client: TestClient) -> None:
    captured = read_events(client.post("/api/run", json=ROWS))
    plain = read_events(client.post("/api/run", json={**ROWS, "capture": []}))
    for events, named, encoding in (
        (captured, {}, "gzip"),
        (captured, {"capture": ["residual"]}, None),
        (plain, {}, None),
        (plain, {"capture": ["attention_rows"]}, "gzip"),
    ):
        settings = {"resume": events[-1]["resume"], "max_new_tokens": 2, **named}
        response = client.post("/api/run", json=settings, headers={"Accept-Encoding": "gzip"})
        assert response.headers.get("content-encoding") == encoding
        tokens = read_events(response)[2:-1]
        assert ["attention_rows" in token for token in tokens] == [encoding == "gzip"] * 2


def test_a_comparison_is_compressed_where_either_run_captures_attention(
    client: TestClient,
) -> None:
    plain = {**ROWS, "capture": ["residual"]}
    for a, b, encoding in ((ROWS, plain, "gzip"), (plain, ROWS, "gzip"), (plain, plain, None)):
        response = client.post(
            "/api/compare", json={"a": a, "b": b}, headers={"Accept-Encoding": "gzip"}
        )
        assert response.headers.get("content-encoding") == encoding


def test_each_token_arrives_before_the_next_is_computed_and_between_heartbeats(
    make_server: MakeServer,
) -> None:
    gate = Gate()
    server = make_server(Models(on_step=gate), heartbeat_s=0.01)
    given = {**ROWS, "max_new_tokens": 50, "min_new_tokens": 50}
    try:
        with server.client.stream("POST", "/api/run", json=given) as response:
            assert response.headers["content-encoding"] == "gzip"
            lines = response.iter_lines()
            events = events_in(lines)
            assert types([next(events), next(events)]) == ["start", "prompt"]
            for index in range(4):
                token = next(events)
                assert (token["type"], token["index"]) == ("token", index)
                assert any(line == ": heartbeat" for line in lines)
                assert gate.passed == index
                gate.allow(1)
            gate.open()
            assert [event["type"] for event in events][-1] == "done"
    finally:
        gate.open()
