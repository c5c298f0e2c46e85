"""The tape of a comparison: two players in lockstep, with their divergences."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from mav_engine.compare.events import Common, Compared, CompareEvent, Divergence, SideEvent
from mav_engine.compare.settings import SIDES, Side
from mav_engine.contract.events import Error, Event
from mav_engine.terminal.player import Player


class PairPlayer:
    """Both runs of a comparison, advanced one token at a time.

    If one run has ended, its last token stays while the other continues.
    """

    def __init__(self, events: Iterator[CompareEvent]) -> None:
        self._events = events
        self._waiting: dict[Side, deque[Event]] = {side: deque() for side in SIDES}
        self.sides: dict[Side, Player] = {side: Player(self._events_of(side)) for side in SIDES}
        self.divergences: list[Divergence] = []
        """Divergences of the tokens of both, in order."""
        self.common: Common | None = None
        self.end: Compared | Error | None = None

    @property
    def index(self) -> int:
        """Index of the shown token."""
        return max(player.index for player in self.sides.values())

    @property
    def begun(self) -> bool:
        """Whether both have a token to show."""
        return all(player.begun for player in self.sides.values())

    @property
    def at_end(self) -> bool:
        """Whether the comparison has ended and its last token is shown."""
        longest = max(len(player.record.tokens) for player in self.sides.values())
        return self.end is not None and self.index >= longest - 1

    @property
    def divergence(self) -> Divergence | None:
        """The divergence at the shown token; None if only one run has it."""
        return self.divergences[self.index] if self.index < len(self.divergences) else None

    def forward(self) -> bool:
        """Show the next token of both, computing it if necessary; False if there is none."""
        moved = [player.forward() for player in self.sides.values()]
        index = self.index
        both = all(len(player.record.tokens) > index for player in self.sides.values())
        # A divergence comes after both of its tokens, and the summary after both ends.
        while (both and len(self.divergences) <= index) or not any(moved):
            if not self._pull():
                break
        return any(moved)

    def back(self) -> bool:
        """Show the previous token; False at the first one."""
        before = self.index - 1
        if before < 0:
            return False
        for player in self.sides.values():
            player.index = max(0, min(before, len(player.record.tokens) - 1))
        return True

    def close(self) -> None:
        """Stop both runs."""
        close = getattr(self._events, "close", None)
        if close is not None:
            close()

    def _events_of(self, side: Side) -> Iterator[Event]:
        while True:
            while self._waiting[side]:
                yield self._waiting[side].popleft()
            if not self._pull():
                return

    def _pull(self) -> bool:
        """Take one more event; False if there is none."""
        for event in self._events:
            if isinstance(event, SideEvent):
                self._waiting[event.side].append(event.event)
            elif isinstance(event, Divergence):
                self.divergences.append(event)
            elif isinstance(event, Common):
                self.common = event
            else:
                self.end = event
            return True
        return False
