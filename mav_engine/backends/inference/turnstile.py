"""Gives the turn to one of the threads that share a model, while the others sleep.

Threads that have an answer continue one after the other: each is woken by the one before it, when
that one submits again. Python runs one thread at a time anyway, and threads that all continue at
once would interrupt each other in the middle of their work, twenty times a token.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence

_PATIENCE = 2.0
"""How long submitted requests wait for the other threads, in durations of the last batch."""
_MIN_PATIENCE_S = 0.002
_MAX_PATIENCE_S = 0.05


class Waiter:
    """A thread that waits for the turn."""

    def __init__(self, who: Hashable) -> None:
        self.who = who
        self.has_turn = False
        self.may_continue = False
        """Whether it may continue with an answer."""
        self._woken = threading.Lock()
        self._woken.acquire()

    @property
    def waits(self) -> bool:
        return not (self.has_turn or self.may_continue)

    def wake(self) -> None:
        self._woken.release()

    def sleep(self, seconds: float) -> bool:
        """Whether it was woken in that time."""
        return self._woken.acquire(timeout=seconds)


class Turnstile:
    """Gives the turn, to compute a batch or for exclusive work; where both wait, they alternate.

    The threads of the last batch are waited for a moment, so that they stay in one batch. A thread
    that stays away longer, because its client is slow, is not waited for until it submits again.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """To be held while any method but `await_turn` is called."""
        self.present: set[Hashable] = set()
        """Runs that are waited for."""
        self.others: deque[Waiter] = deque()
        """Threads that wait for exclusive work."""
        self._submitted: dict[Hashable, Waiter] = {}
        self._answered: deque[Waiter] = deque()
        """Threads that have an answer, until it is their turn to continue."""
        self._continuing: set[Hashable] = set()
        """Runs that continue with an answer and have not submitted again."""
        self._busy = False
        self._batch_was_last = False
        self._moved_at = 0.0
        self._patience_s = _MIN_PATIENCE_S

    @property
    def crowded(self) -> bool:
        """Whether other threads are waited for."""
        return bool(self.present or self.others)

    def submit(self, mine: Waiter, *, answered: bool) -> None:
        """Wait for an answer from now on; if there is one already, continue with it."""
        self.present.add(mine.who)
        self._moved_at = time.monotonic()
        if not answered:
            self._submitted[mine.who] = mine
        self._come_back(mine.who)
        if answered:
            self._let_continue(mine)
        self._give_turn(mine)

    def submit_exclusive(self, mine: Waiter) -> None:
        self._come_back(mine.who)
        self.others.append(mine)
        self._give_turn(mine)

    def leave(self, who: Hashable) -> None:
        """This run is not waited for any more."""
        self.present.discard(who)
        self._come_back(who)
        self._give_turn()

    def await_turn(self, mine: Waiter) -> None:
        """Sleep until this thread may continue or has the turn; gives up waiting for the others
        after a while."""
        patience_s = self._patience_s
        while mine.waits and not mine.sleep(patience_s):
            with self.lock:
                patience_s = self._moved_at + self._patience_s - time.monotonic()
                if patience_s <= 0:
                    patience_s = self._patience_s
                    self._lose_patience(mine)

    def has_submitted(self, waiter: Waiter) -> bool:
        """Whether a thread waits for the answer of this request."""
        return self._submitted.get(waiter.who) is waiter

    def hand_out(self, answered: Sequence[Waiter], leader: Waiter | None) -> None:
        """These have their answers: threads that wait for one continue in turn, the leader at
        once."""
        for each in answered:
            if self.has_submitted(each):
                del self._submitted[each.who]
                if each is leader:
                    self._let_continue(each)
                else:
                    self._answered.append(each)
        if not self._continuing:
            self._let_next_continue()

    def pass_on(self, *, after_batch: bool, expected: Hashable = None) -> None:
        """Give the turn away; the run that is expected is waited for like those that continue."""
        if expected is not None:
            self.present.add(expected)
            self._continuing.add(expected)
        self._busy = False
        self._batch_was_last = after_batch
        self._moved_at = time.monotonic()
        self._give_turn()

    def set_patience(self, batch_s: float) -> None:
        """Set how long to wait for other threads, from the duration of the last batch."""
        self._patience_s = min(max(_PATIENCE * batch_s, _MIN_PATIENCE_S), _MAX_PATIENCE_S)

    def _come_back(self, who: Hashable) -> None:
        """If this run was continuing with its answer, let the next one continue."""
        if who in self._continuing:
            self._continuing.discard(who)
            self._let_next_continue()

    def _let_next_continue(self) -> None:
        if self._answered:
            following = self._answered.popleft()
            self._let_continue(following)
            following.wake()

    def _let_continue(self, waiter: Waiter) -> None:
        self._continuing.add(waiter.who)
        waiter.may_continue = True

    def _lose_patience(self, mine: Waiter) -> None:
        """Stop waiting for the runs that have not submitted again."""
        if not mine.waits:
            return
        if mine in self._answered:
            self._answered.remove(mine)
            self._let_continue(mine)
        elif not self._busy:
            self._continuing.clear()
            self.present = set(self._submitted)
            self._give_turn(mine)

    def _give_turn(self, mine: Waiter | None = None) -> None:
        """Give the turn to a thread that waits for it, once those that continue have submitted
        again; to the calling thread where possible, so that none needs to be woken."""
        following = None if self._busy else self._next(mine)
        if following is not None:
            self._busy = following.has_turn = True
            if following is not mine:
                following.wake()

    def _next(self, mine: Waiter | None) -> Waiter | None:
        if self.others and (self._batch_was_last or not self._submitted):
            return None if self._continuing else self.others.popleft()
        all_submitted = len(self._submitted) == len(self.present)
        if self._submitted and (all_submitted or not (self._batch_was_last or self._continuing)):
            leaders = self._submitted.values()
            return next((each for each in leaders if each is mine), next(iter(leaders)))
        return None
