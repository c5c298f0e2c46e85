"""The golden file of whole runs: `python -m tests.goldens.runs` writes it.

It holds the settings and the events of runs of the embedded model over all sampling controls and
probes. The engine in the browser writes the same tokens with the same seed, and measures the same.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from mav_engine.backends.load import load_backend
from mav_engine.contract.events import to_json
from mav_engine.running.run import run
from mav_engine.settings import DEFAULT_MODEL, RunSettings
from tests.goldens.files import write

NAME = "runs"
COUNT = 60
_PROMPTS = (
    "Once upon a time",
    "The little dog",
    "Tom and Lily went to the park. They",
    '"Hello," said the bird. "What is',
    "She said \U0001f389 日本",
    "A big red ball rolled down the hill. " * 9,
)
_EXTRA = (
    [],
    ["attention_rows"],
    ["attention_sources", "logit_lens"],
    ["tiles"],
    ["sampler_stages"],
    ["attention_map"],
    ["attention_sources", "attention_rows", "logit_lens", "tiles", "sampler_stages"],
)
_BASE = ["predictions", "distribution", "residual", "mlp", "attention_entropy"]
_UNREPEATABLE = frozenset({"timing", "prefill_ms", "elapsed_ms", "tokens_per_second", "run_id"})


def settings() -> list[dict[str, Any]]:
    """The settings of each run."""
    random = np.random.default_rng(18)

    def any_of(*values: Any) -> Any:
        return values[int(random.integers(len(values)))]

    runs = []
    for number in range(COUNT):
        extra = _EXTRA[number % len(_EXTRA)]
        given: dict[str, Any] = {
            "prompt": _PROMPTS[number % len(_PROMPTS)],
            "max_new_tokens": any_of(1, 6, 9, 12),
            "temperature": any_of(0.0, 0.5, 0.8, 1.0, 1.3, 2.5),
            "top_k": any_of(0, 1, 10, 50, 4096),
            "top_p": any_of(1.0, 0.9, 0.5),
            "min_p": any_of(0.0, 0.0, 0.05, 1.0),
            "repetition_penalty": any_of(1.0, 1.0, 1.2, 0.8),
            "no_repeat_ngram_size": any_of(0, 0, 1, 3),
            "block_eos_steps": any_of(0, 4),
            "block_ws_steps": any_of(0, 0, 3),
            "seed": int(random.integers(2**53)),
            "top_n": any_of(1, 3, 5, 20),
            "aggregation": any_of("l2", "max_abs", "mean_abs", "rms"),
            "capture": [*_BASE, *extra],
        }
        if "attention_map" in extra:
            given["attn_every"] = any_of(0, 2)
        if "tiles" in extra:
            signal = any_of("residual", "mlp", "attn")
            given["tile"] = {"height": 3, "width": any_of(2, 5), "signal": signal}
        runs.append(given)
    for number in (13, 20, 27):
        runs[number]["tile"]["projection"] = "pca"
    # More cells than there are well-determined components would not agree in every digit.
    runs[34]["tile"] |= {"height": 4, "width": 4, "projection": "pca"}
    runs[3] |= {"stop": ["park", " the"], "max_new_tokens": 40}
    runs[4] |= {"breakpoints": {"entropy_above": 3.0}, "max_new_tokens": 40}
    runs[10] |= {"breakpoints": {"probability_below": 0.05}, "max_new_tokens": 40}
    runs[11] |= {"breakpoints": {"text": "the"}, "max_new_tokens": 40}
    runs[17] |= {"breakpoints": {"loop": True}, "max_new_tokens": 60, "temperature": 0.0}
    runs[24] |= {"breakpoints": {"after": 4}}
    runs[25] |= {"stop": ["<|endoftext|>"], "max_new_tokens": 60}
    runs[31] |= {"min_new_tokens": 5, "max_new_tokens": 6}
    runs[32] |= {"forced_ids": [440, 448, 259, 402], "max_new_tokens": 9}
    messages = [{"role": "user", "content": "Who is Lily?"}]
    runs[38] = {**runs[38], "prompt": None, "messages": messages, "max_new_tokens": 30}
    return runs


def content() -> dict[str, Any]:
    """What the file holds."""
    backend = load_backend(DEFAULT_MODEL)
    return {"runs": [_run(given, backend) for given in settings()]}


def _run(given: dict[str, Any], backend: Any) -> dict[str, Any]:
    events = [json.loads(to_json(each)) for each in run(RunSettings(**given), backend=backend)]
    return {"settings": given, "events": [_repeatable(each) for each in events]}


def _repeatable(event: dict[str, Any]) -> dict[str, Any]:
    """An event without the fields that are others each time, or that only a server fills in."""
    if event["type"] == "start":
        return {name: event[name] for name in ("type", "v", "settings", "probes", "rank_bin_edges")}
    kept = {name: value for name, value in event.items() if name not in _UNREPEATABLE}
    return {**kept, "resume": None} if event["type"] == "done" else kept


if __name__ == "__main__":
    write(NAME, content())
