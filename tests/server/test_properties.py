"""Any valid settings give a valid stream; any invalid ones a 4xx that names the field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from mav_engine.config import ServerConfig
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.openapi import document
from mav_engine.settings import DEFAULT_PROBES
from tests.server.servers import AS_JSON, LOCAL, Models, events_in, types

SCHEMAS = document(ServerConfig())["components"]
EVENT = Draft202012Validator({"components": SCHEMAS, "$ref": "#/components/schemas/Event"})
NAMES = list(SCHEMAS["schemas"]["RunSettings"]["properties"])

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
SOURCES = st.one_of(
    st.fixed_dictionaries({"prompt": TEXTS}),
    st.fixed_dictionaries(
        {
            "messages": st.lists(
                st.fixed_dictionaries(
                    {"role": st.sampled_from(["user", "assistant"]), "content": TEXTS}
                ),
                max_size=2,
            ).map(lambda turns: [*turns, {"role": "user", "content": "Go on."}])
        }
    ),
)
OPTIONS = {
    "max_new_tokens": st.integers(4, 9),
    "min_new_tokens": st.integers(0, 4),
    "forced_ids": st.lists(st.integers(0, 255), max_size=4),
    "temperature": st.floats(0, 10),
    "top_k": st.integers(0, 300),
    "top_p": st.floats(0, 1, exclude_min=True),
    "min_p": st.floats(0, 1),
    "repetition_penalty": st.floats(0.1, 5),
    "no_repeat_ngram_size": st.integers(0, 4),
    "block_eos_steps": st.integers(0, 10),
    "block_ws_steps": st.integers(0, 10),
    "stop": st.lists(TEXTS.filter(lambda text: not text.startswith("<|")), max_size=3),
    "seed": st.none() | st.integers(0, 2**53 - 1),
    "top_n": st.integers(1, 100),
    "aggregation": st.sampled_from(["l2", "max_abs", "mean_abs", "rms"]),
    "capture": st.lists(st.sampled_from(DEFAULT_PROBES), max_size=5),
    "tile": st.fixed_dictionaries({}, optional={"height": st.integers(1, 64)}),
}
VALID = st.builds(
    lambda source, options: source | options,
    SOURCES,
    st.fixed_dictionaries({}, optional=OPTIONS),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
SLOW = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One client for all examples."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "fake").mkdir()
    (folder / "fake" / "config.json").write_text("{}", encoding="utf-8")
    catalog = Catalog(models_dir=folder, default="fake")
    with TestClient(create_app(ServerConfig(), catalog, Models()), base_url=LOCAL) as client:
        yield client


@SLOW
@given(VALID)
def test_valid_settings_give_a_valid_stream(shared: TestClient, settings: dict[str, Any]) -> None:
    response = shared.post("/api/run", json=settings)
    assert response.status_code == 200, response.text
    events = list(events_in(iter(response.text.split("\n"))))
    for event in events:
        EVENT.validate(event)
    kinds = types(events)
    tokens = [event for event in events if event["type"] == "token"]
    assert kinds[0] == "start"
    assert kinds[-1] in ("done", "error")
    if kinds[-1] == "error":
        assert events[-1]["code"] == "no_candidates"
        return
    assert kinds == ["start", "prompt", *["token"] * len(tokens), "done"]
    assert events[-1]["text"] == "".join(token["text"] for token in tokens)
    expected = {name: value for name, value in settings.items() if name not in ("seed", "tile")}
    if "capture" in expected:
        # A name that is given twice counts once.
        expected["capture"] = list(dict.fromkeys(expected["capture"]))
    assert events[0]["settings"] | expected == events[0]["settings"]


@SLOW
@given(SOURCES, st.sampled_from(NAMES) | TEXTS, JSON)
def test_anything_else_is_refused_with_the_field_or_runs(
    shared: TestClient, source: dict[str, Any], name: str, value: object
) -> None:
    body = json.dumps({**source, "max_new_tokens": 2, name: value})
    response = shared.post("/api/run", content=body, headers=AS_JSON)
    assert response.status_code in (200, 404, 422), response.text
    if response.status_code != 200:
        error = response.json()
        assert error["field"]
        assert error["detail"]
        assert set(error) == set(SCHEMAS["schemas"]["Problem"]["properties"])


@SLOW
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_at_all_breaks_the_server(shared: TestClient, body: bytes) -> None:
    for address in ("/api/run", "/api/tokenize"):
        response = shared.post(address, content=body, headers=AS_JSON)
        assert response.status_code in (200, 400, 404, 422), response.text


@SLOW
@given(st.dictionaries(st.sampled_from(NAMES) | TEXTS, TEXTS, max_size=3))
def test_no_query_at_all_breaks_the_server(shared: TestClient, query: dict[str, str]) -> None:
    response = shared.get("/api/run", params={"max_new_tokens": "2", **query})
    assert response.status_code in (200, 404, 422), response.text
