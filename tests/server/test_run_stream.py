"""What a client reads of a run: the two formats, their order, their headers."""

from __future__ import annotations

import orjson
import pytest
from starlette.testclient import TestClient

from tests.server.conftest import MakeClient
from tests.server.servers import Models, read_events, types


def test_a_run_streams_its_events_in_order(client: TestClient) -> None:
    response = client.post("/api/run", json={"prompt": "Once", "max_new_tokens": 3, "seed": 7})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    events = read_events(response)
    assert types(events) == ["start", "prompt", "token", "token", "token", "done"]
    assert events[0]["settings"]["seed"] == 7
    assert events[0]["model"]["name"] == "fake"
    assert "".join(event["text"] for event in events[2:5]) == events[-1]["text"]


def test_each_event_names_its_type_and_counts_from_0(client: TestClient) -> None:
    text = client.post("/api/run", json={"prompt": "Once", "max_new_tokens": 2}).text
    blocks = [block.split("\n") for block in text.split("\n\n") if block]
    run_id = orjson.loads(blocks[0][2].removeprefix("data: "))["run_id"]
    for number, (sent_id, kind, data) in enumerate(blocks):
        assert sent_id == f"id: {run_id}:{number}"
        assert kind == f"event: {orjson.loads(data.removeprefix('data: '))['type']}"


def test_ndjson_has_the_same_events_one_a_line(client: TestClient) -> None:
    given = {"prompt": "Once", "max_new_tokens": 3, "seed": 1}
    response = client.post("/api/run", json=given, headers={"Accept": "application/x-ndjson"})
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = [orjson.loads(line) for line in response.text.splitlines()]
    assert types(lines) == types(read_events(client.post("/api/run", json=given)))


BREAKS = "one\u2028two\u2029three\u0085four\x0bfive\x0csix\x1cseven\x1deight\x1enine\r\nten"


def test_no_character_of_a_text_splits_a_line(client: TestClient) -> None:
    given = {"prompt": BREAKS, "forced_ids": list(BREAKS.encode()), "max_new_tokens": 90}
    settings = {"a": given, "b": given, "mode": "own"}
    for address, body in (("/api/run", given), ("/api/compare", settings)):
        lines = client.post(address, json=body, headers={"Accept": "application/json"})
        events = [orjson.loads(line) for line in lines.text.splitlines()]
        if address == "/api/run":
            assert events[-1]["text"].startswith(BREAKS)
        sent = client.post(address, json=body)
        found = [orjson.loads(line[6:]) for line in sent.text.splitlines() if line[:6] == "data: "]
        assert sorted(types(found)) == sorted(types(events))


def test_the_query_takes_the_settings_of_the_body(client: TestClient) -> None:
    given = {"prompt": "a,b", "max_new_tokens": 2, "seed": 3, "stop": ["x", "y"], "tile": {}}
    by_body = read_events(client.post("/api/run", json=given))[0]["settings"]
    query = {**given, "tile": "{}"}
    by_query = read_events(client.get("/api/run", params=query))[0]["settings"]
    by_params = read_events(client.get("/api/run", params={"params": orjson.dumps(given).decode()}))
    assert by_body == by_query == by_params[0]["settings"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "text/event-stream"),
        ("", "text/event-stream"),
        ("text/html, text/*;q=0.8", "text/event-stream"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/event-stream;q=0.1, application/x-ndjson", "application/x-ndjson"),
        ("application/x-ndjson;q=0, */*", "text/event-stream"),
        ("application/json", "application/x-ndjson"),
        ("application/jsonl", "application/x-ndjson"),
        ("application/ndjson", "application/x-ndjson"),
        ("Application/JSONL; q=0.5", "application/x-ndjson"),
        ("application/*", "application/x-ndjson"),
        ("application/json, text/event-stream;q=0.9", "application/x-ndjson"),
        ("application/json, */*;q=0.5", "application/x-ndjson"),
        ("application/json, text/event-stream", "text/event-stream"),
        ("application/json;q=0.5, text/event-stream", "text/event-stream"),
        ("application/json, text/plain, */*", "text/event-stream"),
        ("text/event-stream;q=nan, application/json;q=0.1", "application/x-ndjson"),
    ],
)
def test_accept_chooses_the_format(client: TestClient, accept: str, kind: str) -> None:
    response = client.get(
        "/api/run", params={"prompt": "Once", "max_new_tokens": 1}, headers={"Accept": accept}
    )
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(kind)


def test_a_head_request_runs_nothing(make_client: MakeClient) -> None:
    models = Models()
    response = make_client(models).head("/api/run")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert models.loads == []


def test_an_event_source_that_reconnects_is_told_to_stop(client: TestClient) -> None:
    response = client.get(
        "/api/run", params={"prompt": "Once"}, headers={"Last-Event-ID": "0123:9"}
    )
    assert response.status_code == 204
