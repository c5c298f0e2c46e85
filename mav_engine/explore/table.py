"""`tokens.csv`: a row a token of prompt and text, with all that is one number a token."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mav_engine.characters import table_text
from mav_engine.explore.seen import Seen, sampled_prob

_MOVED = ("index", "forced", "position", "id", "token", "text", "logprob", "entropy")
"""Columns of the record that stand at the front, or not at all."""
FRONT = (
    "model", "part", "step", "position", "id", "token", "text", "logprob", "prob", "sampled_prob",
    "entropy",
)  # fmt: skip
_APART = ("kl", "kl_reverse", "same_top")
"""Of a model that follows another."""


def tokens_csv(seen: list[Seen]) -> bytes:
    """The table (RFC 4180, UTF-8); what does not exist is an empty field.
    Texts are written as `table_text` gives them.

    `step` counts as in the trace, 0 for the prompt. Layers and heads stand behind a dot. Of two
    models with layers of other numbers each fills its own columns. The second has its divergence
    from the first (KL in nats) besides, where it is forced to the first's text.
    """
    rows = [row for each in seen for row in _rows(each)]
    names = list(dict.fromkeys([*FRONT, *(name for row in rows for name in row)]))
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, names, restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows({name: _field(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _rows(seen: Seen) -> Iterator[dict[str, Any]]:
    read = seen.record.prompt.tokens if seen.record.prompt is not None else []
    for place, each in enumerate(read):
        yield {
            "model": seen.name, "part": "prompt", "step": 0, "position": place, "id": each.id,
            "token": seen.prompt_tokens[place], "text": each.text, "logprob": each.logprob,
            "prob": None if each.logprob is None else math.exp(each.logprob),
            "entropy": each.entropy,
        }  # fmt: skip
    columns = seen.record.columns()
    for place, token in enumerate(seen.record.tokens):
        front = {"model": seen.name, "part": "new", "step": place + 1}
        own = {name: columns[name][place] for name in _MOVED[2:]}
        others = {name: all_[place] for name, all_ in columns.items() if name not in _MOVED}
        probs = {"prob": math.exp(token.logprob), "sampled_prob": sampled_prob(token)}
        apart = seen.divergence(place + 1)
        others |= {} if apart is None else {name: getattr(apart, name) for name in _APART}
        yield front | own | probs | others


def _field(value: Any) -> Any:
    if isinstance(value, str):
        return table_text(value)
    absent = value is None or (isinstance(value, float | np.floating) and not np.isfinite(value))
    return "" if absent else value
