"""Lays out the panels of a token for a screen, with a header and a footer."""

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
from mav_engine.terminal.rows import absent
from mav_engine.terminal.view import Lines, TerminalPanel, View

MIN_WIDTH, MIN_HEIGHT = 40, 10
NARROWEST = 26
"""Minimum columns of a panel, borders included."""
LOWEST = 4
"""Minimum rows of a panel, borders included."""
GAP = 2
"""Columns between two grids."""
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
    """The message for a terminal that is too small."""
    return f"The terminal is {size}; at least {MIN_WIDTH} × {MIN_HEIGHT} are needed."


def small_now(size: Size) -> str:
    """The message for a terminal that has become too small."""
    return f"{too_small(size)} Make it larger, or press q."


def grid(count: int, rows: int, width: int) -> list[int]:
    """Panels per row, for at least `rows` rows; more rows in a narrow terminal."""
    beside = max(1, min(math.ceil(count / rows), width // NARROWEST))
    return [min(beside, count - first) for first in range(0, count, beside)]


def heights(wanted: Sequence[int], room: int, lowest: int = LOWEST) -> list[int]:
    """Heights of the rows of panels: the preferred ones, or a share of the available height.

    Rows that would be lower than the minimum are left out, except the first.
    """
    kept = list(wanted[: max(1, room // lowest)])
    given = [min(LOWEST, each) for each in kept]
    spare = room - sum(given)
    while spare > 0 and given != kept:
        # The lowest first, so that tall panels do not displace low ones.
        place = min((i for i in range(len(kept)) if given[i] < kept[i]), key=given.__getitem__)
        given[place] += 1
        spare -= 1
    return given


def frame(
    panels: Sequence[TerminalPanel], view: View, head: Text, foot: Text, size: Size, rows: int
) -> RenderableType:
    """The frame of a token, within the size."""
    if size.too_small:
        return Text(small_now(size))
    drawn, hidden = grids(panels, [view], Size(size.width, size.height - 2), rows)
    foot = Text.assemble(no_room(hidden), foot)
    return Group(one_line(head, size.width), *drawn, one_line(foot, size.width))


def grids(
    panels: Sequence[TerminalPanel],
    views: Sequence[View],
    size: Size,
    rows: int,
    lowest: int = LOWEST,
) -> tuple[list[Table], list[TerminalPanel]]:
    """Grids of the same panels for one or more runs, row by row, and the panels without room.

    Panels of the same name have the same position and size in each grid.
    """
    shares = beside(size.width, len(views))
    per_row = grid(len(panels), rows, min(shares))
    starts = [sum(per_row[:place]) for place in range(len(per_row))]
    in_rows = [panels[at : at + n] for at, n in zip(starts, per_row, strict=True)]
    wanted = [max(each.rows(view) for each in row for view in views) + _EDGES for row in in_rows]
    given = heights(wanted, size.height, lowest)
    drawn = [_row(row, views, shares, height) for row, height in zip(in_rows, given, strict=False)]
    return drawn, [panel for row in in_rows[len(given) :] for panel in row]


def beside(width: int, count: int) -> list[int]:
    """Columns of each of several grids, with a gap between them."""
    whole = width - GAP * (count - 1)
    return _split(whole, count)


def _split(width: int, count: int) -> list[int]:
    return [width * (place + 1) // count - width * place // count for place in range(count)]


def no_room(hidden: Sequence[TerminalPanel]) -> Text:
    """A note about panels without room; empty if there are none."""
    names = ", ".join(panel.title for panel in hidden)
    return Text(f"no room: {names}  " if hidden else "", style="yellow")


def _row(
    panels: Sequence[TerminalPanel], views: Sequence[View], shares: Sequence[int], height: int
) -> Table:
    table = Table.grid(padding=0)
    boxes: list[RenderableType] = []
    for view, share in zip(views, shares, strict=True):
        if boxes:
            table.add_column(width=GAP)
            boxes.append("")
        for panel, width in zip(panels, _split(share, len(panels)), strict=True):
            table.add_column(width=width, no_wrap=True)
            boxes.append(_box(panel, view, width, height))
    table.add_row(*boxes)
    return table


def _box(panel: TerminalPanel, view: View, width: int, height: int) -> RenderableType:
    inner = width - 4
    try:
        if panel.draw_box is not None:
            return panel.draw_box(view, width, height)
        lacking = view.unavailable(panel.capture)
        lines = absent(lacking) if lacking else panel.draw(view, inner, height - _EDGES)
        lines = lines[: height - _EDGES]
        caption = panel.caption(view)
    # A panel that fails must not end the run.
    except Exception as error:
        lines = [Text(f"{type(error).__name__}: {error}", style="red")]
        caption = ""
    return boxed(lines, panel.title, caption, Size(width, height), blocks=view.blocks)


def boxed(lines: Lines, title: str, caption: str, size: Size, *, blocks: bool) -> Panel:
    """Lines in a box with a title above, and units and scale below."""
    inner = size.width - 4
    return Panel(
        Group(*(one_line(line, inner) for line in lines)),
        title=Text(fitted_title(title, inner), style="bold"),
        title_align="left",
        subtitle=Text(fitted_title(caption, inner), style="dim") if caption else None,
        subtitle_align="left",
        border_style="dim",
        box=box.ROUNDED if blocks else box.ASCII,
        width=size.width,
        height=size.height,
        padding=(0, 1),
    )


def fitted_title(text: str, width: int) -> str:
    """The title, shortened to the width of its box."""
    return text if cell_len(text) <= width - 2 else fitted(text, width - 2)


def one_line(text: Text, width: int) -> Text:
    """The text, shortened to the width."""
    text.no_wrap = True
    text.truncate(width, overflow="ellipsis")
    return text
