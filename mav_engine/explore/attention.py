"""Selects attention patterns, and assembles maps from the events of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo, Token
from mav_engine.errors import InvalidSettings
from mav_engine.results.result import RunRecord

LAST, MEAN, ALL = "last", "mean", "all"


@dataclass(frozen=True, slots=True)
class Heads:
    """The layers and heads of one model that are shown."""

    layers: list[int]
    heads: list[int] | None
    """None is the mean over all heads of a layer."""


def heads_of(layer: str, head: str, model: ModelInfo) -> Heads:
    """Parse `--attn-layer` and `--attn-head` for this model.

    Args:
        layer: `last`, `all` or comma-separated numbers.
        head: `mean`, `all` or comma-separated numbers.

    Raises:
        InvalidSettings: this model has no such layer or head.
    """
    layers = [(model.layers or 1) - 1] if layer == LAST else None
    if layers is None:
        layers = _numbers("attn_layer", layer, "layers", model.layers, model.name, LAST)
    if head == MEAN:
        return Heads(layers, None)
    return Heads(layers, _numbers("attn_head", head, "heads", model.heads, model.name, MEAN))


def _numbers(
    field: str, given: str, things: str, count: int | None, model: str, word: str
) -> list[int]:
    if given == ALL and count:
        return list(range(count))
    parts = given.split(",")
    whole = [part.strip() for part in parts]
    numbers = [int(part) for part in whole if part.isascii() and part.isdecimal()]
    if len(numbers) == len(whole) and all(each < (count or 0) for each in numbers):
        return list(dict.fromkeys(numbers))
    known = f"0 to {count - 1}" if count else "unknown"
    raise InvalidSettings(
        f"--{field.replace('_', '-')} is {given!r:.80}: give {word}, {ALL}, or comma-separated "
        f"numbers. The {things} of {model}: {known}.",
        field=field,
    )


def map_at(record: RunRecord, index: int) -> Floats | None:
    """[n_layers][n_heads][queries][keys] of the context of token `index`.

    The last row predicted the token. None if the run did not capture attention.
    """
    prompt_map = None if record.prompt is None else record.prompt.attention_map
    if prompt_map is None or index >= len(record.tokens):
        return None
    whole = prompt_map if index == 0 else record.tokens[index].attention_map
    return _from_rows(prompt_map, record.tokens[1 : index + 1]) if whole is None else whole


def _from_rows(prompt: Floats, tokens: list[Token]) -> Floats | None:
    """The prompt's map with a row added for each step."""
    read = prompt.shape[-1]
    size = read + len(tokens)
    whole = np.zeros((*prompt.shape[:2], size, size), dtype=np.float32)
    whole[np.isnan(prompt).all(axis=(2, 3))] = np.nan
    whole[:, :, :read, :read] = prompt
    for place, token in enumerate(tokens, start=read):
        if token.attention_rows is None:
            return None
        whole[:, :, place, : place + 1] = token.attention_rows
    return whole


def mean_of_heads(pattern: Floats) -> Floats:
    """[…][queries][keys] of [n_layers][n_heads][queries][keys]; NaN where a layer has none."""
    known = np.asarray(~np.isnan(pattern).all(axis=(2, 3)))
    count = known.sum(axis=1)[:, None, None].astype(np.float32)
    total = np.where(known[:, :, None, None], pattern, 0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))


def shown(pattern: Floats, heads: Heads) -> Floats:
    """[layers][heads or 1][queries][keys]: the selected part of a map."""
    if heads.heads is None:
        return mean_of_heads(pattern[heads.layers])[:, None]
    return pattern[np.ix_(heads.layers, heads.heads)]
