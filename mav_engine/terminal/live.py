"""The live view: a player's tokens on the screen, in their time or step by step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from mav_engine.errors import MavError
from mav_engine.events import Done, Error
from mav_engine.terminal.bars import number
from mav_engine.terminal.frame import Size, frame
from mav_engine.terminal.keys import RESIZED, SUSPENDED, Keyboard, undisturbed
from mav_engine.terminal.player import Player, told
from mav_engine.terminal.view import TerminalPanel, View, ViewOptions

QUIT = "q"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: what stands between them is one picture."""


@dataclass
class LiveView:
    """A run on somebody's screen."""

    player: Player
    panels: Sequence[TerminalPanel]
    console: Console
    options: ViewOptions = field(default_factory=ViewOptions)
    rows: int = 2
    """Rows of panels."""
    refresh_rate: float = 0.2
    """Seconds that a token stays, at least."""
    stepping: bool = False
    """Whether each token waits for a key."""
    stay: bool = False
    """Whether the view stays after the last token."""
    _said: str = ""

    def show(self) -> None:
        """Show the run until it is over or somebody quits, and leave its last picture behind.

        Raises:
            KeyboardInterrupt: Ctrl-C; the terminal is as it was before.
            MavError: a recording that broke; what stands before it was shown.
        """
        try:
            self._watch()
        finally:
            self.player.close()
            if self.player.tokens:
                with undisturbed():
                    self.console.print(self.picture(closing=True))

    def _watch(self) -> None:
        console = self.console
        with (
            Keyboard() as keyboard,
            Live(
                console=console, screen=True, auto_refresh=False, vertical_overflow="crop"
            ) as live,
        ):
            self._refresh(live)
            self.player.forward()
            while True:
                self._refresh(live)
                if self.player.at_end and not self.stay and not self.stepping:
                    return
                key = self._next_key(keyboard, live)
                if key == QUIT or (key == "enter" and self.player.at_end):
                    return
                self._act(key)

    def _next_key(self, keyboard: Keyboard, live: Live) -> str | None:
        """The next key that was pressed; None when the time of the shown token is over."""
        waits = self.stepping or self.player.at_end
        until = time.monotonic() + self.refresh_rate
        while True:
            left = None if waits else max(0.0, until - time.monotonic())
            key = keyboard.wait(left)
            if key == SUSPENDED:
                self._suspend(keyboard)
            elif key != RESIZED:
                return key
            self._refresh(live)

    def _suspend(self, keyboard: Keyboard) -> None:
        """Leave the terminal to the shell for a while."""
        self._take_screen(False)
        keyboard.suspend()
        self._take_screen(True)

    def _take_screen(self, take: bool) -> None:
        self.console.set_alt_screen(take)
        self.console.show_cursor(not take)
        self.console.file.flush()

    def _act(self, key: str | None) -> None:
        self._said = ""
        if key is None:
            self.player.forward()
        elif key == "space":
            self.stepping = not self.stepping
        elif key in ("enter", "n", "right"):
            self.stepping = True
            self.player.forward()
        elif key in ("b", "left"):
            self.stepping = True
            if not self.player.back():
                self._said = "This is the first token."
        elif key.isdecimal():
            self.stepping = True
            self._fork((int(key) - 1) % 10)

    def _fork(self, place: int) -> None:
        try:
            self.player.fork(place)
        except MavError as error:
            self._said = told(error)

    def _refresh(self, live: Live) -> None:
        # Terminals that know it show what comes between as one picture; others ignore it.
        picture = self.picture()
        with undisturbed():
            self._write(_BEGIN)
            live.update(picture, refresh=True)
            self._write(_END)

    def _write(self, sequence: str) -> None:
        self.console.file.write(sequence)
        self.console.file.flush()

    def picture(self, *, closing: bool = False) -> RenderableType:
        """The screen for the shown token; closing, as it is left behind."""
        player = self.player
        if player.start is None or player.prompt is None or not player.tokens:
            waiting = "" if player.end is None else "The run ended before its first token.  q quit"
            return Text(waiting or "Reading the prompt …", style="dim")
        view = View(
            start=player.start,
            prompt=player.prompt,
            tokens=player.tokens,
            index=player.index,
            options=self.options,
            blocks=draws_blocks(self.console),
            picking=self.stepping and not closing,
        )
        # One row less: a terminal scrolls where its very last cell is written.
        width, height = self.console.size
        size = Size(width, height - 1 if closing else height)
        foot = self._ending() if closing else self._foot()
        return frame(self.panels, view, self._head(view), foot, size, self.rows)

    def _head(self, view: View) -> Text:
        model, settings = view.start.model, view.start.settings
        facts = [
            f"{number(model.parameters / 1e6)}M" if model.parameters else "",
            f"{model.layers} layers" if model.layers else "",
            f"{model.heads} heads" if model.heads else "",
            model.dtype or "",
            model.device or "",
        ]
        place = f"token {view.index} of {settings.max_new_tokens}"
        if self.player.forks:
            place += f" · fork {self.player.forks}"
        timing = f"{view.token.timing.step_ms:.1f} ms"
        room = self.console.width - len(model.name) - len(place) - len(timing) - 14
        known = [each for each in facts if each]
        while known and len(" · ".join(known)) > room:
            known.pop()
        about = " · ".join(known)
        head = Text.assemble((" mav ", "bold reverse cyan"), " ", (model.name, "bold"))
        head.append(f"  {about}", style="dim").append(" " * max(0, room - len(about) + 1))
        return head.append(place, style="bold").append(f" · {timing}", style="dim")

    def _foot(self) -> Text:
        if self._said:
            return Text(f" {self._said}", style="yellow")
        if self.player.at_end:
            return Text.assemble(" ", self._ending(), self._keys([("b", "back"), ("q", "quit")]))
        if self.stepping:
            keys = [("⏎", "step"), ("b", "back"), ("1–9", "fork"), ("space", "run"), ("q", "quit")]
            if not draws_blocks(self.console):
                keys[0], keys[2] = ("Enter", "step"), ("1-9", "fork")
        else:
            keys = [("space", "pause"), ("b", "back"), ("q", "quit")]
        return self._keys(keys)

    @staticmethod
    def _keys(keys: Sequence[tuple[str, str]]) -> Text:
        line = Text(" ")
        for key, does in keys:
            line.append(f" {key}", style="bold").append(f" {does} ", style="dim")
        return line

    def _ending(self) -> Text:
        end = self.player.end
        if isinstance(end, Done):
            rate = end.tokens_per_second
            speed = "" if rate is None else f" · {number(rate)} tokens/s"
            return Text(f"{end.reason} · {end.tokens} tokens{speed}  ", style="dim")
        if isinstance(end, Error):
            return Text(f"{end.title}: {told(end)}  ", style="red")
        return Text(f"stopped after {len(self.player.tokens)} tokens", style="dim")


def draws_blocks(console: Console) -> bool:
    """Whether the terminal's encoding has block characters."""
    return console.encoding.startswith("utf")
