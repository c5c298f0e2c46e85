"""Batches the steps of many runs of one model, and runs other work between the batches.

The scheduler has no thread of its own. Of the threads that submit a request, the last one leads: it
computes the batch for all of them while the others sleep. A run alone therefore never waits and
never changes threads.

Where a model computes outside of Python's lock, the next batch runs while the events of the last
one are encoded: before the leader wakes the other threads, it begins their next requests, which
follow from their answers. A run is at most one step ahead of its requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from mav_engine.backends.inference.turnstile import Turnstile, Waiter

Request = TypeVar("Request")
Answer = TypeVar("Answer")


def no_batches(requests: Sequence[Any]) -> Sequence[Any]:
    """The `compute` of a model without a batched step; it is never to be called."""
    raise LookupError(f"{len(requests)} steps were submitted to a model without a batched step")


class Background(Protocol[Request, Answer]):
    """Computes outside of Python's lock, in the background."""

    def next_request(self, request: Request, answer: Answer) -> Request | None:
        """The next request after this answer, if it is already known."""

    def begin(self, requests: Sequence[Request]) -> Callable[[], Sequence[Answer | Exception]]:
        """Begin a batch; the callable returned waits for its answers."""


class _Submitted(Waiter, Generic[Request, Answer]):
    """A request that was submitted or will be."""

    def __init__(self, who: Hashable, request: Request) -> None:
        super().__init__(who)
        self.request = request
        self.answer: Answer | Exception | None = None


@dataclass(frozen=True, slots=True)
class _Batch(Generic[Request, Answer]):
    """Requests that are computed together."""

    requests: list[_Submitted[Request, Answer]]
    finish: Callable[[], Sequence[Answer | Exception]]
    began: float


class Scheduler(Generic[Request, Answer]):
    """Gives the threads of a model's runs their turns at it.

    Args:
        compute: answers several requests at once. An exception in an answer's place is raised
            by the `submit` of that request. Never called by two threads at once, nor inside of
            `exclusive`, nor while a background batch runs.
        background: begins the next requests of several runs as soon as they are known.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[Request]], Sequence[Answer | Exception]],
        background: Background[Request, Answer] | None = None,
    ) -> None:
        self._compute = compute
        self._background = background
        self._turnstile = Turnstile()
        self._submitted: list[_Submitted[Request, Answer]] = []
        """Requests that have not been begun."""
        self._running: _Batch[Request, Answer] | None = None
        """The batch that was begun; used only by the thread that has the turn."""
        self._ahead: dict[Hashable, _Submitted[Request, Answer]] = {}
        """Requests that were begun, or even answered, before they were submitted."""

    @property
    def crowded(self) -> bool:
        """Whether other threads are waited for."""
        return self._turnstile.crowded

    def submit(self, who: Hashable, request: Request) -> Answer:
        """Compute a request in a batch with those of other threads; blocks until it is answered.

        Raises:
            Exception: the exception that `compute` returned in the answer's place.
            ValueError: another request was begun in the background.
        """
        with self._turnstile.lock:
            mine = self._come_for(who, request)
            self._turnstile.submit(mine, answered=mine.answer is not None)
        while not mine.may_continue:
            if mine.has_turn:
                self._lead(mine)
            else:
                self._turnstile.await_turn(mine)
        answer, mine.answer = mine.answer, None
        assert answer is not None
        try:
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            # The error's frames would refer to it, and so keep all objects of the run alive.
            del answer

    @contextmanager
    def exclusive(self, who: Hashable, *, then_submits: bool = False) -> Iterator[None]:
        """Hold the model exclusively, with no batch running.

        Args:
            who: the run that holds it.
            then_submits: it submits a request afterwards, so the next batch waits for it.
        """
        mine = Waiter(who)
        with self._turnstile.lock:
            self._turnstile.submit_exclusive(mine)
        self._turnstile.await_turn(mine)
        try:
            if self._running is not None:
                self._answer(self._running)
            yield
        finally:
            with self._turnstile.lock:
                self._turnstile.pass_on(after_batch=False, expected=who if then_submits else None)

    def leave(self, who: Hashable) -> None:
        """End a run's part: it is not waited for, and nothing is computed for it after this
        returns. May be called twice."""
        with self._turnstile.lock:
            self._turnstile.leave(who)
            ahead = self._ahead.pop(who, None)
        if ahead is not None and ahead.answer is None:
            with self.exclusive(who):
                pass

    def _come_for(self, who: Hashable, request: Request) -> _Submitted[Request, Answer]:
        """The request of this run: begun or answered already, or new."""
        mine = self._ahead.get(who)
        if mine is None:
            mine = _Submitted(who, request)
            self._submitted.append(mine)
        elif mine.request != request:
            raise ValueError(f"{request} is submitted, but {mine.request} was begun")
        else:
            del self._ahead[who]
        return mine

    def _lead(self, leader: _Submitted[Request, Answer]) -> None:
        leader.has_turn = False
        try:
            self._answer(self._running or self._new_batch(), leader)
        finally:
            with self._turnstile.lock:
                self._turnstile.pass_on(after_batch=True)

    def _new_batch(self) -> _Batch[Request, Answer]:
        """All requests that were submitted and not begun."""
        with self._turnstile.lock:
            submitted, self._submitted = self._submitted, []
        requests = [each.request for each in submitted]
        return _Batch(submitted, partial(self._compute, requests), time.monotonic())

    def _answer(
        self, batch: _Batch[Request, Answer], leader: _Submitted[Request, Answer] | None = None
    ) -> None:
        """Finish a batch and hand out its answers; with a leader, begin the next one before."""
        self._running = None
        answers: Sequence[Answer | Exception] = ()
        try:
            answers = batch.finish()
        finally:
            # Only an interrupt of the leader, which is no Exception, leaves some without answers.
            answers = [*answers, *[RuntimeError("the batch broke off")] * len(batch.requests)]
            for place, each in enumerate(batch.requests):
                each.answer = answers[place]
            # An error's frames refer to this frame, which must not refer to the error.
            del answers
            try:
                if leader is not None:
                    self._begin_what_follows(batch)
            finally:
                with self._turnstile.lock:
                    self._turnstile.set_patience(time.monotonic() - batch.began)
                    self._turnstile.hand_out(batch.requests, leader)

    def _begin_what_follows(self, batch: _Batch[Request, Answer]) -> None:
        """Begin the next requests of the runs that wait for these answers, and those submitted."""
        background, turnstile = self._background, self._turnstile
        if background is None or turnstile.others or len(turnstile.present) == 1:
            return
        following = []
        for each in batch.requests:
            # A run that has not fetched this answer yet is a step ahead already.
            if turnstile.has_submitted(each) and not isinstance(each.answer, Exception):
                assert each.answer is not None
                request = background.next_request(each.request, each.answer)
                following += (
                    [] if request is None else [_Submitted[Request, Answer](each.who, request)]
                )
        if following:
            with turnstile.lock:
                self._ahead |= {each.who: each for each in following}
                self._submitted += following
            # If beginning it fails, the next leader computes it.
            batch = self._running = self._new_batch()
            finish = background.begin([each.request for each in batch.requests])
            self._running = replace(batch, finish=finish)
