"""The OpenAPI document, generated from the types of the code.

OpenAPI 3.2 describes streams. Most client generators only support 3.1, which cannot describe the
items of a stream; `as_3_1` gives a stream the schema of one event, so that they find the types.

`python -m mav_engine.server.openapi` prints the document with default limits, from which the site's
TypeScript is generated. A server's own document has its limits and its default model.
"""

from __future__ import annotations

import copy
import sys
from functools import cache
from typing import Any

import orjson
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from mav_engine import __version__
from mav_engine.compare.events import COMPARE_EVENTS
from mav_engine.compare.settings import CompareSettings
from mav_engine.config import ServerConfig
from mav_engine.contract.arrays import PACKED_SCHEMA
from mav_engine.contract.events import EVENTS, OPTIONAL
from mav_engine.contract.model_list import ModelList
from mav_engine.contract.tokenized import TokenizeResult
from mav_engine.server.http.live_stream import NDJSON, SSE
from mav_engine.server.http.problems import Problem
from mav_engine.server.schemas import TokenizeRequest, TrainingReceived
from mav_engine.server.state import Health, Readiness
from mav_engine.server.training.body import StreamQuery
from mav_engine.settings import COMMA_SEPARATED, DEFAULT_MODEL, RunSettings
from mav_engine.training.recording import VERSION, Snapshot

PACKED_ARRAY = "PackedArray"
REF = "#/components/schemas/{model}"
TRAINING_ORDER = (
    "Each line of the recording (docs/training.md) as an event of its type, from the beginning or "
    "after Last-Event-ID. The stream stays open."
)
RECEIVING = (
    "Complete snapshots, as in a recording (docs/training.md), each line with its line break. "
    "All snapshots of a body are stored, or none. An empty body is a keep-alive."
)
JSON = "application/json"
_AS_JSON = frozenset({"breakpoints", "messages", "tile"})
"""Settings that are JSON in a query string."""
Schema = dict[str, Any]
RUN_ORDER = (
    "The events of the run, in this order: start, queued (any number), prompt, token (any "
    "number), then done or error."
)
NUMBERED_EVENTS = "<run_id>:<n>, counting from 0."
LAST_EVENT_ID = "The id of the last event that the client has; the events after it follow."
NUMBERED_LINES = "Position of the line; Last-Event-ID continues after it."
PAIR_ORDER = (
    "The events of both runs, each in its own order; common, and a divergence for each token once "
    "both have it; then compared, or error if a run failed."
)


