"""The published document: what the site's types are made from, and what this server allows."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from mav_engine.config import ROOT, ServerConfig
from mav_engine.server import routes
from mav_engine.server.openapi import document, printed
from mav_engine.settings import RunSettings
from tests.server.conftest import MakeClient

COMMITTED = ROOT / "frontend" / "lib" / "contract" / "openapi.json"


def test_the_committed_document_is_the_generated_one() -> None:
    same = COMMITTED.read_bytes() == printed(ServerConfig())
    assert same, "The types have changed. Run `make contract` and commit the generated files."


def test_it_can_be_printed() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mav_engine.server.openapi"], capture_output=True, check=True
    )
    assert run.stdout == COMMITTED.read_bytes()


def test_clients_that_ask_at_once_get_one_document(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Semaphore(0)
    go_on = threading.Event()

    def slow(*arguments: Any) -> dict[str, Any]:
        begun.release()
        go_on.wait(30)
        return document(*arguments)

    monkeypatch.setattr(routes, "document", slow)
    client = make_client()
    paths = ["/api", "/api/openapi.json", "/api/openapi-3.1.json"]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(client.get, paths[1])
        assert begun.acquire(timeout=30)
        others = [pool.submit(client.get, path) for path in paths]
        assert not begun.acquire(timeout=0.5)
        go_on.set()
        assert [each.result().status_code for each in (first, *others)] == [200] * 4
    assert not begun.acquire(blocking=False)


def test_every_component_is_a_valid_schema_and_every_reference_leads_somewhere() -> None:
    openapi = document(ServerConfig())
    for schema in openapi["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in _references(openapi):
        node: object = openapi
        for key in reference.removeprefix("#/").split("/"):
            assert isinstance(node, dict)
            assert key in node, reference
            node = node[key]


def test_the_schema_has_the_limits_of_the_server(make_client: MakeClient) -> None:
    openapi = make_client(max_new_tokens=32).get("/api/openapi.json").json()
    settings = openapi["components"]["schemas"]["RunSettings"]["properties"]
    assert settings["max_new_tokens"]["maximum"] == 32
    assert settings["max_new_tokens"]["default"] == 32
    assert settings["model"]["default"] == "fake"


def test_ranges_are_those_of_json_schema(client: TestClient) -> None:
    model = client.get("/api/openapi.json").json()["components"]["schemas"]["RunSettings"]
    assert model["properties"]["top_n"]["minimum"] == 1
    assert model["properties"]["top_n"]["maximum"] == 100
    assert model["properties"]["top_p"]["exclusiveMinimum"] == 0
    for name, schema in model["properties"].items():
        for kind in (schema, schema.get("items", {}), *schema.get("anyOf", [])):
            if kind.get("type") == "integer":
                assert kind["maximum"] <= 2**53 - 1, name
    assert "type" in document(ServerConfig())["components"]["schemas"]["Token"]["required"]


def test_every_setting_is_a_query_parameter_too(client: TestClient) -> None:
    operation = client.get("/api/openapi.json").json()["paths"]["/api/run"]["get"]
    names = [parameter["name"] for parameter in operation["parameters"]]
    assert names == [*RunSettings.model_fields, "params"]
    given = {parameter["name"]: parameter for parameter in operation["parameters"]}
    for name in ("breakpoints", "messages", "tile", "params"):
        assert set(given[name]["content"]) == {"application/json"}
    for name in ("capture", "forced_ids", "stop"):
        assert (given[name]["style"], given[name]["explode"]) == ("form", True)
        assert "repeat the parameter for each item" in given[name]["description"]
        assert ("separate items by commas" in given[name]["description"]) == (name != "stop")


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_it_travels_compressed_to_whom_can_read_that(client: TestClient, coding: str) -> None:
    answer = client.get("/api/openapi.json", headers={"Accept-Encoding": coding})
    assert answer.headers.get("content-encoding", "identity") == coding
    assert answer.json()["openapi"].startswith("3.")


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in _references(each)]
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    return []
