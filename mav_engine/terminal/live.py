"""The live view of a run: shows tokens over time or step by step."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from mav_engine.contract.events import Done, Error
from mav_engine.errors import MavError
from mav_engine.terminal.bars import number
from mav_engine.terminal.frame import frame
from mav_engine.terminal.headline import headline
from mav_engine.terminal.live_screen import LiveScreen, draws_blocks
from mav_engine.terminal.player import Player, error_line
from mav_engine.terminal.view import View


@dataclass
class LiveView(LiveScreen[Player]):
    """The live view of a run."""

    _stepping_keys = (
        ("⏎", "step"), ("b", "back"), ("1–9", "fork"), ("space", "run"), ("q", "quit"),
    )  # fmt: skip

    def _pick(self, place: int) -> None:
        try:
            self.player.fork(place)
        except MavError as error:
            self._said = error_line(error)

    def picture(self, *, closing: bool = False) -> RenderableType:
        """The frame of the shown token; with `closing`, the last frame."""
        player = self.player
        if not player.begun:
            waiting = (
                "" if player.record.end is None else "The run ended before its first token.  q quit"
            )
            return Text(waiting or "Computing the prompt …", style="dim")
        view = player.view(
            self.options,
            blocks=draws_blocks(self.console),
            picking=self.stepping and not closing,
        )
        foot = self._ending() if closing else self._foot()
        return frame(self.panels, view, self._head(view), foot, self._size(closing), self.rows)

    def _head(self, view: View) -> Text:
        place = f"token {view.index} of {view.start.settings.max_new_tokens}"
        if self.player.forks:
            place += f" · fork {self.player.forks}"
        return headline("mav", view, place, self.console.width)

    def _ending(self) -> Text:
        end = self.player.record.end
        if isinstance(end, Done):
            rate = end.tokens_per_second
            speed = "" if rate is None else f" · {number(rate)} tokens/s"
            return Text(f"{end.reason} · {end.tokens} tokens{speed}  ", style="dim")
        if isinstance(end, Error):
            return Text(f"{end.title}: {error_line(end)}  ", style="red")
        return Text(f"stopped after {len(self.player.record.tokens)} tokens", style="dim")