def document(config: ServerConfig, default_model: str = DEFAULT_MODEL) -> Schema:
    """The document of a server with this configuration."""
    schemas = _schemas(config, default_model)
    return {
        "openapi": "3.2.0",
        "info": {
            "title": "MAV",
            "version": __version__,
            "summary": "Watch a language model think: measurements of every token, streamed.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        **({"servers": [{"url": config.root_path}]} if config.root_path else {}),
        "paths": _paths(schemas),
        "components": {
            "schemas": schemas,
            "responses": {"Problem": _problem()},
            "securitySchemes": {"trainingToken": {"type": "http", "scheme": "bearer"}},
        },
    }


def as_3_1(api: Schema) -> Schema:
    """Convert a document to OpenAPI 3.1: streams get the schema of one event."""
    older: Schema = copy.deepcopy(api) | {"openapi": "3.1.1"}
    operations = [each for path in older["paths"].values() for each in path.values()]
    for operation in operations:
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                if "itemSchema" in content:
                    sent = content.pop("itemSchema")
                    data = sent.get("properties", {}).get("data", {})
                    content["schema"] = data.get("contentSchema", sent)
    return older


def index(api: Schema) -> Schema:
    """The response of `/api`: a list of the operations."""
    return {
        "name": api["info"]["title"],
        "version": api["info"]["version"],
        "summary": api["info"]["summary"],
        "operations": [
            {"method": method.upper(), "path": path, "summary": operation["summary"]}
            for path, operations in api["paths"].items()
            for method, operation in operations.items()
        ],
    }


def _schemas(config: ServerConfig, default_model: str) -> dict[str, Schema]:
    schemas = copy.deepcopy(_common_schemas())
    settings = schemas["RunSettings"]["properties"]
    limit = config.max_new_tokens
    settings["max_new_tokens"]["maximum"] = limit
    settings["max_new_tokens"]["default"] = min(limit, settings["max_new_tokens"]["default"])
    settings["model"]["default"] = default_model
    return schemas


@cache
def _common_schemas() -> dict[str, Schema]:
    """The schemas with the default limits. Not to be changed: each server has a copy."""
    answers: list[type[BaseModel]] = [
        Problem, ModelList, TokenizeResult, TrainingReceived, Health, Readiness,
    ]  # fmt: skip
    _, definitions = models_json_schema(
        [(each, "serialization") for each in answers], ref_template=REF
    )
    _, asked = models_json_schema(
        [(each, "validation") for each in (RunSettings, TokenizeRequest, CompareSettings)],
        ref_template=REF,
    )
    event = EVENTS.adapter.json_schema(mode="serialization", ref_template=REF)
    pair = COMPARE_EVENTS.adapter.json_schema(mode="serialization", ref_template=REF)
    events = {**pair.pop("$defs"), **event.pop("$defs"), "Event": event, "CompareEvent": pair}
    schemas: dict[str, Schema] = {**events, **definitions["$defs"]}
    left_out = {kind.__name__: names for kind, names in OPTIONAL.items()}
    for name, schema in schemas.items():
        # Pydantic treats a field with a default as optional, but only measurements that are not
        # captured are omitted.
        if "properties" in schema:
            absent = left_out.get(name, frozenset())
            schema["required"] = [key for key in schema["properties"] if key not in absent]
    schemas |= asked["$defs"]
    # Generators need a reference for a named type; inline schemas become anonymous types.
    schemas["SideEvent"]["properties"]["event"] = _ref("Event")
    schemas[PACKED_ARRAY] = PACKED_SCHEMA
    schemas["Array"] = _with_packed_named(schemas["Array"])
    schemas["Look"] = _snapshot_schema()
    schemas["TrainingEvent"] = _with_snapshots(schemas["Event"])
    return dict(sorted(schemas.items()))


def _with_packed_named(schema: Any) -> Any:
    """The schema with references in place of inline packed arrays."""
    if schema == PACKED_SCHEMA:
        return _ref(PACKED_ARRAY)
    if isinstance(schema, dict):
        return {key: _with_packed_named(each) for key, each in schema.items()}
    if isinstance(schema, list):
        return [_with_packed_named(each) for each in schema]
    return schema


def _snapshot_schema() -> Schema:
    """The line before each run in a training's recording."""
    snapshot = TypeAdapter(Snapshot).json_schema(mode="serialization", ref_template=REF)
    head = {
        "type": {"type": "string", "const": "training"},
        "v": {"type": "integer", "const": VERSION, "description": "The version of the format."},
    }
    properties = head | snapshot["properties"]
    return snapshot | {"title": "Look"} | {"properties": properties, "required": list(properties)}


def _with_snapshots(event: Schema) -> Schema:
    """The events in the stream of a training."""
    snapshot = _ref("Look")
    mapping = {"training": snapshot["$ref"], **event["discriminator"]["mapping"]}
    return {
        "discriminator": {"propertyName": "type", "mapping": mapping},
        "oneOf": [snapshot, *event["oneOf"]],
    }


def _paths(schemas: dict[str, Schema]) -> Schema:
    refused = (
        "400", "401", "403", "404", "406", "408", "413", "415", "422", "429", "502", "503", "500",
    )  # fmt: skip
    events = _stream(schemas["Event"], "Event", RUN_ORDER, NUMBERED_EVENTS)
    pair_events = _stream(schemas["CompareEvent"], "CompareEvent", PAIR_ORDER)
    run = _answers({"200": events}, *refused)
    nothing = {"description": "The run has ended, and the client has all of its events."}
    shared = _answers(
        {"200": events, "204": nothing}, "403", "404", "406", "410", "422", "429", "503", "500"
    )
    pair = _answers({"200": pair_events}, *refused)
    comparing = "Run two models in lockstep and stream both runs and their divergence"
    unread = ("400", "401", "403", "404", "408", "413", "415", "422", "502", "503")
    tokens = _answers({"200": _answer("TokenizeResult")}, *unread)
    query = _query(schemas["RunSettings"])
    running = "Run a model and stream its measurements"
    watching = "Stream the recording of a training as it grows"
    grown = _stream(schemas["TrainingEvent"], "TrainingEvent", TRAINING_ORDER, NUMBERED_LINES)
    watched = _answers({"200": grown}, "401", "403", "404", "502", "503")
    document_response = {
        "description": "An OpenAPI document.",
        "content": {JSON: {"schema": {"type": "object"}}},
    }
    return {
        "/api/run": {
            "get": _operation("runByQuery", running, run) | {"parameters": query},
            "post": _operation("run", running, run) | _body("RunSettings"),
        },
        "/api/runs/{run_id}/events": {
            "get": _operation("watchRun", "Watch a run, from its first event on", shared)
            | {"parameters": [_run_id(), _last_event_id()]},
        },
        "/api/compare": {
            "post": _operation("compare", comparing, pair) | _body("CompareSettings"),
        },
        "/api/models": {
            "get": _operation("listModels", "List the models", _json_response("ModelList"))
        },
        "/api/tokenize": {
            "post": _operation("tokenize", "Tokenize a text", tokens) | _body("TokenizeRequest")
        },
        "/api/training": {
            "get": _operation("watchTraining", watching, watched),
            "post": _receiving(),
        },
        "/api/health": {
            "get": _operation("health", "Get the state of the server", _json_response("Health"))
        },
        "/api/metrics": {
            "get": _operation(
                "metrics",
                "Get metrics for Prometheus",
                {
                    "200": {
                        "description": "Metrics in the text format.",
                        "content": {"text/plain": {"schema": {"type": "string"}}},
                    }
                },
            )
        },
        "/api/ready": {
            "get": _operation(
                "ready", "Get whether the server takes runs", _json_response("Readiness")
            )
        },
        "/api/openapi.json": {
            "get": _operation("openapi", "This document", {"200": document_response})
        },
        "/api/openapi-3.1.json": {
            "get": _operation(
                "openapi31",
                "This document in OpenAPI 3.1, for generators",
                {"200": document_response},
            )
        },
    }


def _run_id() -> Schema:
    return {
        "name": "run_id",
        "in": "path",
        "required": True,
        "description": "The run_id of the run's start event.",
        "schema": {"type": "string"},
    }


def _last_event_id() -> Schema:
    return {
        "name": "Last-Event-ID",
        "in": "header",
        "description": LAST_EVENT_ID,
        "schema": {"type": "string"},
    }


def _receiving() -> Schema:
    """The operation that receives snapshots of a training."""
    refused = ("400", "401", "403", "404", "408", "409", "413", "415", "422", "503", "507")
    answers = _answers({"200": _answer("TrainingReceived")}, *refused)
    asked = StreamQuery.model_json_schema()
    return {
        **_operation("sendLooks", "Stream a training to this site", answers),
        "security": [{}, {"trainingToken": []}],
        "parameters": [
            _parameter(name, schema) | {"required": name in asked["required"]}
            for name, schema in asked["properties"].items()
        ],
        "requestBody": {
            "description": RECEIVING,
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
    }


def _operation(name: str, summary: str, responses: Schema) -> Schema:
    return {"operationId": name, "summary": summary, "responses": responses}


def _json_response(schema: str) -> Schema:
    return _answers({"200": _answer(schema)}, "401", "403", "500")


def _answers(good: Schema, *statuses: str) -> Schema:
    return good | {status: {"$ref": "#/components/responses/Problem"} for status in statuses}


def _answer(schema: str) -> Schema:
    return {"description": schema, "content": {JSON: {"schema": _ref(schema)}}}


def _body(schema: str) -> Schema:
    return {"requestBody": {"required": True, "content": {JSON: {"schema": _ref(schema)}}}}


def _problem() -> Schema:
    return {
        "description": "Why the request was refused.",
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
        "headers": {
            "Retry-After": {
                "description": "Seconds to wait before a retry.",
                "schema": {"type": "integer"},
            }
        },
    }


def _stream(union: Schema, schema: str, order: str, numbered: str = "") -> Schema:
    """Server-sent events; for runs also as JSON lines."""
    properties: Schema = {"event": {"type": "string", "enum": [*union["discriminator"]["mapping"]]}}
    if numbered:
        properties["id"] = {"type": "string", "description": numbered}
    properties["data"] = {
        "type": "string",
        "contentMediaType": JSON,
        "contentSchema": _ref(schema),
    }
    sent = {"type": "object", "required": list(properties), "properties": properties}
    content: Schema = {SSE: {"itemSchema": sent}}
    if schema != "TrainingEvent":
        content[NDJSON] = {"itemSchema": _ref(schema)}
    return {"description": order, "content": content}


def _query(settings: Schema) -> list[Schema]:
    """Each setting as a query parameter; lists repeated, objects as JSON."""
    return [
        *(_parameter(name, schema) for name, schema in settings["properties"].items()),
        {
            "name": "params",
            "in": "query",
            "description": "The whole RunSettings object as JSON, instead of the other parameters.",
            "content": {JSON: {"schema": _ref("RunSettings")}},
        },
    ]


def _parameter(name: str, schema: Schema) -> Schema:
    parameter = {"name": name, "in": "query", "description": schema.get("description", "")}
    if name in _AS_JSON:
        return parameter | {"content": {JSON: {"schema": schema}}}
    if schema.get("type") == "array":
        commas = ", or separate items by commas" if name in COMMA_SEPARATED else ""
        parameter["description"] += f" In a query, repeat the parameter for each item{commas}."
        parameter |= {"style": "form", "explode": True}
    return parameter | {"schema": schema}


def _ref(schema: str) -> Schema:
    return {"$ref": REF.format(model=schema)}


def printed(config: ServerConfig) -> bytes:
    """The document as it is stored in the repository: indented, with a final line break."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document(config), option=options)


if __name__ == "__main__":
    sys.stdout.buffer.write(printed(ServerConfig()))
