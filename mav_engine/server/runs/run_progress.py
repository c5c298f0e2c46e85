"""What a server knows of a run while it runs: for its logs, metrics and traces."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from mav_engine.contract.events import Done, Error, Event, Token


@dataclass(slots=True)
class RunProgress:
    """One run. Times are those of `time.time`, in seconds; None if it did not get that far."""

    run_id: str
    model: str
    queued_at: float = field(default_factory=time.time)
    began_at: float | None = None
    """When its computation began, after the queue and the load of the model."""
    first_token_at: float | None = None
    ended_at: float | None = None
    ids: list[int] = field(default_factory=list)
    """The new tokens."""
    texts: list[str] = field(default_factory=list)
    tokens_per_second: float | None = None
    ended_as: str = "cancelled"
    """The reason of `done`, or the code of the error."""
    failed: bool = False
    context: Any = None
    """The trace of the request, if traces are sent."""

    def fields(self) -> dict[str, object]:
        """What the log has of a run that has ended."""
        began, first = self.began_at, self.first_token_at
        return {
            "run_id": self.run_id,
            "model": self.model,
            "end": self.ended_as,
            "tokens": len(self.ids),
            "queue_s": None if began is None else round(began - self.queued_at, 3),
            "first_token_s": None if first is None else round(first - self.queued_at, 3),
            "seconds": round((self.ended_at or self.queued_at) - self.queued_at, 3),
        }

    def note(self, event: Event) -> None:
        """Note an event that is sent."""
        if isinstance(event, Token):
            if not self.ids:
                self.first_token_at = time.time()
            # Runs without ids cannot be resumed.
            self.ids.append(-1 if event.token.id is None else event.token.id)
            self.texts.append(event.text)
        elif isinstance(event, Done):
            self.ended_as = event.reason
            self.tokens_per_second = event.tokens_per_second
        elif isinstance(event, Error):
            self.ended_as, self.failed = event.code, True
