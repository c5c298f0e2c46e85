"""The gateway of many machines and its engines, here in one process and without Ray."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.lowlevel
import orjson
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mav_engine.config import ServerConfig
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.ray_serve.gateway import Call, Gateway, model_of
from mav_engine.server.ray_serve.relay import Head, RelayedRequest, respond
from tests.server.servers import (
    LOCAL,
    PATIENCE_S,
    Gate,
    Models,
    ids_of,
    problem,
    read_events,
    types,
)

SECRET = "a secret that engines share"
RUN: dict[str, Any] = {"prompt": "Once", "temperature": 1.0, "seed": 5, "max_new_tokens": 20,
                       "min_new_tokens": 20}  # fmt: skip
NDJSON = {"Accept": "application/x-ndjson"}

Make = Callable[..., TestClient]


@pytest.fixture
def engine(catalog: Catalog) -> Starlette:
    return create_app(ServerConfig(secret=SECRET), catalog, Models())


@pytest.fixture
def make(catalog: Catalog) -> Make:
    """A client of a gateway that sends requests by the given function."""

    def make(call: Call, **config: Any) -> TestClient:
        given = ServerConfig(secret=SECRET, **config)
        return TestClient(Gateway(create_app(given, catalog), call, given), base_url=LOCAL)

    return make


def to(app: Starlette, lost_after: int | None = None) -> Call:
    """Sends requests to an engine, which is lost after so many tokens."""

    async def call(request: RelayedRequest, _model: str, _run: str) -> AsyncIterator[Head | bytes]:
        tokens = 0
        async for part in respond(app, request):
            if lost_after == 0:
                raise ConnectionError("the engine was lost")
            yield part
            tokens += 0 if isinstance(part, Head) else part.count(b'"type":"token"')
            if lost_after is not None and tokens >= lost_after:
                raise ConnectionError("the engine was lost")

    return call


def test_a_response_is_relayed_as_it_is(make: Make, engine: Starlette) -> None:
    direct, relayed = TestClient(engine, base_url=LOCAL), make(to(engine))
    for method, path, body in (
        ("GET", "/api/health", None),
        ("GET", "/api/models", None),
        ("POST", "/api/tokenize", {"text": "Once"}),
        ("POST", "/api/tokenize", {"text": 5}),
        ("POST", "/api/run", {"top_k": -1}),
        ("GET", "/api/runs/0/events", None),
        ("DELETE", "/api/run", None),
    ):
        expected, got = (each.request(method, path, json=body) for each in (direct, relayed))
        assert (got.status_code, got.content) == (expected.status_code, expected.content), path
        assert got.headers == expected.headers, path


def test_what_needs_no_model_is_answered_by_the_gateway(make: Make) -> None:
    client = make(nobody)
    assert client.get("/api/openapi.json").status_code == 200
    assert client.get("/api/nothing").status_code == 404
    assert client.get("/").status_code == 200


async def nobody(*_: object) -> AsyncIterator[Head | bytes]:
    raise ConnectionError("no engine")
    yield b""


@pytest.mark.parametrize("accept", [{}, NDJSON], ids=["events", "lines"])
def test_a_run_whose_engine_is_lost_ends_with_an_error_and_can_be_continued(
    make: Make,
    engine: Starlette,
    catalog: Catalog,
    gate: Gate,
    accept: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    slow = create_app(ServerConfig(secret=SECRET), catalog, Models(on_step=gate))
    gate.allow(9)
    broken = events_of(make(to(slow, lost_after=5)).post("/api/run", json=RUN, headers=accept))
    error = broken[-1]
    assert types(broken) == ["start", "prompt", *["token"] * len(ids_of(broken)), "error"]
    assert (error["code"], error["retry_after_s"]) == ("engine_lost", 1)
    assert "forced_ids" in error["detail"]
    assert 0 < len(ids_of(broken)) < 20
    again = {**broken[0]["settings"], "forced_ids": ids_of(broken)}
    given = {name: value for name, value in again.items() if value is not None}
    rest = read_events(make(to(engine)).post("/api/run", json=given))
    assert ids_of(rest) == ids_of(read_events(make(to(engine)).post("/api/run", json=RUN)))


def events_of(response: Any) -> list[dict[str, Any]]:
    if response.headers["content-type"].startswith(NDJSON["Accept"]):
        return [orjson.loads(line) for line in response.iter_lines()]
    return read_events(response)


def test_another_engine_is_tried_if_nothing_was_answered(
    make: Make, engine: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    calls = iter([to(engine, lost_after=0), to(engine, lost_after=0), to(engine)])

    def call(request: RelayedRequest, model: str, run: str) -> AsyncIterator[Head | bytes]:
        return next(calls)(request, model, run)

    response = make(call).post("/api/run", json=RUN)
    assert read_events(response)[-1]["reason"] == "length"
    assert caplog.text.count("an engine was lost") == 2


def test_without_an_engine_the_client_is_told_when_to_come_back(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    refused = make(nobody).post("/api/run", json=RUN)
    assert (refused.status_code, problem(refused)["code"]) == (503, "no_engine")
    assert refused.headers["retry-after"] == "1"


def test_a_body_that_is_too_large_reaches_no_engine(make: Make) -> None:
    refused = make(nobody, max_body_bytes=10).post("/api/run", json=RUN)
    assert (refused.status_code, problem(refused)["code"]) == (413, "body_too_large")


def test_streams_are_not_compressed_by_the_engine(make: Make, engine: Starlette) -> None:
    rows = {**RUN, "capture": ["attention_rows"]}
    headers = {"Accept-Encoding": "gzip"}
    answer = make(to(engine)).post("/api/run", json=rows, headers=headers)
    assert "content-encoding" not in answer.headers
    assert (
        "content-encoding"
        in TestClient(engine, base_url=LOCAL).post("/api/run", json=rows, headers=headers).headers
    )


def test_a_closed_response_ends_the_run(catalog: Catalog, gate: Gate) -> None:
    async def close_early() -> str:
        engine = create_app(ServerConfig(), catalog, Models(on_step=gate))
        scope = {"type": "http", "method": "GET", "path": "/api/run", "http_version": "1.1",
                 "query_string": b"prompt=Once", "headers": [(b"host", b"localhost")]}  # fmt: skip
        parts = respond(engine, RelayedRequest.of(scope, b""))
        assert isinstance(await anext(parts), Head)
        assert await anext(parts)
        (run,) = engine.state.service.runs
        assert run.reason is None
        await parts.aclose()
        with anyio.fail_after(PATIENCE_S):
            while run.reason is None:
                await anyio.lowlevel.checkpoint()
        reason: str = run.reason
        return reason

    assert anyio.run(close_early) == "cancelled"


def test_the_model_of_a_request_is_found(make: Make, engine: Starlette) -> None:
    done = read_events(make(to(engine)).post("/api/run", json={**RUN, "max_new_tokens": 20}))[-1]
    for path, query, body, model in (
        ("/api/run", b"", {"model": "other"}, "other"),
        ("/api/compare", b"", {"a": {"model": "other"}, "b": {"model": "fake"}}, "other"),
        ("/api/compare", b"", {"a": {"prompt": "Once"}, "b": {"model": "fake"}}, ""),
        ("/api/run", b"", {"resume": done["resume"]}, "fake"),
        # An engine refuses it, whichever.
        ("/api/run", b"", {"resume": "forged"}, ""),
        ("/api/run", b"", {"prompt": "Once"}, ""),
        ("/api/tokenize", b"", {"text": "Once", "model": "other"}, "other"),
        ("/api/run", b"", [1], ""),
        ("/api/run", b"model=other&prompt=a", None, "other"),
        ("/api/run", b"params=%7B%22model%22%3A%22other%22%7D", None, "other"),
        ("/api/run", b"\xff", None, ""),
        ("/api/health", b"", None, ""),
    ):
        sent = b"" if body is None else orjson.dumps(body)
        assert model_of(path, query, sent) == model, (path, query, body)
    assert model_of("/api/run", b"", b"not json") == ""


def test_a_request_is_sent_to_an_engine_of_its_model(make: Make, engine: Starlette) -> None:
    models: list[str] = []

    def call(request: RelayedRequest, model: str, run: str) -> AsyncIterator[Head | bytes]:
        models.append(model)
        return to(engine)(request, model, run)

    client = make(call, root_path="/below")
    client.post("/below/api/compare", json={"a": {**RUN, "model": "other"}, "b": RUN})
    client.get("/below/api/run", params={"model": "fake", "prompt": "Once"})
    client.get("/below/api/models")
    assert models == ["other", "fake", ""]
