"""Writes what the engine in the browser has to know of the engine in Python.

    python frontend/scripts/local-facts.py > frontend/local/facts.json

The schema of the settings without descriptions, the descriptions of the probes, and the limits that
both engines share. `make contract` runs it; a test fails when the file is stale.
"""

from __future__ import annotations

import json
from typing import Any

from mav_engine.backends.calibration import MAX_CALIBRATION_TOKENS
from mav_engine.contract.arrays import MAX_HALF_SHARES, MAX_PLAIN, MIN_SHARES_PEAK
from mav_engine.probes import attention_map, attention_sources, prompt_columns, tiles
from mav_engine.probes.registry import BUILT_IN, probe
from mav_engine.settings import DEFAULT_MODEL, DEFAULT_PROBES, RunSettings
from mav_engine.text.plain_chat import PLAIN_ROLES

_TEXTS = frozenset({"description", "title"})


def facts() -> dict[str, Any]:
    """The facts, as JSON data."""
    built_in = [probe(name) for name in BUILT_IN]
    return {
        "settings": _without_texts(RunSettings.model_json_schema()),
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


def _without_texts(schema: Any) -> Any:
    """A schema without its descriptions; a property may be called like one."""
    if isinstance(schema, list):
        return [_without_texts(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: (
            {key: _without_texts(each) for key, each in value.items()}
            if name in ("properties", "$defs")
            else _without_texts(value)
        )
        for name, value in schema.items()
        if name not in _TEXTS
    }


if __name__ == "__main__":
    print(json.dumps(facts(), separators=(",", ":"), ensure_ascii=False))
