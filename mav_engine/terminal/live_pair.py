"""The live view of a comparison: two grids of panels, with the divergence below."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mav_engine.compare.events import Compared
from mav_engine.compare.settings import Side
from mav_engine.terminal import divergence, side_by_side
from mav_engine.terminal.frame import (
    GAP,
    Size,
    beside,
    boxed,
    grids,
    no_room,
    one_line,
    small_now,
)
from mav_engine.terminal.headline import headline
from mav_engine.terminal.live_screen import LiveScreen, draws_blocks, key_help
from mav_engine.terminal.pair_player import PairPlayer
from mav_engine.terminal.player import error_line
from mav_engine.terminal.view import View

NARROWEST = 100
"""Minimum columns of two grids; narrower terminals show a line per token."""
_LOWEST = 7
"""Minimum rows of a panel in two grids, borders included."""
_TALL = 28
"""Minimum rows of a screen for the full strip."""


@dataclass
class LivePair(LiveScreen[PairPlayer]):
    """The live view of two runs."""

    lines: bool = False
    """Whether to show a line per token even if there is room for grids."""
    _stepping_keys = (("⏎", "step"), ("b", "back"), ("space", "run"), ("q", "quit"))

    def _pick(self, place: int) -> None:
        self._said = f"A comparison cannot be forked, so {place + 1} does nothing here."

    def picture(self, *, closing: bool = False) -> RenderableType:
        """The frame of the shown token of both runs; with `closing`, the last frame."""
        if not self.player.begun:
            waiting = "" if self.player.end is None else f"{self._ending()} q quit"
            return Text(waiting or "Computing the prompt …", style="dim")
        size = self._size(closing)
        if size.too_small:
            return Text(small_now(size))
        foot = self._ending() if closing else self._foot()
        if self.lines or size.width < NARROWEST:
            return self._in_lines(size, foot)
        return self._grids(size, foot)

    def _grids(self, size: Size, foot: Text) -> RenderableType:
        views = [self._view(side) for side in self.player.sides]
        strip = self._strip(size)
        room = size.height - 2 - len(strip) - 2
        drawn, hidden = grids(self.panels, views, Size(size.width, room), self.rows, _LOWEST)
        blocks = draws_blocks(self.console)
        note = Text("  ") + no_room(hidden)
        below = foot + note if foot.cell_len + note.cell_len <= size.width else foot
        common, found = self.player.common, self.player.divergences
        return Group(
            self._heads(views, size.width),
            *drawn,
            boxed(
                strip,
                divergence.title_of(common),
                divergence.caption_of(found, self.options),
                Size(size.width, len(strip) + 2),
                blocks=blocks,
            ),
            one_line(below, size.width),
        )

    def _view(self, side: Side) -> View:
        player, other = self.player.sides[side], self.player.sides["b" if side == "a" else "a"]
        return player.view(
            self.options, blocks=draws_blocks(self.console), other=other.record.tokens
        )

    def _heads(self, views: list[View], width: int) -> Table:
        table = Table.grid(padding=0)
        heads: list[Text] = []
        for view, side, share in zip(views, self.player.sides, beside(width, 2), strict=True):
            if heads:
                table.add_column(width=GAP)
                heads.append(Text())
            table.add_column(width=share, no_wrap=True)
            place = f"token {view.index} of {view.start.settings.max_new_tokens}"
            if view.index < self.player.index:
                place = f"ended at token {view.index}"
            heads.append(one_line(headline(side, view, place, share), share))
        table.add_row(*heads)
        return table

    def _strip(self, size: Size) -> list[Text]:
        blocks = draws_blocks(self.console)
        lines = divergence.lines_of(self.player, self.options, size.width - 4, blocks=blocks)
        return lines[: divergence.ROWS if size.height >= _TALL else 2]

    def _in_lines(self, size: Size, foot: Text) -> RenderableType:
        """A line per token, the shown one last."""
        player = self.player
        head = [] if player.common is None else [side_by_side.heading(player.common, size.width)]
        a, b = (each.record.tokens for each in player.sides.values())
        known = player.divergences[: player.index + 1]
        shown = known[-(size.height - 4) :]
        rows = [side_by_side.row(each, a[each.index], b[each.index], size.width) for each in shown]
        return Group(*(one_line(each, size.width) for each in (*head, *rows, Text(), foot)))

    def _foot(self) -> Text:
        if self.player.at_end and not self._said:
            keys = key_help([("b", "back"), ("q", "quit")])
            return Text.assemble(keys, " ", self._ending())
        return super()._foot()

    def _ending(self) -> Text:
        end = self.player.end
        if isinstance(end, Compared):
            return Text(side_by_side.summary(end).plain.strip(), style="bold")
        if end is not None:
            return Text(f"{end.title}: {error_line(end)}", style="red")
        return Text(f"stopped after {len(self.player.divergences)} tokens", style="dim")
