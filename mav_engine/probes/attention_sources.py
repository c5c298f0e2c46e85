"""`attention_sources`: the few positions that each layer and each head attends to most.

A compact form of `attention_rows`, whose size does not depend on the length of the text. The first
token of the context is apart, since many heads put attention that they do not need there (Xiao et
al., "Efficient streaming language models with attention sinks", 2023).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.contract.measurements import AttentionSources
from mav_engine.generation.capture import Step
from mav_engine.probes.base import ColumnContext, Measured, Probe, StepContext

MAX_SOURCES = 4
"""Most sources of a layer."""
_DECIMALS = 5


def columns(heads: int, n_keys: int) -> int:
    """Numbers in a row of `strongest`."""
    return 1 + 2 * min(MAX_SOURCES, n_keys - 1) + 3 * heads


def strongest(pattern: Floats) -> Floats:
    """The strongest sources of each layer, of the mean of all heads, and of each head.

    Args:
        pattern: [n_layers, ..., n_heads, n_keys]; NaN for missing layers and heads, which are not
            part of a mean.

    Returns:
        [n_layers + 1, ..., 1 + 2 k + 3 n_heads] with k = min(`MAX_SOURCES`, n_keys - 1). Of the
        mean over a layer's heads, in the last row over all heads: the weight on the first token,
        the k largest other weights, and their positions. Then of each head the weight on the first
        token and the largest other one, for all heads, and then the positions; 0 in the last row,
        whose very last number is that of the missing heads. Of equal weights the lowest position is
        first. Weights are rounded; those of missing layers and heads are NaN, and so is the second
        one of a head if there is one key only.
    """
    heads, n_keys = pattern.shape[-2:]
    means = _means(pattern)
    found = np.zeros((*means.shape[:-1], columns(heads, n_keys)), np.float32)
    weights, positions = _largest(means, min(MAX_SOURCES, n_keys - 1))
    of_heads = weights.shape[-1] + positions.shape[-1]
    found[..., :of_heads] = np.concatenate([weights, positions], axis=-1)
    if n_keys == 1:
        weights = np.concatenate([pattern, np.full_like(pattern, np.nan)], axis=-1).round(_DECIMALS)
        positions = np.zeros_like(pattern)
    else:
        weights, positions = _largest(pattern, 1)
    found[:-1, ..., of_heads:-heads] = weights.reshape(*pattern.shape[:-2], -1)
    found[:-1, ..., -heads:] = positions[..., 0]
    found[-1, ..., -1] = np.isnan(pattern[..., 0]).sum(axis=(0, -1))
    return found


def _means(pattern: Floats) -> Floats:
    """[n_layers + 1, ..., n_keys]: the means over the heads that are present, that of all last."""
    present = ~np.isnan(pattern[..., :1])
    sums = np.where(present, pattern, np.float32(0)).sum(axis=-2)
    counts = present.sum(axis=-2, dtype=np.float32)
    with np.errstate(invalid="ignore"):
        layers, every = sums / counts, sums.sum(axis=0) / counts.sum(axis=0)
    means: Floats = np.concatenate([layers, every[None]])
    return means


def _largest(rows: Floats, count: int) -> tuple[Floats, Floats]:
    """Of rows [..., n_keys] the first and the `count` largest other ones, rounded, and their
    positions [..., count]."""
    left = rows.copy()
    left[..., 0] = -1
    positions = np.empty((*rows.shape[:-1], count), np.int64)
    for place in range(count):
        largest = left.argmax(axis=-1, keepdims=True)  # the first of equal ones
        np.put_along_axis(left, largest, -1, axis=-1)
        positions[..., place : place + 1] = largest
    weights = np.take_along_axis(rows, positions, axis=-1)
    values = np.concatenate([rows[..., :1], weights], axis=-1).round(_DECIMALS)
    return values, positions.astype(np.float32)


def sources(step: Step, *, heads: bool) -> AttentionSources | None:
    """The sources at the position of a step; None without attention.

    Args:
        step: captures `pattern`.
        heads: whether to give those of each head, too.
    """
    found = step.reduced("pattern", strongest)
    if found is None or step.pattern is None:
        return None
    n_heads = step.pattern.shape[1]
    of_heads = found.shape[1] - 3 * n_heads
    # Other runs of a batch may have more keys; the weights of this one are 0 there.
    most = of_heads // 2
    count = min(most, step.n_keys - 1)
    positions: list[Any] = found[:, 1 + most : 1 + most + count].astype(np.int64).tolist()
    lacks_heads = found[-1, -1] > 0
    if lacks_heads:
        missing = np.isnan(found[:, 0]).tolist()
        positions = [None if gone else row for gone, row in zip(missing, positions, strict=True)]
    if not heads:
        return AttentionSources(positions, found[:, : 1 + count])
    weights = found[:-1, of_heads:-n_heads].reshape(-1, n_heads, 2)
    head_positions: list[Any] = found[:-1, -n_heads:].astype(np.int64).tolist()
    if count == 0:
        weights = np.where([True, False], weights, np.float32(np.nan))
    if lacks_heads or count == 0:
        present = (~np.isnan(weights[..., 1])).tolist()
        head_positions = [
            [each if there else None for each, there in zip(*row, strict=True)]
            if any(row[1])
            else None
            for row in zip(head_positions, present, strict=True)
        ]
    return AttentionSources(positions, found[:, : 1 + count], head_positions, weights)


def measure(context: StepContext) -> Measured:
    """The sources of the last query: of each layer, of each head and of the mean of all heads."""
    return {"attention_sources": sources(context.step, heads=True)}


def measure_column(context: ColumnContext) -> Measured:
    """The sources of each layer and of the mean of all heads."""
    return {"attention_sources": sources(context.step, heads=False)}


ATTENTION_SOURCES = Probe(
    name="attention_sources",
    unit="share of attention, position",
    shape="[n_layers + 1][sources], [n_layers][n_heads]",
    hook_point="pattern, last query",
    needs=frozenset({"pattern"}),
    section="token",
    measure=measure,
    measure_column=measure_column,
)
