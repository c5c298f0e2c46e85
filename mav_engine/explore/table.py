"""`tokens.csv`: one row per token of prompt and output, with all scalar measurements."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mav_engine.characters import table_text
from mav_engine.explore.explored_run import ExploredRun, sampled_prob

_MOVED = ("index", "forced", "position", "id", "token", "text", "logprob", "entropy")
"""Columns of the record that are moved to the front or left out."""
FRONT = (
    "model", "part", "step", "position", "id", "token", "text", "logprob", "prob", "sampled_prob",
    "entropy",
)  # fmt: skip
_APART = ("kl", "kl_reverse", "same_top")
"""Columns of a forced run."""


def tokens_csv(runs: list[ExploredRun]) -> bytes:
    """The table (RFC 4180, UTF-8); missing values are empty. Texts are escaped by `table_text`.

    `step` is as in the trace, 0 for the prompt. Columns of layers and heads have a suffix after a
    dot. Models with different numbers of layers fill different columns. A forced second run also
    has columns for its divergence from the first (KL in nats).
    """
    rows = [row for each in runs for row in _rows(each)]
    names = list(dict.fromkeys([*FRONT, *(name for row in rows for name in row)]))
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, names, restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows({name: _field(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _rows(run: ExploredRun) -> Iterator[dict[str, Any]]:
    read = run.record.prompt.tokens if run.record.prompt is not None else []
    for place, each in enumerate(read):
        yield {
            "model": run.name, "part": "prompt", "step": 0, "position": place, "id": each.id,
            "token": run.prompt_tokens[place], "text": each.text, "logprob": each.logprob,
            "prob": None if each.logprob is None else math.exp(each.logprob),
            "entropy": each.entropy,
        }  # fmt: skip
    columns = run.record.columns()
    for place, token in enumerate(run.record.tokens):
        front = {"model": run.name, "part": "new", "step": place + 1}
        own = {name: columns[name][place] for name in _MOVED[2:]}
        others = {name: all_[place] for name, all_ in columns.items() if name not in _MOVED}
        probs = {"prob": token.prob, "sampled_prob": sampled_prob(token)}
        apart = run.divergence(place + 1)
        others |= {} if apart is None else {name: getattr(apart, name) for name in _APART}
        yield front | own | probs | others


def _field(value: Any) -> Any:
    if isinstance(value, str):
        return table_text(value)
    absent = value is None or (isinstance(value, float | np.floating) and not np.isfinite(value))
    return "" if absent else value
