"""The golden file of comparisons: `python -m tests.goldens.comparisons` writes it.

It holds the settings of comparisons of the embedded model with itself, the events about both runs,
and of each run the ids, the text and the reason of its end.
"""

from __future__ import annotations

import json
from typing import Any

from mav_engine.backends.load import load_backend
from mav_engine.compare import Side, compare, compare_to_json, parse_compare
from mav_engine.compare.settings import SIDES
from mav_engine.settings import DEFAULT_MODEL
from tests.goldens.files import write

NAME = "comparisons"
_STORY = "Once upon a time"
_PARK = "Tom and Lily went to the park. They"
_LONG = "A big red ball rolled down the hill. " * 9


def settings() -> list[dict[str, Any]]:
    """The settings of each comparison."""
    greedy: dict[str, Any] = {"prompt": _STORY, "max_new_tokens": 12, "temperature": 0.0, "seed": 7}
    sampled = {**greedy, "temperature": 1.2}
    warm = {**greedy, "temperature": 0.8}
    without_layers = ["predictions", "distribution", "mlp"]
    tiles = {"capture": ["tiles"], "tile": {"height": 2, "width": 3, "signal": "mlp"}}
    small = {"capture": ["tiles"], "tile": {"height": 1, "width": 2, "signal": "residual"}}
    return [
        _pair(greedy, sampled),
        _pair(greedy, sampled, "forced"),
        _pair(sampled, greedy, "forced"),
        _pair(greedy, {**greedy, "prompt": _PARK}),
        _pair({**warm, "prompt": _LONG}, {**warm, "prompt": _PARK}, "forced"),
        _pair(warm, {**warm, "seed": 11}),
        _pair({**warm, "seed": 3}, {**warm, "seed": None}),
        _pair({**warm, "seed": None}, {**warm, "seed": 4, "top_k": 5}),
        _pair(greedy, {**greedy, "capture": without_layers}),
        _pair({**greedy, "capture": without_layers}, greedy),
        _pair(greedy | small, warm | tiles),
        _pair(greedy, {**warm, "capture": ["logit_lens", "attention_sources", "attention_rows"]}),
        _pair({**greedy, "max_new_tokens": 4}, sampled),
        _pair(sampled, {**greedy, "max_new_tokens": 4}, "forced"),
        _pair({**greedy, "max_new_tokens": 4}, sampled, "forced"),
        _pair({**greedy, "max_new_tokens": 60, "stop": ["was"]}, {**warm, "top_p": 0.7}, "forced"),
        _pair({**warm, "forced_ids": [440, 448, 259]}, {**warm, "forced_ids": [440, 402]}),
        _pair({**greedy, "forced_ids": [440, 448, 0]}, warm, "forced"),
        _pair({**greedy, "forced_ids": [440, 0, 259]}, {**warm, "max_new_tokens": 2}, "forced"),
        _pair({**warm, "max_new_tokens": 60, "breakpoints": {"after": 5}}, warm, "forced"),
    ]


def _pair(a: dict[str, Any], b: dict[str, Any], mode: str = "own") -> dict[str, Any]:
    return {"a": a, "b": b, "mode": mode}


def content() -> dict[str, Any]:
    """What the file holds."""
    backend = load_backend(DEFAULT_MODEL)
    return {"comparisons": [_comparison(given, backend) for given in settings()]}


def _comparison(given: dict[str, Any], backend: Any) -> dict[str, Any]:
    made = compare(parse_compare(given), backends=(backend, backend))
    events = [json.loads(compare_to_json(each)) for each in made]
    return {
        "settings": given,
        "runs": {side: _run(events, side) for side in SIDES},
        "events": [each for each in events if each["type"] != "side"],
    }


def _run(events: list[dict[str, Any]], side: Side) -> dict[str, Any]:
    own = [each["event"] for each in events if each["type"] == "side" and each["side"] == side]
    tokens = [each for each in own if each["type"] == "token"]
    return {
        "types": [each["type"] for each in own],
        "ids": [each["token"]["id"] for each in tokens],
        "forced": [each["forced"] for each in tokens],
        "tiles": [each["tiles"] for each in tokens if "tiles" in each],
        "reason": own[-1]["reason"],
        "text": own[-1]["text"],
    }


if __name__ == "__main__":
    write(NAME, content())
