"""Comparisons over HTTP: two runs in one stream, within the limits of all runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from mav_engine.config import ServerConfig
from mav_engine.errors import ModelLoadFailed
from mav_engine.server.openapi import document
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import (
    LOCAL,
    Gate,
    Models,
    RealServer,
    events_in,
    read_events,
    runs_of,
    types,
    until,
)

ONCE = {"prompt": "Once", "max_new_tokens": 4, "min_new_tokens": 4}
LONG = {"prompt": "Once", "max_new_tokens": 400, "min_new_tokens": 400}


@contextlib.contextmanager
def comparing(server: RealServer, **given: object) -> Iterator[Iterator[dict[str, Any]]]:
    settings = {"a": LONG, "b": LONG, **given}
    with server.client.stream("POST", "/api/compare", json=settings) as response:
        assert response.status_code == 200
        yield events_in(response.iter_lines())


def side(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [each["event"] for each in events if each["type"] == "side" and each["side"] == name]


def test_both_runs_and_their_divergence_come_in_one_stream(client: TestClient) -> None:
    response = client.post("/api/compare", json={"a": ONCE, "b": {**ONCE, "prompt": "Twice"}})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = read_events(response)
    for name, prompt in (("a", "Once"), ("b", "Twice")):
        run = side(events, name)
        assert types(run) == ["start", "prompt", *["token"] * 4, "done"]
        assert run[0]["settings"]["prompt"] == prompt
    assert side(events, "a")[0]["settings"]["seed"] == side(events, "b")[0]["settings"]["seed"]
    apart = [event for event in events if event["type"] == "divergence"]
    assert [each["index"] for each in apart] == [0, 1, 2, 3]
    assert apart[0]["same_text"], "nothing is written yet, though the prompts differ"
    assert all(each["kl"] > 0 for each in apart)
    assert len(apart[0]["resid_distance"]) == 4
    assert types(events).index("common") < types(events).index("divergence")
    assert events[-1]["type"] == "compared"
    assert events[-1]["steps"] == 4


def test_a_divergence_comes_after_both_of_its_tokens(client: TestClient) -> None:
    events = read_events(client.post("/api/compare", json={"a": LONG, "b": LONG}))
    counts = {"a": 0, "b": 0}
    for event in events:
        if event["type"] == "side" and event["event"]["type"] == "token":
            counts[event["side"]] += 1
        if event["type"] == "divergence":
            assert event["index"] < min(counts.values())
    indices = [event["index"] for event in events if event["type"] == "divergence"]
    assert indices == list(range(400))


def test_lines_of_json_hold_the_same_and_fit_the_published_schema(client: TestClient) -> None:
    accept = {"Accept": "application/x-ndjson"}
    settings = {"a": ONCE, "b": ONCE, "mode": "forced"}
    lines = client.post("/api/compare", json=settings, headers=accept).text.splitlines()
    openapi = document(ServerConfig())
    schema = {"$ref": "#/components/schemas/CompareEvent", "components": openapi["components"]}
    validator = Draft202012Validator(schema)
    for line in lines:
        validator.validate(orjson.loads(line))
    assert {orjson.loads(line)["type"] for line in lines} == {
        "side", "common", "divergence", "compared",
    }  # fmt: skip


def test_a_comparison_takes_two_slots_and_gives_both_back(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate))
    with comparing(server) as events:
        assert next(events)["type"] == "side"
        until(lambda: runs_of(server) == (2, 0))
        gate.allow(40)
        for event in events:
            if event["type"] == "divergence":
                break
    # After a disconnect both runs end.
    gate.open()
    until(lambda: runs_of(server) == (0, 0))


def test_two_comparisons_never_wait_for_each_other(make_server: MakeServer) -> None:
    server = make_server(max_runs=2, max_queue=2)
    with comparing(server) as first, comparing(server, a=ONCE, b=ONCE) as second:
        assert next(first)["type"] == next(second)["type"] == "side"
        assert [list(events)[-1]["type"] for events in (first, second)] == ["compared"] * 2
    until(lambda: runs_of(server) == (0, 0))


def test_a_model_with_one_slot_is_not_compared_with_itself(make_client: MakeClient) -> None:
    client = make_client(max_runs=1)
    refused = client.post("/api/compare", json={"a": ONCE, "b": ONCE})
    assert (refused.status_code, refused.json()["field"]) == (422, "b.model")
    assert "takes two simultaneous runs of it" in refused.json()["detail"]
    other = client.post("/api/compare", json={"a": ONCE, "b": {**ONCE, "model": "other"}})
    assert read_events(other)[-1]["type"] == "compared"


def test_a_refused_comparison_keeps_no_slot(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), max_runs=2, max_queue=1)
    with comparing(server) as events:
        next(events)
        refused = server.client.post("/api/compare", json={"a": ONCE, "b": ONCE})
        assert (refused.status_code, refused.json()["field"]) == (503, "b")
        assert refused.headers["retry-after"] == "5"
        assert runs_of(server) == (2, 0)
        gate.open()


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({"b": {**ONCE, "model": "nobody"}}, 404, "b.model"),
        ({"a": {**ONCE, "max_new_tokens": 900}}, 422, "a.max_new_tokens"),
        ({"b": {**ONCE, "forced_ids": [9999]}}, 422, "b.forced_ids"),
        ({"a": {**ONCE, "prompt": "x" * 5000}}, 422, "a.prompt"),
        ({"b": {"prompt": "x", "temperature": -1}}, 422, "b.temperature"),
        ({"mode": "sideways"}, 422, "mode"),
    ],
)
def test_an_error_names_the_run_and_the_setting(
    make_server: MakeServer, given: dict[str, Any], status: int, field: str
) -> None:
    server = make_server(max_new_tokens=500)
    refused = server.client.post("/api/compare", json={"a": ONCE, "b": ONCE, **given})
    assert refused.status_code == status
    assert refused.json()["field"] == field
    until(lambda: runs_of(server) == (0, 0))


def test_a_model_that_does_not_load_is_named(make_client: MakeClient) -> None:
    def on_load(name: str) -> None:
        if name == "other":
            raise ModelLoadFailed("The file is broken.", field="model")

    client = make_client(Models(on_load=on_load))
    refused = client.post("/api/compare", json={"a": ONCE, "b": {**ONCE, "model": "other"}})
    assert (refused.status_code, refused.json()["field"]) == (500, "b.model")
    assert refused.json()["detail"] == "Run b: The file is broken."


def test_a_run_that_breaks_halfway_ends_both_and_is_named(make_server: MakeServer) -> None:
    steps = iter(range(1000))

    def on_step() -> None:
        if next(steps) == 30:
            raise RuntimeError("the cable came off")

    server = make_server(Models(on_step=on_step))
    with comparing(server) as events:
        received = list(events)
    last = received[-1]
    assert last["type"] == "error"
    name = last["field"]
    assert last["detail"].startswith(f"Run {name}: The model failed with RuntimeError")
    assert side(received, name)[-1]["type"] == "error"
    assert len([each for each in received if each["type"] == "divergence"]) > 5
    until(lambda: runs_of(server) == (0, 0))


def test_a_deadline_ends_both(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), deadline_s=0.3)
    with comparing(server) as events:
        next(events)
        until(lambda: all(run.reason for run in server.service.runs))
        gate.open()
        received = list(events)
    reasons = [each["event"]["reason"] for each in received if each.get("event", {}).get("reason")]
    assert reasons == ["deadline", "deadline"]
    until(lambda: runs_of(server) == (0, 0))


def test_one_model_in_two_precisions_loads_twice(tmp_path: Any) -> None:
    from mav_engine.models.catalog import Catalog
    from mav_engine.server.app import create_app

    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "config.json").write_text("{}", encoding="utf-8")
    models = Models()
    catalog = Catalog(["fake@int8"], models_dir=tmp_path, default="fake")
    with TestClient(create_app(ServerConfig(), catalog, models), base_url=LOCAL) as client:
        settings = {"a": ONCE, "b": {**ONCE, "model": "fake@int8"}, "mode": "forced"}
        assert read_events(client.post("/api/compare", json=settings))[-1]["type"] == "compared"
    assert models.loads == ["fake", "fake@int8"]
    assert models.dtypes == ["auto", "int8"]
