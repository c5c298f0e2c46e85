"""One picture of a run: the panels laid out to the size of a screen, a head and a foot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mav_engine.terminal.labels import fitted
from mav_engine.terminal.view import Lines, TerminalPanel, View

MIN_WIDTH, MIN_HEIGHT = 40, 10
NARROWEST = 26
"""Columns that a panel needs, its edges included."""
LOWEST = 4
"""Rows that a panel needs, its edges included."""
_EDGES = 2


@dataclass(frozen=True, slots=True)
class Size:
    """Columns and rows of a screen."""

    width: int
    height: int

    @property
    def too_small(self) -> bool:
        return self.width < MIN_WIDTH or self.height < MIN_HEIGHT

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


def too_small(size: Size) -> str:
    """What to say in a terminal in which nothing can be seen."""
    return f"The terminal is {size}; at least {MIN_WIDTH} × {MIN_HEIGHT} are needed."


def grid(count: int, rows: int, width: int) -> list[int]:
    """How many panels stand in each row: so many rows as asked for, or more where it is narrow."""
    beside = max(1, min(math.ceil(count / rows), width // NARROWEST))
    return [min(beside, count - first) for first in range(0, count, beside)]


def heights(wanted: Sequence[int], room: int) -> list[int]:
    """Rows of the screen for each row of panels: what it would like, or its part of what is there.

    Rows of panels for which there is no room at all are left out.
    """
    kept = list(wanted[: max(1, room // LOWEST)])
    given = [min(LOWEST, each) for each in kept]
    spare = room - sum(given)
    while spare > 0 and given != kept:
        # The lowest first, so that no panel starves beside a long one.
        place = min((i for i in range(len(kept)) if given[i] < kept[i]), key=given.__getitem__)
        given[place] += 1
        spare -= 1
    return given


def frame(
    panels: Sequence[TerminalPanel], view: View, head: Text, foot: Text, size: Size, rows: int
) -> RenderableType:
    """The picture of a moment, no larger than the size."""
    if size.too_small:
        return Text(f"{too_small(size)} Make it larger, or press q.")
    per_row = grid(len(panels), rows, size.width)
    starts = [sum(per_row[:place]) for place in range(len(per_row))]
    in_rows = [panels[at : at + n] for at, n in zip(starts, per_row, strict=True)]
    wanted = [max(panel.rows(view) for panel in row) + _EDGES for row in in_rows]
    given = heights(wanted, size.height - 2)
    drawn = [
        _row(row, view, size.width, height) for row, height in zip(in_rows, given, strict=False)
    ]
    hidden = [panel.title for row in in_rows[len(given) :] for panel in row]
    if hidden:
        foot = Text.assemble((f"no room: {', '.join(hidden)}  ", "yellow"), foot)
    return Group(_line(head, size.width), *drawn, _line(foot, size.width))


def _row(panels: Sequence[TerminalPanel], view: View, width: int, height: int) -> Table:
    table = Table.grid(padding=0)
    widths = [
        width * (place + 1) // len(panels) - width * place // len(panels)
        for place in range(len(panels))
    ]
    for each in widths:
        table.add_column(width=each, no_wrap=True)
    table.add_row(
        *(_box(panel, view, each, height) for panel, each in zip(panels, widths, strict=True))
    )
    return table


def _box(panel: TerminalPanel, view: View, width: int, height: int) -> Panel:
    inner = width - 4
    try:
        lines = panel.draw(view, inner, height - _EDGES)[: height - _EDGES]
        caption = panel.caption(view)
    # A panel that breaks must not end the run that it shows.
    except Exception as error:
        lines = [Text(f"{type(error).__name__}: {error}", style="red")]
        caption = ""
    return Panel(
        Group(*_cut(lines, inner)),
        title=Text(fitted_title(panel.title, inner), style="bold"),
        title_align="left",
        subtitle=Text(fitted_title(caption, inner), style="dim") if caption else None,
        subtitle_align="left",
        border_style="dim",
        box=box.ROUNDED if view.blocks else box.ASCII,
        width=width,
        height=height,
        padding=(0, 1),
    )


def fitted_title(text: str, width: int) -> str:
    """The text, cut off where it is too wide for the edge of its box."""
    return text if cell_len(text) <= width - 2 else fitted(text, width - 2)


def _cut(lines: Lines, width: int) -> Lines:
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return lines


def _line(text: Text, width: int) -> Text:
    text.no_wrap = True
    text.truncate(width, overflow="ellipsis")
    return text
