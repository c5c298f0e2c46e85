"""Every head at once: how strongly it looks at one token, and the strongest by name."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from mav_engine.contract.arrays import Floats
from mav_engine.terminal.bars import column
from mav_engine.terminal.labels import label
from mav_engine.terminal.rows import ACCENT, QUIET, absent
from mav_engine.terminal.view import Lines, TerminalPanel, View


def _draw(view: View, width: int, height: int) -> Lines:
    rows = view.token.attention_rows
    if rows is None:
        return absent("not captured in this run")
    grid = [_layer(view, layer, heads) for layer, heads in enumerate(rows)]
    grid_width = max(line.cell_len for line in grid)
    looks = _strongest(view, rows, height)
    if width >= grid_width + 18:
        return _beside(grid, looks, grid_width + 3, height)
    return [*grid[:height], *looks[: max(0, height - len(grid))]]


def _layer(view: View, layer: int, heads: Floats) -> Text:
    line = Text(f"{f'L{layer}':<3} ", style=QUIET)
    for head in heads:
        if np.isnan(head).any():
            line.append("–")
            continue
        to = int(head.argmax())
        style = f"{ACCENT} not dim" if to > 0 else "not dim"
        line.append(column(float(head[to]), blocks=view.blocks), style=style)
    return line


def _strongest(view: View, rows: Floats, count: int) -> Lines:
    """The heads with the largest weight on one token. The first token is left out, since many heads
    put most of their weight on it."""
    if rows.shape[-1] < 2:
        return []
    later = np.nan_to_num(rows[:, :, 1:], nan=-1.0)
    to, peak = later.argmax(-1) + 1, later.max(-1)
    order = np.argsort(-peak, axis=None, kind="stable")[:count]
    looks = []
    for layer, head in zip(*np.unravel_index(order, peak.shape), strict=True):
        if peak[layer, head] <= 0:
            break
        at = int(to[layer, head])
        name = label(view.label_at(at) or "", blocks=view.blocks)
        line = Text(f"{f'L{layer} H{head}':<7}", style=QUIET)
        line.append(f"{peak[layer, head]:>4.0%} ", style="not dim")
        looks.append(line.append(name, style="not dim").append(f" {at}"))
    return looks


def _beside(left: Lines, right: Lines, width: int, height: int) -> Lines:
    lines = []
    for place in range(min(height, max(len(left), len(right)))):
        line = left[place].copy() if place < len(left) else Text()
        line.append(" " * (width - line.cell_len))
        if place < len(right):
            line.append_text(right[place])
        lines.append(line)
    return lines


PANEL = TerminalPanel(
    name="attention_heads",
    title="Attention heads",
    about="How hard each head looks at one token, and where those look that look hardest.",
    draw=_draw,
    rows=lambda view: max(6, view.start.model.layers or 1),
    caption=lambda _: "peak weight · white: first token",
    capture=("attention_rows",),
)
