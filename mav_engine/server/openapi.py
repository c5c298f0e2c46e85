"""The OpenAPI document, assembled from the types that the code itself uses.

OpenAPI 3.2 describes streams. Most generators of clients know 3.1 only, which has no word for the
items of a stream; `as_3_1` describes a stream by one event of it, so that they find the types.

`python -m mav_engine.server.openapi` prints it with the default limits: the file from which the
site's TypeScript is generated. A server's own document has its limits and its default model.
"""

from __future__ import annotations

import copy
import sys
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
from mav_engine.server.http.problems import Problem
from mav_engine.server.runs.stream import NDJSON, SSE
from mav_engine.server.schemas import (
    Health,
    ModelList,
    TokenizeRequest,
    TokenizeResult,
    TrainingReceived,
)
from mav_engine.server.training.body import StreamQuery
from mav_engine.settings import COMMA_SEPARATED, DEFAULT_MODEL, RunSettings
from mav_engine.training.recording import VERSION, Look

PACKED_ARRAY = "PackedArray"
REF = "#/components/schemas/{model}"
TRAINING_ORDER = (
    "Each line of the recording (docs/training.md) as an event of its type, from the beginning or "
    "behind Last-Event-ID. It never ends by itself."
)
RECEIVING = (
    "Whole looks, as they stand in a recording (docs/training.md): each line with its line break. "
    "All of a body are stored, or none. An empty body says that the training is there."
)
JSON = "application/json"
_AS_JSON = frozenset({"breakpoints", "messages", "tile"})
"""Settings that are JSON in a query."""
Schema = dict[str, Any]
RUN_ORDER = (
    "The events of the run, in this order: start, queued (any number), prompt, token (any "
    "number), then done or error."
)
NUMBERED_EVENTS = "<run_id>:<n>, counting from 0."
NUMBERED_LINES = "Where the line is; Last-Event-ID continues after it."
PAIR_ORDER = (
    "The events of both runs, each in its own order; common, and a divergence for each token once "
    "both have it; then compared, or error where a run broke off."
)


def document(config: ServerConfig, default_model: str = DEFAULT_MODEL) -> Schema:
    """The document of a server with these limits."""
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
    """A document in OpenAPI 3.1: the content of a stream has the schema of one event."""
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
    """What `/api` answers: the operations of a document, for someone who looks around."""
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
    answers: list[type[BaseModel]] = [
        Problem, ModelList, TokenizeResult, TrainingReceived, Health,
    ]  # fmt: skip
    _, told = models_json_schema([(each, "serialization") for each in answers], ref_template=REF)
    _, asked = models_json_schema(
        [(each, "validation") for each in (RunSettings, TokenizeRequest, CompareSettings)],
        ref_template=REF,
    )
    event = EVENTS.json_schema(mode="serialization", ref_template=REF)
    pair = COMPARE_EVENTS.json_schema(mode="serialization", ref_template=REF)
    events = {**pair.pop("$defs"), **event.pop("$defs"), "Event": event, "CompareEvent": pair}
    schemas: dict[str, Schema] = {**events, **told["$defs"]}
    left_out = {kind.__name__: names for kind, names in OPTIONAL.items()}
    for name, schema in schemas.items():
        # Pydantic calls a field with a default optional, but what is sent always holds it;
        # only the measurements that nobody asked for are left out.
        if "properties" in schema:
            absent = left_out.get(name, frozenset())
            schema["required"] = [key for key in schema["properties"] if key not in absent]
    schemas |= asked["$defs"]
    # Generators name what a reference names; of a schema in place they make a type without a name.
    schemas["SideEvent"]["properties"]["event"] = _ref("Event")
    schemas[PACKED_ARRAY] = PACKED_SCHEMA
    schemas["Array"] = _with_packed_named(schemas["Array"])
    schemas["Look"] = _look()
    schemas["TrainingEvent"] = _with_looks(schemas["Event"])
    settings = schemas["RunSettings"]["properties"]
    limit = config.max_new_tokens
    settings["max_new_tokens"]["maximum"] = limit
    settings["max_new_tokens"]["default"] = min(limit, settings["max_new_tokens"]["default"])
    settings["model"]["default"] = default_model
    return dict(sorted(schemas.items()))


def _with_packed_named(schema: Any) -> Any:
    """The same schema, with a reference in each place where a packed array may be."""
    if schema == PACKED_SCHEMA:
        return _ref(PACKED_ARRAY)
    if isinstance(schema, dict):
        return {key: _with_packed_named(each) for key, each in schema.items()}
    if isinstance(schema, list):
        return [_with_packed_named(each) for each in schema]
    return schema


