"""Where a run is shown: on the terminal, or as JSON lines where there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from mav_engine.commands.ending import INTERRUPTED, UNUSABLE, fail, write_lines

if TYPE_CHECKING:
    from mav_engine.contract.events import Event
    from mav_engine.terminal.live_screen import LiveScreen
    from mav_engine.terminal.player import Runner
    from mav_engine.terminal.view import TerminalPanel, ViewOptions

Live = TypeVar("Live", bound="LiveScreen[Any]")


@dataclass(frozen=True)
class Showing:
    """How a command shows a run."""

    panels: Sequence[TerminalPanel]
    options: ViewOptions
    rows: int = 2
    refresh_rate: float = 0.2
    interactive: bool = False
    json: bool = False
    drawn: bool = field(default_factory=sys.stdout.isatty)
    """Whether standard output is a terminal."""

    @property
    def draws(self) -> bool:
        """Whether a run becomes a picture, and not lines."""
        return self.drawn and not self.json

    def check(self) -> None:
        """End the command where there is nothing to show a run on, before anything is computed."""
        if self.json:
            return
        if self.interactive and not (self.drawn and sys.stdin is not None and sys.stdin.isatty()):
            fail(
                "--interactive needs a terminal for its keys and its picture, and there is none "
                "here; leave it away to get JSON lines.",
                UNUSABLE,
            )
        if self.drawn:
            self._check_terminal()

    def _check_terminal(self) -> None:
        from rich.console import Console

        from mav_engine.terminal.frame import Size, too_small

        if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
            fail("This terminal (TERM) cannot place text on the screen; --json writes lines.")
        size = Size(*Console().size)
        if size.too_small:
            fail(f"{too_small(size)} Make it larger, or use --json.")

    def show(self, events: Iterator[Event], runner: Runner | None = None) -> None:
        """Show a run to its end, and end the command as the run ended."""
        from mav_engine.contract.events import Error

        last = self._as_picture(events, runner) if self.draws else self._as_lines(events)
        if isinstance(last, Error):
            fail(f"{last.title}: {last.detail}")

    def _as_lines(self, events: Iterator[Event]) -> Event | None:
        from mav_engine.contract.events import to_json

        last: Event | None = None

        def lines() -> Iterator[bytes]:
            nonlocal last
            for last in events:
                yield to_json(last)

        try:
            write_lines(lines())
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        return last

    def live(self, kind: type[Live], player: Any) -> Live:
        """The live view of this kind, of what a player plays."""
        from rich.console import Console

        return kind(
            player,
            self.panels,
            Console(highlight=False, markup=False, emoji=False),
            self.options,
            self.rows,
            self.refresh_rate,
            stepping=self.interactive,
        )

    def _as_picture(self, events: Iterator[Event], runner: Runner | None) -> Event | None:
        from mav_engine.terminal.live import LiveView
        from mav_engine.terminal.player import Player

        player = Player(events, runner)
        try:
            self.live(LiveView, player).show()
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        return player.end
