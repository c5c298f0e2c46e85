"""Many maps of attention in one image, and the names of their layers and heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.explore import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ABOVE, _APART = 0.05, 0.12
"""Inches between a map and its name, and between maps and the names at the edges."""


@dataclass(frozen=True, slots=True)
class Names:
    """The positions of maps in a grid."""

    layers: Sequence[int]
    heads: Sequence[int] | None
    """None where each map is a mean over heads."""
    corners: Sequence[tuple[int, int]]
    """Column and row of each map's first cell, layer by layer."""
    cell: float
    """Inches."""
    tokens: int
    """Cells of a map's side."""


def coloured(maps: Floats, corners: Sequence[tuple[int, int]], size: tuple[int, int]) -> np.ndarray:
    """[rows][columns][4] bytes: the colours of all maps at their corners, and white around.

    Args:
        maps: [layers][heads][queries][keys] shares; NaN is white.
        corners: column and row of each map's first cell.
        size: columns and rows of the whole.
    """
    cells = np.full((size[1], size[0], 4), 255, dtype=np.uint8)
    tokens, drawn = maps.shape[-1], _colours(maps)
    for (x, y), place in zip(corners, np.ndindex(maps.shape[:2]), strict=True):
        cells[y : y + tokens, x : x + tokens] = drawn[place]
    return cells


def _colours(shares: Floats) -> np.ndarray:
    """[…][4] bytes, by a lookup table, since calling the ramp for each map is slow."""
    ramp = style.ramp()
    table = np.vstack([ramp(np.arange(ramp.N), bytes=True), ramp(np.ma.masked, bytes=True)])
    known = ~np.isnan(shares)
    steps = np.full(shares.shape, ramp.N, dtype=np.intp)
    steps[known] = np.minimum(np.sqrt(shares[known]) * ramp.N, ramp.N - 1)
    return np.asarray(table[steps])


def name_each(axes: Axes, names: Names) -> None:
    """Layer and head above each map."""
    heads: Sequence[int | None] = [None] if names.heads is None else names.heads
    title_suffix = [(layer, head) for layer in names.layers for head in heads]
    for (x, y), (layer, head) in zip(names.corners, title_suffix, strict=True):
        name = f"L{layer}" if head is None else f"L{layer} H{head}"
        above = y - _ABOVE / names.cell
        axes.text(
            x,
            above,
            name,
            fontsize=style.SMALL,
            color=style.QUIET,
            family=style.families(style.MONO),
        )


def name_edges(axes: Axes, names: Names) -> None:
    """Heads above the columns and layers left of the rows, in a larger font."""
    (left, top), apart, middle = names.corners[0], _APART / names.cell, names.tokens / 2
    how: dict[str, Any] = {
        "fontsize": style.HEAD,
        "color": style.QUIET,
        "family": style.families(style.MONO),
    }
    for head, (x, _) in zip(names.heads or (), names.corners, strict=False):
        axes.text(x + middle, top - apart, f"H{head}", ha="center", **how)
    across = len(names.corners) // len(names.layers)
    for layer, (_, y) in zip(names.layers, names.corners[::across], strict=True):
        axes.text(left - apart, y + middle, f"L{layer}", ha="right", va="center", **how)
