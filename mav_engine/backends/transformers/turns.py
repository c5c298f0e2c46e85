"""Whose turn it is at a model: the steps of many runs as one batch, and other work between.

No thread of its own: of the threads that ask for a step, one computes for all who have asked,
while they sleep. Who asks last leads, so that a run alone never waits and never changes threads.

Those who were answered go on one after the other: each is woken by the one before it, when that
one asks again. Python computes for one thread at a time anyway, and threads that all want to go on
at once would take the turn from each other in the middle of their work, twenty times a token.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

_PATIENCE = 2.0
"""How long those who have asked wait for those who have not, in durations of the last batch."""
_MIN_PATIENCE_S = 0.002
_MAX_PATIENCE_S = 0.05


def no_batches(asks: Sequence[Any]) -> Sequence[Any]:
    """What computes batches where nobody may ask for one."""
    raise LookupError(f"{len(asks)} steps were asked for of a model that has no batched step")


class _Waiting(Generic[Ask, Answer]):
    """One who waits: for an answer, to lead a batch, or for the turn."""

    def __init__(self, who: Hashable = None, ask: Ask | None = None) -> None:
        self.who = who
        self.ask = ask
        self.answer: Answer | Exception | None = None
        self.batch: list[_Waiting[Ask, Answer]] = []
        """What this one is to lead."""
        self._woken = threading.Lock()
        self._woken.acquire()

    def wake(self) -> None:
        self._woken.release()

    def sleep(self, seconds: float = -1) -> bool:
        """Whether it was woken in that time."""
        return self._woken.acquire(timeout=seconds)


class Turns(Generic[Ask, Answer]):
    """Turns at one model: batches and other work alternate where both wait.

    Those who took part in the last batch are waited for a moment, so that all go on together;
    who stays away longer (its client is slow, say) is not waited for until it asks again.

    Args:
        compute: answers several asks at once; an exception in an answer's place is raised
            where it was asked. Never called by two threads at once, nor while one is `alone`.
    """

    def __init__(self, compute: Callable[[Sequence[Ask]], Sequence[Answer | Exception]]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._busy = False
        self._present: set[Hashable] = set()
        self._asking: list[_Waiting[Ask, Answer]] = []
        self._answered: deque[_Waiting[Ask, Answer]] = deque()
        """Those who have an answer and sleep, until it is their turn to go on with it."""
        self._going_on: set[Hashable] = set()
        """Those who have an answer and have not come back with it yet."""
        self._others: deque[_Waiting[Ask, Answer]] = deque()
        self._idle_since = 0.0
        self._patience_s = _MIN_PATIENCE_S

    @property
    def crowded(self) -> bool:
        """Whether there is anybody else to be waited for."""
        return bool(self._present or self._others)

    def ask(self, who: Hashable, ask: Ask) -> Answer:
        """Have something computed, together with what others ask.

        Raises:
            Exception: what `compute` gave in the answer's place.
        """
        mine = _Waiting[Ask, Answer](who, ask)
        with self._lock:
            self._present.add(who)
            self._asking.append(mine)
            self._came_back(who)
            if not self._busy and len(self._asking) == len(self._present):
                self._take_all(mine)
        if not mine.batch:
            self._await_answer(mine)
        if mine.batch:
            # It holds this one too: nothing may be left for the garbage collector to find.
            batch, mine.batch = mine.batch, []
            self._lead(mine, batch)
        answer, mine.answer = mine.answer, None
        assert answer is not None
        try:
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            # The error's frames would hold it, and so themselves and all that the run holds.
            del answer

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the model to oneself for a moment."""
        mine = _Waiting[Ask, Answer]()
        with self._lock:
            waits = self._busy
            if waits:
                self._others.append(mine)
            self._busy = True
        if waits:
            mine.sleep()
        try:
            yield
        finally:
            self._pass_on(after_batch=False)

    def leave(self, who: Hashable) -> None:
        """Nobody need wait for this one any more; harmless when done twice."""
        with self._lock:
            self._present.discard(who)
            self._came_back(who)
            if not self._busy:
                self._wake_next(after_batch=True)

    def _await_answer(self, mine: _Waiting[Ask, Answer]) -> None:
        """Sleep until there is an answer, or a batch to lead, or patience is at its end."""
        patience_s = self._patience_s
        while not mine.sleep(patience_s):
            with self._lock:
                patience_s = self._patience_s
                if mine in self._answered:
                    # Whose turn it is has something else to do than to ask again.
                    self._answered.remove(mine)
                    self._going_on.add(mine.who)
                    return
                if mine not in self._asking or self._busy:
                    continue
                left_s = self._idle_since + self._patience_s - time.monotonic()
                if left_s <= 0:
                    self._present = {each.who for each in self._asking}
                    self._take_all(mine)
                    return
                patience_s = left_s

    def _came_back(self, who: Hashable) -> None:
        """If this one was going on with its answer, the next may; a newcomer changes nothing."""
        if who not in self._going_on:
            return
        self._going_on.discard(who)
        if self._answered:
            following = self._answered.popleft()
            self._going_on.add(following.who)
            following.wake()

    def _take_all(self, leader: _Waiting[Ask, Answer]) -> None:
        leader.batch, self._asking = self._asking, []
        self._busy = True

    def _lead(self, leader: _Waiting[Ask, Answer], batch: list[_Waiting[Ask, Answer]]) -> None:
        began = time.monotonic()
        answers: Sequence[Answer | Exception] = ()
        try:
            answers = self._compute([each.ask for each in batch if each.ask is not None])
        finally:
            # Only what is no Exception, such as an interrupt of the leader, leaves some without.
            answers = [*answers, *[RuntimeError("the batch broke off")] * len(batch)]
            for place, each in enumerate(batch):
                each.answer = answers[place]
            # An error's frames lead back to this one, which must not lead to the error.
            del answers
            patience_s = _PATIENCE * (time.monotonic() - began)
            self._patience_s = min(max(patience_s, _MIN_PATIENCE_S), _MAX_PATIENCE_S)
            # Who leads has its answer and goes on first.
            others = [each for each in batch if each is not leader]
            with self._lock:
                self._answered.extend(others)
                self._going_on.add(leader.who)
            self._pass_on(after_batch=True)

    def _pass_on(self, *, after_batch: bool) -> None:
        with self._lock:
            self._busy = False
            self._idle_since = time.monotonic()
            self._wake_next(after_batch=after_batch)

    def _wake_next(self, *, after_batch: bool) -> None:
        """Give the turn to who waits for it, if anybody does and not all are yet to come."""
        complete = len(self._asking) == len(self._present)
        if self._others and (after_batch or not self._asking):
            self._busy = True
            self._others.popleft().wake()
        elif self._asking and (complete or not after_batch):
            leader = self._asking[0]
            self._take_all(leader)
            leader.wake()
