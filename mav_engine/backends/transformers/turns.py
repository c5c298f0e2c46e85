"""The steps of many runs as one batch, and other work between, in turns at one model.

No thread of its own: of the threads that ask for a step, one computes for all who have asked,
while they sleep. Who asks last leads, so that a run alone never waits and never changes threads.

Where a model computes beside Python, its next batch is under way while the last one is told: who
leads begins what the others will ask, which follows from their answers, before it wakes them.
Nobody is more than one step ahead of what it asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from mav_engine.backends.transformers.floor import Floor, Sleeper

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


def no_batches(asks: Sequence[Any]) -> Sequence[Any]:
    """What computes batches where nobody may ask for one."""
    raise LookupError(f"{len(asks)} steps were asked for of a model that has no batched step")


class Background(Protocol[Ask, Answer]):
    """What computes beside Python, in the background."""

    def follow(self, ask: Ask, answer: Answer) -> Ask | None:
        """What will be asked after this answer, if that is known already."""

    def begin(self, asks: Sequence[Ask]) -> Callable[[], Sequence[Answer | Exception]]:
        """Begin a batch; what is given waits for its answers."""


class _Asked(Sleeper, Generic[Ask, Answer]):
    """What one has asked, or will ask."""

    def __init__(self, who: Hashable, ask: Ask) -> None:
        super().__init__(who)
        self.ask = ask
        self.answer: Answer | Exception | None = None


@dataclass(frozen=True, slots=True)
class _Batch(Generic[Ask, Answer]):
    """What is computed together."""

    asked: list[_Asked[Ask, Answer]]
    finish: Callable[[], Sequence[Answer | Exception]]
    began: float


class Turns(Generic[Ask, Answer]):
    """Turns at one model.

    Args:
        compute: answers several asks at once; an exception in an answer's place is raised
            where it was asked. Never called by two threads at once, nor while one is `alone` or
            something that was begun is under way.
        background: what several will ask next is begun by it, as soon as it is known.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[Ask]], Sequence[Answer | Exception]],
        background: Background[Ask, Answer] | None = None,
    ) -> None:
        self._compute = compute
        self._background = background
        self._floor = Floor()
        self._asking: list[_Asked[Ask, Answer]] = []
        """What nothing was begun of yet."""
        self._underway: _Batch[Ask, Answer] | None = None
        """What was begun; only who has the turn touches it."""
        self._ahead: dict[Hashable, _Asked[Ask, Answer]] = {}
        """What was begun, or even answered, before anybody has come for it."""

    @property
    def crowded(self) -> bool:
        """Whether there is anybody else to be waited for."""
        return self._floor.crowded

    def ask(self, who: Hashable, ask: Ask) -> Answer:
        """Have something computed, together with what others ask.

        Raises:
            Exception: what `compute` gave in the answer's place.
            ValueError: it was said before that something else would be asked.
        """
        with self._floor.lock:
            mine = self._come_for(who, ask)
            self._floor.ask(mine, answered=mine.answer is not None)
        while not mine.goes_on:
            if mine.has_turn:
                self._lead(mine)
            else:
                self._floor.await_turn(mine)
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
    def alone(self, who: Hashable, *, then_asks: bool = False) -> Iterator[None]:
        """Have the model to oneself for a moment, with nothing under way.

        Args:
            who: whose moment it is.
            then_asks: it is waited for afterwards, as those are who go on with an answer.
        """
        mine = Sleeper(who)
        with self._floor.lock:
            self._floor.ask_to_be_alone(mine)
        self._floor.await_turn(mine)
        try:
            if self._underway is not None:
                self._answer(self._underway)
            yield
        finally:
            with self._floor.lock:
                self._floor.pass_on(after_batch=False, expected=who if then_asks else None)

    def leave(self, who: Hashable) -> None:
        """Nobody need wait for this one any more, and nothing is computed for it once this is
        over; harmless when done twice."""
        with self._floor.lock:
            self._floor.leave(who)
            ahead = self._ahead.pop(who, None)
        if ahead is not None and ahead.answer is None:
            with self.alone(who):
                pass

    def _come_for(self, who: Hashable, ask: Ask) -> _Asked[Ask, Answer]:
        """What this one asks: begun or answered already, or new."""
        mine = self._ahead.get(who)
        if mine is None:
            mine = _Asked(who, ask)
            self._asking.append(mine)
        elif mine.ask != ask:
            raise ValueError(f"{ask} is asked, but {mine.ask} was begun")
        else:
            del self._ahead[who]
        return mine

    def _lead(self, leader: _Asked[Ask, Answer]) -> None:
        leader.has_turn = False
        try:
            self._answer(self._underway or self._new_batch(), leader)
        finally:
            with self._floor.lock:
                self._floor.pass_on(after_batch=True)

    def _new_batch(self) -> _Batch[Ask, Answer]:
        """All that is asked and was not begun."""
        with self._floor.lock:
            asked, self._asking = self._asking, []
        asks = [each.ask for each in asked]
        return _Batch(asked, partial(self._compute, asks), time.monotonic())

    def _answer(
        self, batch: _Batch[Ask, Answer], leader: _Asked[Ask, Answer] | None = None
    ) -> None:
        """Finish a batch and hand out its answers; with a leader the next one is begun before."""
        self._underway = None
        answers: Sequence[Answer | Exception] = ()
        try:
            answers = batch.finish()
        finally:
            # Only what is no Exception, such as an interrupt of the leader, leaves some without.
            answers = [*answers, *[RuntimeError("the batch broke off")] * len(batch.asked)]
            for place, each in enumerate(batch.asked):
                each.answer = answers[place]
            # An error's frames lead back to this one, which must not lead to the error.
            del answers
            try:
                if leader is not None:
                    self._begin_what_follows(batch)
            finally:
                with self._floor.lock:
                    self._floor.set_patience(time.monotonic() - batch.began)
                    self._floor.hand_out(batch.asked, leader)

    def _begin_what_follows(self, batch: _Batch[Ask, Answer]) -> None:
        """Begin what those will ask who wait for these answers, and what others ask already."""
        background, floor = self._background, self._floor
        if background is None or floor.others or len(floor.present) == 1:
            return
        following = []
        for each in batch.asked:
            # Who has not come for this answer yet is far enough ahead.
            if floor.has_asked(each) and not isinstance(each.answer, Exception):
                assert each.answer is not None
                ask = background.follow(each.ask, each.answer)
                following += [] if ask is None else [_Asked[Ask, Answer](each.who, ask)]
        if following:
            with floor.lock:
                self._ahead |= {each.who: each for each in following}
                self._asking += following
            # Where beginning it breaks off, it is computed by the next leader.
            batch = self._underway = self._new_batch()
            finish = background.begin([each.ask for each in batch.asked])
            self._underway = replace(batch, finish=finish)
