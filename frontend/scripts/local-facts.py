"""Writes what the engine in the browser has to know of the engine in Python.

    python frontend/scripts/local-facts.py > frontend/local/facts.json

The settings with their types, limits and defaults, the descriptions of the probes, and the limits
that both engines share. `make contract` runs it; a test fails when the file is stale.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from mav_engine.backends.calibration import MAX_CALIBRATION_TOKENS
from mav_engine.contract.arrays import MAX_HALF_SHARES, MAX_PLAIN, MIN_SHARES_PEAK
from mav_engine.probes import attention_map, attention_sources, prompt_columns, tiles
from mav_engine.probes.registry import BUILT_IN, probe
from mav_engine.settings import DEFAULT_MODEL, DEFAULT_PROBES, RunSettings
from mav_engine.text.plain_chat import PLAIN_ROLES

Schema: TypeAlias = dict[str, Any]

_LIMITS = {
    "enum": "oneOf",
    "minimum": "least",
    "exclusiveMinimum": "above",
    "maximum": "most",
    "minLength": "shortest",
    "minItems": "shortest",
    "maxLength": "longest",
    "maxItems": "longest",
}
_LARGEST = 2**53 - 1
"""The largest integer of JSON; a whole number is tested for it anyway."""


def facts() -> dict[str, Any]:
    """The facts, as JSON data."""
    built_in = [probe(name) for name in BUILT_IN]
    return {
        "settings": _settings(),
        "default_model": DEFAULT_MODEL,
        "default_probes": list(DEFAULT_PROBES),
        "probes": [
            {
                "name": each.name,
                "unit": each.unit,
                "shape": each.shape,
                "hook_point": each.hook_point,
            }
            for each in built_in
        ],
        "always": [each.name for each in built_in if each.always],
        "plain_roles": list(PLAIN_ROLES),
        "limits": {
            "plain_numbers": MAX_PLAIN,
            "half_shares": MAX_HALF_SHARES,
            "least_peak": MIN_SHARES_PEAK,
            "sources": attention_sources.MAX_SOURCES,
            "columns": prompt_columns.MAX_COLUMNS,
            "column_weights": prompt_columns.MAX_WEIGHTS,
            "column_lens_products": prompt_columns.MAX_LENS_PRODUCTS,
            "map_numbers": attention_map.MAX_MAP_NUMBERS,
            "tile_numbers": tiles.MAX_PROJECTION_NUMBERS,
            "tile_prompt_positions": tiles.MAX_PROMPT_POSITIONS,
            "tile_massive": tiles.MASSIVE,
            "tile_seed": tiles.SEED,
            "calibration_tokens": MAX_CALIBRATION_TOKENS,
        },
    }


def _settings() -> dict[str, Any]:
    schema = RunSettings.model_json_schema()
    return _fields(schema, schema["$defs"])


def _fields(schema: Schema, definitions: Schema) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        name: _field(each, definitions) | ({"required": True} if name in required else {})
        for name, each in schema["properties"].items()
    }


def _field(schema: Schema, definitions: Schema) -> dict[str, Any]:
    """A setting in the form of `facts.ts`, which is half as long as the JSON schema."""
    field: dict[str, Any] = {}
    kind = schema
    if "anyOf" in schema:
        (kind,) = (each for each in schema["anyOf"] if each["type"] != "null")
        field["nullable"] = True
    if "$ref" in kind:
        kind = definitions[kind["$ref"].rpartition("/")[2]]
    if kind["type"] == "object":
        return field | {"fields": _fields(kind, definitions)}
    if kind["type"] != "string":
        field["type"] = kind["type"]
    if "items" in kind:
        field["items"] = _field(kind["items"], definitions)
    for name, short in _LIMITS.items():
        if kind.get(name, _LARGEST) != _LARGEST:
            field[short] = kind[name]
    if schema.get("default") is not None:
        field["default"] = schema["default"]
    return field


if __name__ == "__main__":
    print(json.dumps(facts(), separators=(",", ":"), ensure_ascii=False))
