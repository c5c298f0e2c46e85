"""Which attention patterns are shown, and the maps that the events of a run put together."""

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
    """What `--attn-layer` and `--attn-head` name in this model.

    Args:
        layer: `last`, `all` or numbers with commas.
        head: `mean`, `all` or numbers with commas.

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
    known = f"0 to {count - 1}" if count else "not told"
    raise InvalidSettings(
        f"--{field.replace('_', '-')} is {given!r:.80}: give {word}, {ALL}, or numbers with "
        f"commas. The {things} of {model}: {known}.",
        field=field,
    )


def map_at(record: RunRecord, index: int) -> Floats | None:
    """[n_layers][n_heads][queries][keys] of all that was read when token `index` was predicted.

    The last row is the one that predicted the token. None where the run did not capture them.
    """
    told = None if record.prompt is None else record.prompt.attention_map
    if told is None or index >= len(record.tokens):
        return None
    whole = told if index == 0 else record.tokens[index].attention_map
    return _from_rows(told, record.tokens[1 : index + 1]) if whole is None else whole


def _from_rows(prompt: Floats, tokens: list[Token]) -> Floats | None:
    """The prompt's map, and a row of each step that read one more token."""
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
    """[layers][heads or 1][queries][keys]: what is asked for of a whole map."""
    if heads.heads is None:
        return mean_of_heads(pattern[heads.layers])[:, None]
    return pattern[np.ix_(heads.layers, heads.heads)]
