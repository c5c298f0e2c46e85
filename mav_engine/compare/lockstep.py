"""Two runs, each on a thread of its own, that keep step with each other.

What each generates is handed over here before it is told. Who comes second to a token compares
both; who is too far ahead waits, so that what is held stays small; and in the mode forced the
second run finds here what the first one has written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, overload

from mav_engine.compare.events import Common, Compared, CompareEvent, Divergence
from mav_engine.compare.settings import Mode, Side
from mav_engine.compare.tally import Tally
from mav_engine.compare.together import Moment, check_followable, common_of, compared
from mav_engine.contract.events import Done, Error, Event, FinishReason
from mav_engine.errors import RunFailed
from mav_engine.running.prepare import PreparedRun

if TYPE_CHECKING:
    from mav_engine.generation.loop import Generated

AHEAD = 8
"""Tokens that one run may be ahead of the other; so many predictions are held at most."""


@dataclass(slots=True)
class _Half:
    """What is known of one of the two runs."""

    run: PreparedRun | None = None
    ids: list[int] = field(default_factory=list)
    """The tokens that it has generated."""
    told: int = 0
    """How many of them were passed on."""
    left: bool = False
    reason: FinishReason | None = None
    """Why it ended, once it has."""


class Lockstep:
    """Where the two runs of a comparison meet. Safe to use from any thread."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._halves: dict[Side, _Half] = {"a": _Half(), "b": _Half()}
        self._waiting: dict[int, Moment] = {}
        self._found: list[Divergence] = []
        self._common: Common | None = None
        self._common_told = False
        self._tally = Tally()
        self._over = False
        self._news = threading.Condition()

    def paired(self, side: Side, run: PreparedRun) -> PreparedRun:
        """The run as one of the two.

        Raises:
            InvalidSettings: the second cannot be forced to the first's text.
        """
        with self._news:
            self._halves[side].run = run
            a, b = self._halves["a"].run, self._halves["b"].run
            if a is not None and b is not None:
                if self._mode == "forced":
                    check_followable(a, b)
                self._common = common_of(self._mode, a, b)
        if side == "b" and self._mode == "forced":
            run = replace(run, forced_ids=_Followed(self._id_of_a))
        own = run.watch
        return replace(run, watch=lambda generated: self._seen(side, generated) or own(generated))

    def heard(self, side: Side, event: Event) -> None:
        """Take note of how a run ended, from its own thread."""
        half = self._halves[side]
        with self._news:
            if isinstance(event, Done):
                half.reason = event.reason
            half.left = half.left or isinstance(event, Done | Error)
            self._news.notify_all()

    def passed_on(self, side: Side, tokens: int) -> list[CompareEvent]:
        """Take note that so many of a run's tokens were passed on in all; gives what comes next:
        the divergences of tokens of which both are, in order."""
        with self._news:
            self._halves[side].told = tokens
            return self._ready()

    def leave(self, side: Side) -> None:
        """Say that a run tells no more, so that nobody waits for it."""
        with self._news:
            self._halves[side].left = True
            self._news.notify_all()

    def end(self) -> None:
        """Let nobody wait any more."""
        with self._news:
            self._over = True
            self._news.notify_all()

    def summary(self) -> Compared:
        """The figures of the whole."""
        return self._tally.summary(self._halves["a"].ids, self._halves["b"].ids)

    def _ready(self) -> list[CompareEvent]:
        both = min(half.told for half in self._halves.values())
        now = sorted(
            (each for each in self._found if each.index < both), key=lambda each: each.index
        )
        if not now:
            return []
        self._found = [each for each in self._found if each.index >= both]
        first = not self._common_told
        self._common_told = True
        return [*([self._common] if first and self._common else []), *now]

    def _seen(self, side: Side, generated: Generated) -> FinishReason | None:
        """Hand over a token before it is told; says whether the run must end with it."""
        own, other = self._halves[side], self._halves["b" if side == "a" else "a"]
        moment = Moment.of(generated)
        with self._news:
            own.ids.append(generated.choice.token_id)
            index = len(own.ids) - 1
            self._meet(side, index, moment)
            self._news.notify_all()
            self._wait(lambda: other.left or index - len(other.ids) < AHEAD)
            if side == "b" and self._mode == "forced":
                self._wait(lambda: other.left or len(other.ids) > index + 1)
                if len(other.ids) <= index + 1:
                    return other.reason or "cancelled"
        return None

    def _meet(self, side: Side, index: int, moment: Moment) -> None:
        earlier = self._waiting.pop(index, None)
        a, b = self._halves["a"], self._halves["b"]
        if earlier is None:
            if not (b if side == "a" else a).left:
                self._waiting[index] = moment
            return
        if a.run is None or b.run is None or self._common is None:
            return
        pair = (earlier, moment) if side == "b" else (moment, earlier)
        same = a.ids[:index] == b.ids[:index]
        divergence = compared(index, *pair, self._common, same_text=same)
        self._tally.add(divergence)
        self._found.append(divergence)

    def _id_of_a(self, index: int) -> int | None:
        """The first run's token of this index, as soon as there is one; None past its end."""
        half = self._halves["a"]
        with self._news:
            self._wait(lambda: half.left or len(half.ids) > index)
            return half.ids[index] if index < len(half.ids) else None

    def _wait(self, until: Callable[[], bool]) -> None:
        self._news.wait_for(lambda: self._over or until())


class _Followed(Sequence[int]):
    """The ids of a text that is still being written."""

    def __init__(self, id_of: Callable[[int], int | None]) -> None:
        self._id_of = id_of
        self._taken = 0

    def __len__(self) -> int:
        """How many there are for sure: one more than were taken, where there is a next one."""
        more = self._id_of(self._taken) is not None
        if not more and self._taken == 0:
            raise RunFailed("The run whose text it follows ended before its first token.")
        return self._taken + more

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return []  # nothing is known beforehand
        found = self._id_of(index)
        if found is None:
            raise IndexError(index)
        self._taken = index + 1
        return found
