"""The order in which the events of a run follow each other."""

from __future__ import annotations

from mav_engine.contract.events import Done, Error, Event, Prompt, Queued, Start, Token

_FOLLOWS: dict[type, tuple[type, ...]] = {
    Start: (),
    Queued: (Start, Queued),
    Prompt: (Start, Queued),
    Token: (Prompt, Token),
    Done: (Start, Queued, Prompt, Token),
    Error: (Start, Queued, Prompt, Token),
}
"""Which events each may follow."""


class OutOfOrder(Exception):
    """An event cannot follow the one before; the message says which, as in "a done event, …"."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field
        """The field that is wrong: type or token.index."""


class EventOrder:
    """Checks the events of one run as they arrive."""

    def __init__(self) -> None:
        self.last: Event | None = None
        """The last event that was checked."""
        self._tokens: int | None = None

    def check(self, event: Event) -> None:
        """Check the next event; the first may be any.

        Raises:
            OutOfOrder: it cannot follow the event before, or is another token than the next one.
        """
        if self.last is not None and not isinstance(self.last, _FOLLOWS[type(event)]):
            raise OutOfOrder(
                f"a {event.type} event, which cannot follow a {self.last.type} event", "type"
            )
        if isinstance(event, Token):
            if self._tokens is not None and event.index != self._tokens:
                raise OutOfOrder(
                    f"token {event.index} where token {self._tokens} should be", "token.index"
                )
            self._tokens = event.index + 1
        elif isinstance(event, Prompt):
            self._tokens = event.written
        self.last = event
