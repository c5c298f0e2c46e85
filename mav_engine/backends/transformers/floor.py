"""Who has the turn among threads that share a model: one computes, and the others sleep.

Those who were answered go on one after the other: each is woken by the one before it, when that
one asks again. Python computes for one thread at a time anyway, and threads that all want to go on
at once would take the turn from each other in the middle of their work, twenty times a token.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence

_PATIENCE = 2.0
"""How long those who have asked wait for those who have not, in durations of the last batch."""
_MIN_PATIENCE_S = 0.002
_MAX_PATIENCE_S = 0.05


class Sleeper:
    """A thread that waits for the turn."""

    def __init__(self, who: Hashable) -> None:
        self.who = who
        self.has_turn = False
        self.goes_on = False
        """Whether it may go on with an answer."""
        self._woken = threading.Lock()
        self._woken.acquire()

    @property
    def waits(self) -> bool:
        return not (self.has_turn or self.goes_on)

    def wake(self) -> None:
        self._woken.release()

    def sleep(self, seconds: float) -> bool:
        """Whether it was woken in that time."""
        return self._woken.acquire(timeout=seconds)


class Floor:
    """Gives the turn, to compute a batch or to be alone; both alternate where both are asked for.

    Those who took part in the last batch are waited for a moment, so that all go on together;
    who stays away longer (its client is slow, say) is not waited for until it asks again.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """To be held by who calls anything but `await_turn`."""
        self.present: set[Hashable] = set()
        """Those who are waited for."""
        self.others: deque[Sleeper] = deque()
        """Those who want to be alone."""
        self._asked: dict[Hashable, Sleeper] = {}
        self._answered: deque[Sleeper] = deque()
        """Those who have an answer, until it is their turn to go on with it."""
        self._going_on: set[Hashable] = set()
        """Those who have an answer and have not come back with it yet."""
        self._busy = False
        self._batch_was_last = False
        self._moved_at = 0.0
        self._patience_s = _MIN_PATIENCE_S

    @property
    def crowded(self) -> bool:
        """Whether there is anybody else to be waited for."""
        return bool(self.present or self.others)

    def ask(self, mine: Sleeper, *, answered: bool) -> None:
        """Wait for an answer from now on; where there is one already, go on with it."""
        self.present.add(mine.who)
        self._moved_at = time.monotonic()
        if not answered:
            self._asked[mine.who] = mine
        self._come_back(mine.who)
        if answered:
            self._let_go_on(mine)
        self._give_turn(mine)

    def ask_to_be_alone(self, mine: Sleeper) -> None:
        self._come_back(mine.who)
        self.others.append(mine)
        self._give_turn(mine)

    def leave(self, who: Hashable) -> None:
        """This one is not waited for any more."""
        self.present.discard(who)
        self._come_back(who)
        self._give_turn()

    def await_turn(self, mine: Sleeper) -> None:
        """Sleep until this one may go on or has the turn, or patience is at its end."""
        patience_s = self._patience_s
        while mine.waits and not mine.sleep(patience_s):
            with self.lock:
                patience_s = self._moved_at + self._patience_s - time.monotonic()
                if patience_s <= 0:
                    patience_s = self._patience_s
                    self._lose_patience(mine)

    def has_asked(self, sleeper: Sleeper) -> bool:
        """Whether somebody sleeps until this is answered."""
        return self._asked.get(sleeper.who) is sleeper

    def hand_out(self, answered: Sequence[Sleeper], leader: Sleeper | None) -> None:
        """These have their answers: who sleeps for one goes on when it is its turn, the leader
        at once."""
        for each in answered:
            if self.has_asked(each):
                del self._asked[each.who]
                if each is leader:
                    self._let_go_on(each)
                else:
                    self._answered.append(each)
        if not self._going_on:
            self._let_next_go_on()

    def pass_on(self, *, after_batch: bool, expected: Hashable = None) -> None:
        """Give the turn away; who is expected is waited for like those who go on."""
        if expected is not None:
            self.present.add(expected)
            self._going_on.add(expected)
        self._busy = False
        self._batch_was_last = after_batch
        self._moved_at = time.monotonic()
        self._give_turn()

    def set_patience(self, batch_s: float) -> None:
        """The last batch took so long."""
        self._patience_s = min(max(_PATIENCE * batch_s, _MIN_PATIENCE_S), _MAX_PATIENCE_S)

    def _come_back(self, who: Hashable) -> None:
        """If this one was going on with its answer, the next may; a newcomer changes nothing."""
        if who in self._going_on:
            self._going_on.discard(who)
            self._let_next_go_on()

    def _let_next_go_on(self) -> None:
        if self._answered:
            following = self._answered.popleft()
            self._let_go_on(following)
            following.wake()

    def _let_go_on(self, sleeper: Sleeper) -> None:
        self._going_on.add(sleeper.who)
        sleeper.goes_on = True

    def _lose_patience(self, mine: Sleeper) -> None:
        """Whose turn it is has something else to do than to come back."""
        if not mine.waits:
            return
        if mine in self._answered:
            self._answered.remove(mine)
            self._let_go_on(mine)
        elif not self._busy:
            self._going_on.clear()
            self.present = set(self._asked)
            self._give_turn(mine)

    def _give_turn(self, mine: Sleeper | None = None) -> None:
        """Give the turn to who waits for it, once those who go on with an answer are back; to
        this thread itself where it may be it, so that none need be woken."""
        following = None if self._busy else self._next(mine)
        if following is not None:
            self._busy = following.has_turn = True
            if following is not mine:
                following.wake()

    def _next(self, mine: Sleeper | None) -> Sleeper | None:
        if self.others and (self._batch_was_last or not self._asked):
            return None if self._going_on else self.others.popleft()
        all_have_asked = len(self._asked) == len(self.present)
        if self._asked and (all_have_asked or not (self._batch_was_last or self._going_on)):
            leaders = self._asked.values()
            return next((each for each in leaders if each is mine), next(iter(leaders)))
        return None
