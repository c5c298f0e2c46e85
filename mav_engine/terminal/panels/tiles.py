"""A picture of each layer: its vector through a fixed random projection."""

from __future__ import annotations

import math

from rich.text import Text

from mav_engine.contract.arrays import Floats
from mav_engine.terminal.bars import shade
from mav_engine.terminal.rows import QUIET, absent
from mav_engine.terminal.view import Lines, TerminalPanel, View

HEIGHT, WIDTH = 6, 12
"""Twice as wide as high in cells: about square on the screen."""
FULL = 3.0
"""Usual deviations at which a cell is full."""


def _draw(view: View, width: int, height: int) -> Lines:
    tiles = view.token.tiles
    if tiles is None:
        return absent("not captured in this run")
    high, wide = tiles.shape[1:]
    beside = max(1, (width + 1) // (wide + 1))
    lines: Lines = []
    for first in range(0, len(tiles), beside):
        shown = range(first, min(first + beside, len(tiles)))
        if len(lines) + high + 1 > height:
            break
        lines.append(Text(" ".join(f"{f'L{layer}':<{wide}}" for layer in shown), style=QUIET))
        lines += [_line(view, [tiles[layer][row] for layer in shown]) for row in range(high)]
    return lines or absent(f"needs {high + 1} rows and {wide} columns")


def _line(view: View, rows: list[Floats]) -> Text:
    line = Text()
    for place, row in enumerate(rows):
        line.append(" " if place else "")
        for value in map(float, row):
            if math.isnan(value):
                line.append("–", style=QUIET)
                continue
            style = "red" if value > 0 else "blue"
            line.append(shade(abs(value) / FULL, blocks=view.blocks), style=style)
    return line


def _rows(view: View) -> int:
    return (HEIGHT + 1) * math.ceil((view.start.model.layers or 1) / 3)


PANEL = TerminalPanel(
    name="tiles",
    title="Layer tiles",
    about="A picture of each layer's residual stream; red above and blue below its usual value.",
    draw=_draw,
    rows=_rows,
    caption=lambda view: f"{view.start.settings.tile.signal} · red +, blue −, to {FULL:.0f} σ",
    capture=("tiles",),
    tile=(HEIGHT, WIDTH),
)