def _look() -> Schema:
    """The line before each run of a training's recording."""
    look = TypeAdapter(Look).json_schema(mode="serialization", ref_template=REF)
    head = {
        "type": {"type": "string", "const": "training"},
        "v": {"type": "integer", "const": VERSION, "description": "The version of the format."},
    }
    properties = head | look["properties"]
    return look | {"properties": properties, "required": list(properties)}


def _with_looks(event: Schema) -> Schema:
    """What the stream of a training consists of."""
    look = _ref("Look")
    mapping = {"training": look["$ref"], **event["discriminator"]["mapping"]}
    return {
        "discriminator": {"propertyName": "type", "mapping": mapping},
        "oneOf": [look, *event["oneOf"]],
    }


def _paths(schemas: dict[str, Schema]) -> Schema:
    refused = ("400", "403", "404", "406", "408", "413", "415", "422", "429", "503", "500")
    events = _stream(schemas["Event"], "Event", RUN_ORDER, NUMBERED_EVENTS)
    pair_events = _stream(schemas["CompareEvent"], "CompareEvent", PAIR_ORDER)
    run = _answers({"200": events}, *refused)
    pair = _answers({"200": pair_events}, *refused)
    comparing = "Run two models in step and stream what is measured of both, and how they differ"
    unread = ("400", "403", "404", "408", "413", "415", "422", "503")
    tokens = _answers({"200": _answer("TokenizeResult")}, *unread)
    query = _query(schemas["RunSettings"])
    running = "Run a model and stream what is measured"
    watching = "Read the recording of a training, and go on as it grows"
    grown = _stream(schemas["TrainingEvent"], "TrainingEvent", TRAINING_ORDER, NUMBERED_LINES)
    watched = _answers({"200": grown}, "403", "404", "503")
    document_told = {
        "description": "An OpenAPI document.",
        "content": {JSON: {"schema": {"type": "object"}}},
    }
    return {
        "/api/run": {
            "get": _operation("runByQuery", running, run) | {"parameters": query},
            "post": _operation("run", running, run) | _body("RunSettings"),
        },
        "/api/compare": {
            "post": _operation("compare", comparing, pair) | _body("CompareSettings"),
        },
        "/api/models": {
            "get": _operation("listModels", "The models to choose from", _told("ModelList"))
        },
        "/api/tokenize": {
            "post": _operation("tokenize", "Cut a text into tokens", tokens)
            | _body("TokenizeRequest")
        },
        "/api/training": {
            "get": _operation("watchTraining", watching, watched),
            "post": _receiving(),
        },
        "/api/health": {"get": _operation("health", "How the server is doing", _told("Health"))},
        "/api/openapi.json": {
            "get": _operation("openapi", "This document", {"200": document_told})
        },
        "/api/openapi-3.1.json": {
            "get": _operation(
                "openapi31", "This document in OpenAPI 3.1, for generators", {"200": document_told}
            )
        },
    }


def _receiving() -> Schema:
    """A training elsewhere sends its looks."""
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


def _told(schema: str) -> Schema:
    return _answers({"200": _answer(schema)}, "403", "500")


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
                "description": "Seconds to wait, where waiting helps.",
                "schema": {"type": "integer"},
            }
        },
    }


def _stream(union: Schema, schema: str, order: str, numbered: str = "") -> Schema:
    """Events as server-sent events; those of runs also as one JSON object a line."""
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
            "description": "The whole RunSettings object as JSON, instead of the others.",
            "content": {JSON: {"schema": _ref("RunSettings")}},
        },
    ]


def _parameter(name: str, schema: Schema) -> Schema:
    parameter = {"name": name, "in": "query", "description": schema.get("description", "")}
    if name in _AS_JSON:
        return parameter | {"content": {JSON: {"schema": schema}}}
    if schema.get("type") == "array":
        commas = "; its items may also be separated by commas" if name in COMMA_SEPARATED else ""
        parameter["description"] += f" In a query, repeat the parameter for each item{commas}."
        parameter |= {"style": "form", "explode": True}
    return parameter | {"schema": schema}


def _ref(schema: str) -> Schema:
    return {"$ref": REF.format(model=schema)}


def printed(config: ServerConfig) -> bytes:
    """The document as the repository keeps it: indented, ended by a line break."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document(config), option=options)


if __name__ == "__main__":
    sys.stdout.buffer.write(printed(ServerConfig()))
