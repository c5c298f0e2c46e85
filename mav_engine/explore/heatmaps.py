"""Pictures of attention patterns: one map with its tokens, or many maps in a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.explore import grid, style
from mav_engine.explore.attention import map_at, shown
from mav_engine.explore.explored_run import ExploredRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEAD, _FOOT, _SCALE = 1.34, 1.0, 2.6
_NARROWEST = 5.6
_CELL, _LARGEST_CELL, _LEAST, _WIDEST = 0.3, 0.5, 2.7, 6.4
"""Inches of a token's row and column, and at most where there are few; of a map with its tokens,
at least where it can be, and at most."""
_SMALLEST_FONT = 4.5
_MOST = 13
"""Characters of a token beside its row."""
_MAP, _ALL_MAPS, _GAP, _ABOVE, _ROW_OF_MAPS = 1.25, 18.0, 0.16, 0.2, 6
"""Inches of a map among others, of a row of them at most, between them and above each; how many
stand in a row where nothing else says so."""
_MOST_NAMED = 200
"""Maps that have their names above them; of more the rows and columns are named, at the edges."""
_LEFT, _TOP, _NEAR = 0.62, 0.34, 0.1
"""Inches left of and above the maps for those names, and between maps."""
_TICKS = (0, 0.01, 0.1, 0.25, 0.5, 1)


@dataclass(frozen=True, slots=True)
class _Column:
    """What is drawn of one model."""

    run: ExploredRun
    step: int
    maps: Floats | None
    """[layers][heads][queries][keys], the future NaN; None where the text had ended."""

    @property
    def tokens(self) -> int:
        return 1 if self.maps is None else int(self.maps.shape[-1])

    @property
    def is_one(self) -> bool:
        return self.maps is None or self.maps.shape[0] * self.maps.shape[1] == 1

    @property
    def span(self) -> float:
        """Inches of the side of a map with its tokens."""
        least = min(_LEAST, self.tokens * _LARGEST_CELL)
        return max(least, min(_WIDEST, self.tokens * _CELL))

    @property
    def dots(self) -> int:
        """Pixels per cell of a map in a grid; a whole number, so that cells are equally large."""
        wanted = min(_MAP, _ALL_MAPS / self.grid[1])
        return max(1, round(wanted * style.DOTS_PER_INCH / self.tokens))

    @property
    def cell(self) -> float:
        """Inches of a cell of a map among others."""
        return self.dots / style.DOTS_PER_INCH

    def corner(self, number: int) -> tuple[int, int]:
        """Column and row of the first cell of a map among others, in cells of the whole grid."""
        down, across = divmod(number, self.grid[1])
        if self.at_edges:
            step = self.tokens + self._cells(_NEAR)
            return across * step + self._cells(_LEFT), down * step + self._cells(_TOP)
        step, above = self.tokens + self._cells(_GAP), self._cells(_ABOVE)
        return across * step, down * (step + above) + above

    @property
    def at_edges(self) -> bool:
        """Whether names stand at the edges of the grid, and not above each map."""
        rows, columns = (1, 1) if self.maps is None else self.maps.shape[:2]
        return min(rows, columns) > 1 and rows * columns > _MOST_NAMED

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the whole grid in cells."""
        rows, columns = self.grid
        x, y = self.corner(rows * columns - 1)
        return x + self.tokens, y + self.tokens

    def _cells(self, inches: float) -> int:
        return max(1, round(inches / self.cell))

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of maps; a single row is wrapped."""
        rows, columns = (1, 1) if self.maps is None else self.maps.shape[:2]
        if min(rows, columns) > 1:
            return rows, columns
        count = rows * columns
        across = min(count, _ROW_OF_MAPS)
        return math.ceil(count / across), across

    @property
    def font(self) -> float:
        return max(_SMALLEST_FONT, min(style.BODY, 72 * 0.72 * self.span / self.tokens))

    @property
    def names(self) -> list[str]:
        """Of the tokens that were read."""
        return [style.token(text, _MOST) for text in self.run.texts_read(self.tokens)]

    @property
    def beside(self) -> float:
        """Inches of the longest label, left of a map with its tokens and below it."""
        return self._wide(max(map(len, self.names))) if self.is_one else 0.0

    @property
    def behind(self) -> float:
        """Inches of the token that was predicted, right of the last query."""
        said = self.run.token(self.step)
        if not self.is_one or said is None:
            return 0.0
        return self._wide(2 + len(style.token(said.token.text, _MOST)))

    def _wide(self, characters: int) -> float:
        return characters * style.CHARACTER * self.font + 0.12

    @property
    def width(self) -> float:
        across = self.span if self.is_one else self.size[0] * self.cell
        return max(_NARROWEST, self.beside + across + self.behind)

    @property
    def height(self) -> float:
        return self.span + self.beside if self.is_one else self.size[1] * self.cell


def picture(runs: Sequence[ExploredRun], step: int, *, of_prompt: bool = False) -> Figure | None:
    """A column for each model; None where no model has attention to show at this step."""
    columns = [_Column(each, step, _maps(each, step)) for each in runs]
    known = [each for each in columns if each.maps is not None]
    if not known:
        return None
    tall = max(each.height for each in known)
    width = sum(each.width for each in columns) + (len(columns) + 1) * style.EDGE
    figure = style.canvas(width, _HEAD + tall + _FOOT)
    title = "Attention over the prompt" if of_prompt else f"Attention, step {step}"
    title += "" if of_prompt else style.title_suffix(runs)
    style.words(figure, style.EDGE, 0.46, title, fontsize=style.HEAD, weight="bold")
    left = style.EDGE
    for each in columns:
        _head(figure, left, each)
        if each.maps is not None:
            (_one if each.is_one else _many)(figure, left, each, each.maps)
        left += each.width + style.EDGE
    _foot(figure, _HEAD + tall + 0.34)
    return figure


def _maps(run: ExploredRun, step: int) -> Floats | None:
    pattern = map_at(run.record, step - 1)
    if pattern is None:
        return None
    maps = shown(pattern, run.heads).copy()
    size = maps.shape[-1]
    maps[..., np.triu(np.ones((size, size), dtype=bool), 1)] = np.nan
    return None if np.isnan(maps).all() else maps


def _head(figure: Figure, left: float, column: _Column) -> None:
    runs, heads = column.run, column.run.heads
    style.words(figure, left, 0.78, style.drawable(runs.name), weight="bold")
    if column.maps is None:
        ended = f"wrote {runs.steps} tokens; its text ended before this step"
        none = f"no attention pattern in {_listed('layer', heads.layers)}"
        caption = runs.no_attention or (ended if runs.token(column.step) is None else none)
    else:
        which = _listed("layer", heads.layers)
        count = runs.start.model.heads
        of = f"mean of {count} heads" if heads.heads is None else _listed("head", heads.heads)
        caption = f"{which}, {of} · {column.tokens} tokens read"
    style.words(figure, left, 0.98, style.cut(caption, 90), color=style.QUIET, fontsize=style.SMALL)


def _listed(thing: str, numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"{thing} {numbers[0]}"
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{thing}s {numbers[0]} to {numbers[-1]}"
    return f"{thing}s {', '.join(map(str, numbers))}"


def _one(figure: Figure, left: float, column: _Column, maps: Floats) -> None:
    count, font = column.tokens, column.font
    axes = style.place(figure, left + column.beside, _HEAD, column.span, column.span)
    _heat(axes, maps[0, 0], (-0.5, count - 0.5, count - 0.5, -0.5))
    every = math.ceil(font * 1.15 / (72 * column.span / count))
    # Counted from the end, so that the query that predicted the token is among them.
    places = range(count - 1, -1, -every)
    names = [column.names[place] for place in places]
    axes.set_yticks(
        places, names, family=style.families(style.MONO), fontsize=font, color=style.INK
    )
    axes.set_xticks(
        places,
        names,
        family=style.families(style.MONO),
        fontsize=font,
        color=style.INK,
        rotation=90,
    )
    said = column.run.token(column.step)
    if said is not None:
        axes.annotate(
            f"→ {style.token(said.token.text, _MOST)}", (count - 0.5, count - 1), (4, 0),
            textcoords="offset points", va="center", family=style.families(style.MONO),
            fontsize=font, weight="bold", color=style.CHOSEN, annotation_clip=False,
        )  # fmt: skip
    _axes_named(figure, left + column.beside)


def _axes_named(figure: Figure, left: float, more: str = "") -> None:
    label = f"query ↓   key →{more}"
    style.words(figure, left, _HEAD - 0.1, label, fontsize=style.SMALL, color=style.QUIET)


def _many(figure: Figure, left: float, column: _Column, maps: Floats) -> None:
    from mav_engine.explore.cells import Cells

    _axes_named(figure, left, "   tokens in their order")
    wide, tall = column.size
    axes = style.place(figure, left, _HEAD, wide * column.cell, tall * column.cell)
    corners = [column.corner(number) for number in range(maps.shape[0] * maps.shape[1])]
    Cells(axes, grid.coloured(maps, corners, column.size), column.dots)
    layers, heads = column.run.heads.layers, column.run.heads.heads
    name = grid.name_edges if column.at_edges else grid.name_each
    name(axes, grid.Names(layers, heads, corners, column.cell, column.tokens))


def _heat(axes: Axes, values: Floats, extent: tuple[float, float, float, float]) -> None:
    from matplotlib.colors import PowerNorm

    axes.imshow(
        values, cmap=style.ramp(), norm=PowerNorm(0.5, 0, 1), extent=extent, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip


def _foot(figure: Figure, top: float) -> None:
    """The scale, the same in every picture of every run."""
    axes = style.place(figure, style.EDGE, top, _SCALE, 0.1)
    axes.imshow(
        np.linspace(0, 1, 256)[None], cmap=style.ramp(), extent=(0, 1, 0, 1), aspect="auto",
    )  # fmt: skip
    names = [f"{share:.0%}" for share in _TICKS]
    axes.set_xticks(
        [math.sqrt(share) for share in _TICKS], names, family=style.families(style.SANS)
    )
    axes.set_yticks([])
    notes = ("share of a query’s attention; a row sums to 100 %",
            "pattern, all queries; square-root scale")  # fmt: skip
    for line, text in enumerate(notes):
        style.words(
            figure, style.EDGE + _SCALE + 0.25, top + 0.08 + line * 0.17, text,
            fontsize=style.SMALL, color=style.QUIET,
        )  # fmt: skip
