"""A screen that is redrawn over time or by keys."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from mav_engine.terminal.frame import Size
from mav_engine.terminal.keys import RESIZED, SUSPENDED, Keyboard, undisturbed
from mav_engine.terminal.view import TerminalPanel, ViewOptions

QUIT = "q"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: everything in between is one frame."""


class Tape(Protocol):
    """A sequence of tokens to show."""

    @property
    def begun(self) -> bool:
        """Whether there is a token to show."""

    @property
    def at_end(self) -> bool:
        """Whether the last token is shown and no more follow."""

    def forward(self) -> bool:
        """Show the next token; False if there is none."""

    def back(self) -> bool:
        """Show the previous token; False at the first one."""

    def close(self) -> None:
        """Stop the computation."""


TapeT = TypeVar("TapeT", bound=Tape)


@dataclass
class LiveScreen(ABC, Generic[TapeT]):
    """Shows a tape over time or step by step."""

    player: TapeT
    panels: Sequence[TerminalPanel]
    console: Console
    options: ViewOptions = field(default_factory=ViewOptions)
    rows: int = 2
    """Rows of panels."""
    refresh_rate: float = 0.2
    """Minimum seconds per token."""
    stepping: bool = False
    """Whether each token waits for a key."""
    stay: bool = False
    """Whether the view stays after the last token."""
    _said: str = ""
    _stepping_keys: ClassVar[Sequence[tuple[str, str]]]
    """Keys and their actions in step mode."""

    @abstractmethod
    def picture(self, *, closing: bool = False) -> RenderableType:
        """The frame of the shown token; with `closing`, the last frame."""

    @abstractmethod
    def _ending(self) -> Text:
        """The end of the tape as text."""

    @abstractmethod
    def _pick(self, place: int) -> None:
        """Choose the row of this number, from 0."""

    def show(self) -> None:
        """Show the tape until it ends or the user quits; the last frame stays on the screen.

        Raises:
            KeyboardInterrupt: Ctrl-C; the terminal is restored.
            MavError: the recording is damaged; the part before the error was shown.
        """
        try:
            self._watch()
        finally:
            self.player.close()
            if self.player.begun:
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
        """The next key; None when the time of the shown token is over."""
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
        """Suspend the process."""
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
            self._pick((int(key) - 1) % 10)

    def _refresh(self, live: Live) -> None:
        # Terminals without synchronized output ignore this.
        picture = self.picture()
        with undisturbed():
            self._write(_BEGIN)
            live.update(picture, refresh=True)
            self._write(_END)

    def _write(self, sequence: str) -> None:
        self.console.file.write(sequence)
        self.console.file.flush()

    def _size(self, closing: bool) -> Size:
        # One row less, since writing the last cell scrolls the terminal.
        width, height = self.console.size
        return Size(width, height - 1 if closing else height)

    def _foot(self) -> Text:
        if self._said:
            return Text(f" {self._said}", style="yellow")
        if self.player.at_end:
            return Text.assemble(" ", self._ending(), key_help([("b", "back"), ("q", "quit")]))
        if not self.stepping:
            return key_help([("space", "pause"), ("b", "back"), ("q", "quit")])
        plain = not draws_blocks(self.console)
        return key_help([(_IN_ASCII.get(key, key) if plain else key, does)
                      for key, does in self._stepping_keys])  # fmt: skip


_IN_ASCII = {"⏎": "Enter", "1–9": "1-9"}


def key_help(keys: Sequence[tuple[str, str]]) -> Text:
    """Keys and their actions."""
    line = Text(" ")
    for key, does in keys:
        line.append(f" {key}", style="bold").append(f" {does} ", style="dim")
    return line


def draws_blocks(console: Console) -> bool:
    """Whether the terminal's encoding has block characters."""
    return console.encoding.startswith("utf")
