"""Two runs, each on its own thread, that stay close to each other.

Each run hands over a token before its event is built. Whichever run is second to reach a token
compares both. A run that is too far ahead waits, so that few predictions are held. In the mode
`forced` the second run takes the tokens of the first from here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mav_engine.compare.events import Common, Compared, CompareEvent, Divergence
from mav_engine.compare.settings import Mode, Side
from mav_engine.compare.summary import Summary
from mav_engine.compare.token_divergence import (
    TokenState,
    check_same_tokens,
    common_of,
    divergence_at,
)
from mav_engine.contract.events import Done, Error, Event, FinishReason, Token
from mav_engine.errors import RunFailed
from mav_engine.running.prepare import PreparedRun

if TYPE_CHECKING:
    from mav_engine.generation.loop import Generated

AHEAD = 8
"""Tokens that one run may be ahead of the other, and so the most predictions that are held."""


@dataclass(slots=True)
class _Run:
    """The state of one of the two runs."""

    prepared: PreparedRun | None = None
    ids: list[int] = field(default_factory=list)
    """The tokens that it has generated."""
    delivered: int = 0
    """How many of their events the consumer has."""
    ended: bool = False
    reason: FinishReason | None = None
    """Why it ended, once it has."""


class Lockstep:
    """Connects the two runs of a comparison. Safe to use from any thread."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._runs: dict[Side, _Run] = {"a": _Run(), "b": _Run()}
        self._unpaired: dict[int, TokenState] = {}
        """Tokens that only one of the runs has reached, by index."""
        self._undelivered: list[Divergence] = []
        self._common: Common | None = None
        self._common_delivered = False
        self._summary = Summary()
        self._cancelled = False
        self._changed = threading.Condition()

    def add(self, side: Side, prepared: PreparedRun) -> PreparedRun:
        """Add one of the two runs; returns it with this comparison attached.

        Raises:
            InvalidSettings: the second cannot be forced to the first's text.
        """
        with self._changed:
            self._runs[side].prepared = prepared
            a, b = self._runs["a"].prepared, self._runs["b"].prepared
            if a is not None and b is not None:
                if self._mode == "forced":
                    check_same_tokens(a, b)
                self._common = common_of(self._mode, a, b)
        if side == "b" and self._mode == "forced":
            prepared = replace(prepared, forced=_TokensOfA(self._token_of_a))
        stop_condition = prepared.stop_condition
        return replace(
            prepared,
            stop_condition=lambda generated: (
                self._generated(side, generated) or stop_condition(generated)
            ),
        )

    def produced(self, side: Side, event: Event) -> None:
        """Note an event of a run, on that run's thread."""
        run = self._runs[side]
        with self._changed:
            if isinstance(event, Done):
                run.reason = event.reason
            run.ended = run.ended or isinstance(event, Done | Error)
            self._changed.notify_all()

    def delivered(self, side: Side, event: Event) -> list[CompareEvent]:
        """Note that the consumer has an event of a run.

        Returns:
            The divergences of tokens of which the consumer now has both events, in order.
        """
        if not isinstance(event, Token):
            return []
        with self._changed:
            self._runs[side].delivered = event.index + 1
            return self._deliverable()

    def leave(self, side: Side) -> None:
        """Note that a run produces no more events, so that the other does not wait for it."""
        with self._changed:
            self._runs[side].ended = True
            self._changed.notify_all()

    def cancel(self) -> None:
        """Release the runs that wait."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def summary(self) -> Compared:
        """The figures of the whole comparison."""
        return self._summary.event(self._runs["a"].ids, self._runs["b"].ids)

    def _deliverable(self) -> list[CompareEvent]:
        both = min(run.delivered for run in self._runs.values())
        now = sorted(
            (each for each in self._undelivered if each.index < both), key=lambda each: each.index
        )
        if not now:
            return []
        self._undelivered = [each for each in self._undelivered if each.index >= both]
        first = not self._common_delivered
        self._common_delivered = True
        return [*([self._common] if first and self._common else []), *now]

    def _generated(self, side: Side, generated: Generated) -> FinishReason | None:
        """Take a token of a run; returns why the run must end with it, if it must."""
        own, other = self._runs[side], self._runs["b" if side == "a" else "a"]
        state = TokenState.of(generated)
        with self._changed:
            own.ids.append(generated.choice.token_id)
            index = len(own.ids) - 1
            self._compare(side, index, state)
            self._changed.notify_all()
            self._wait(lambda: other.ended or index - len(other.ids) < AHEAD)
            if side == "b" and self._mode == "forced":
                self._wait(lambda: other.ended or len(other.ids) > index + 1)
                if len(other.ids) <= index + 1:
                    return other.reason or "cancelled"
        return None

    def _compare(self, side: Side, index: int, state: TokenState) -> None:
        """Compare a token with the other run's of the same index; keep it where there is none."""
        earlier = self._unpaired.pop(index, None)
        a, b = self._runs["a"], self._runs["b"]
        if earlier is None:
            if not (b if side == "a" else a).ended:
                self._unpaired[index] = state
            return
        if a.prepared is None or b.prepared is None or self._common is None:
            return
        pair = (earlier, state) if side == "b" else (state, earlier)
        same = a.ids[:index] == b.ids[:index]
        divergence = divergence_at(index, *pair, self._common, same_text=same)
        self._summary.add(divergence)
        self._undelivered.append(divergence)

    def _token_of_a(self, index: int) -> int | None:
        run = self._runs["a"]
        with self._changed:
            self._wait(lambda: run.ended or len(run.ids) > index)
            if index < len(run.ids):
                return run.ids[index]
        if index == 0:
            raise RunFailed("Run a ended before its first token, so b has no text to follow.")
        return None

    def _wait(self, until: Callable[[], bool]) -> None:
        self._changed.wait_for(lambda: self._cancelled or until())


class _TokensOfA:
    """Forced tokens that run a is still writing; waits for each."""

    waits = True

    def __init__(self, at: Callable[[int], int | None]) -> None:
        self.known: Sequence[int] = ()
        self.at = at
