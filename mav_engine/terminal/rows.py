"""Rows of several panels: a name, a bar, a number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.text import Text

from mav_engine.terminal.bars import Scale, bar, number
from mav_engine.terminal.labels import fitted
from mav_engine.terminal.view import Lines, View

ACCENT = "cyan"
CHOSEN = "bold yellow"
QUIET = "dim"


def within(lines: Sequence[Text], height: int) -> Lines:
    """The lines; if there are too many, those of both ends and the number of missing ones."""
    if len(lines) <= height:
        return list(lines)
    if height < 3:
        return list(lines[:height])
    first = (height - 1) // 2
    last = height - 1 - first
    left_out = Text(f"⋮ {len(lines) - first - last} more", style=QUIET)
    return [*lines[:first], left_out, *lines[-last:]]


def layer_rows(
    view: View, named: Iterable[tuple[str, float | None]], scale: Scale, width: int
) -> Lines:
    """A line per layer: name, bar and number; a dash if the layer lacks the part."""
    rows = list(named)
    names = max((len(name) for name, _ in rows), default=0)
    length = bar_length(view, width - names - 9)
    lines = []
    for name, value in rows:
        line = Text(f"{name:<{names}} ", style=QUIET)
        if value is None or math.isnan(value):
            line.append("– no such part", style=QUIET)
        else:
            line.append(fitted(bar(scale.share(value), length, blocks=view.blocks), length), ACCENT)
            line.append(f" {number(value):>6}", style="default not dim")
        lines.append(line)
    return lines


def bar_length(view: View, room: int) -> int:
    """Length of bars for this much room."""
    return max(0, min(view.options.max_bar_length, room))


def absent(what: str) -> Lines:
    """A note about why there is nothing to draw."""
    return [Text(what, style=QUIET)]
