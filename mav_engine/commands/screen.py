"""Shows a run on the terminal, or as JSON lines if output is not a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from mav_engine.commands.exit_status import INTERRUPTED, USAGE_ERROR, fail, write_lines

if TYPE_CHECKING:
    from mav_engine.contract.events import Event
    from mav_engine.terminal.live_screen import LiveScreen
    from mav_engine.terminal.player import Runner
    from mav_engine.terminal.view import TerminalPanel, ViewOptions

Live = TypeVar("Live", bound="LiveScreen[Any]")


@dataclass(frozen=True)
class Showing:
    """How and where a command shows a run."""

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
        """Whether a run is drawn, rather than written as lines."""
        return self.drawn and not self.json

    def check(self) -> None:
        """Exit before anything is computed if the run cannot be shown."""
        if self.json:
            return
        if self.interactive and not (self.drawn and sys.stdin is not None and sys.stdin.isatty()):
            fail(
                "--interactive needs a terminal for input and output; leave it out to get JSON "
                "lines.",
                USAGE_ERROR,
            )
        if self.drawn:
            self._check_terminal()

    def _check_terminal(self) -> None:
        from rich.console import Console

        from mav_engine.terminal.frame import Size, too_small

        if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
            fail("This terminal (TERM) cannot move the cursor; use --json.")
        size = Size(*Console().size)
        if size.too_small:
            fail(f"{too_small(size)} Make it larger, or use --json.")

    def show(self, events: Iterator[Event], runner: Runner | None = None) -> None:
        """Show a run to its end, and exit with the status of its end."""
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
        """A live view of a player."""
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
        return player.record.end
