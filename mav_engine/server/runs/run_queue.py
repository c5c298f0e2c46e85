"""The queue of a model: a limited number of active runs, and a limited number of waiting ones.

A run whose client is too slow, so that no more can be sent, gives its slot to the next run and
takes it back when the client has caught up. So slow clients delay only their own runs. The number
of such
runs is limited to the number of slots: if there would be more while others wait, the one that has
been blocked longest is ended.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from mav_engine.errors import Busy

RETRY_AFTER_S = 5.0
"""The Retry-After of a full queue: about the duration of a short run."""


PATIENCE_S = 10.0
"""Total seconds that a client may block its run before the run may be ended for others."""


class Slot:
    """A run's slot, or its position in the queue. Used on the event loop only."""

    def __init__(self, queue: RunQueue) -> None:
        self._queue = queue
        self.on_change: Callable[[], None] = lambda: None
        """Called when the position has changed."""
        self.on_evicted: Callable[[], None] = lambda: None
        """Called when the run must end because its client is too slow; the slot is lost."""
        self.blocked_s = 0.0
        """Total seconds for which it was blocked, without the current period."""
        self.blocked_since: float | None = None

    @property
    def position(self) -> int:
        """Number of runs before this one; 0 is active."""
        return self._queue.position(self)

    def leave(self) -> None:
        """Release the slot for the next run; may be called repeatedly."""
        self._queue.leave(self)

    def set_blocked(self, blocked: bool) -> None:
        """Set whether the run is blocked by a slow client; may be repeated."""
        self._queue.set_blocked(self, blocked)


class RunQueue:
    """The slots of one model, first come, first served."""

    def __init__(
        self, capacity: int, max_waiting: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._capacity = capacity
        self._max_waiting = max_waiting
        self._clock = clock
        self._served: set[Slot] = set()
        self._blocked: set[Slot] = set()
        """Runs without a slot until their client has caught up."""
        self._waiting: deque[Slot] = deque()

    @property
    def active(self) -> int:
        """Number of active runs, blocked ones included."""
        return len(self._served) + len(self._blocked)

    @property
    def waiting(self) -> int:
        """Number of queued runs."""
        return len(self._waiting)

    def take(self) -> Slot:
        """Take a slot, or a position in the queue if all are taken.

        Raises:
            Busy: the queue is full.
        """
        slot = Slot(self)
        if len(self._served) < self._capacity:
            self._served.add(slot)
        elif len(self._waiting) < self._max_waiting:
            self._waiting.append(slot)
        else:
            raise Busy(
                f"{self.active} runs of this model are active and {self.waiting} are waiting; "
                f"try again in {RETRY_AFTER_S:.0f} seconds.",
                retry_after_s=RETRY_AFTER_S,
            )
        return slot

    def position(self, slot: Slot) -> int:
        """The position in the queue; 0 is active."""
        return self._waiting.index(slot) + 1 if slot in self._waiting else 0

    def leave(self, slot: Slot) -> None:
        """Remove a slot; later ones move up."""
        moved = list(self._waiting)
        if slot in self._served:
            self._served.remove(slot)
        elif slot in self._blocked:
            self._blocked.remove(slot)
        elif slot in self._waiting:
            moved = moved[self._waiting.index(slot) + 1 :]
            self._waiting.remove(slot)
        else:
            return
        self._move_on(moved)

    def set_blocked(self, slot: Slot, blocked: bool) -> None:
        """Take a run's slot while its client is too slow, and return it afterwards."""
        if slot not in self._served and slot not in self._blocked:
            return
        now = self._clock()
        if not blocked:
            if slot.blocked_since is not None:
                slot.blocked_s += now - slot.blocked_since
            slot.blocked_since = None
            self._blocked.discard(slot)
            # At once, even if all slots are taken: its memory is in use anyway.
            self._served.add(slot)
            return
        slot.blocked_since = now if slot.blocked_since is None else slot.blocked_since
        if slot in self._blocked:
            return
        if len(self._blocked) >= self._capacity and not self._evicted_slowest(slot, now):
            return
        if slot in self._served:
            self._served.remove(slot)
            self._blocked.add(slot)
            self._move_on(list(self._waiting))

    def _evicted_slowest(self, slot: Slot, now: float) -> bool:
        """End the slowest run if others wait; returns whether one was ended."""

        def blocked_s(each: Slot) -> float:
            return (
                each.blocked_s + now - (now if each.blocked_since is None else each.blocked_since)
            )

        slowest = max([*self._blocked, slot], key=blocked_s)
        if not self._waiting or blocked_s(slowest) < PATIENCE_S:
            return False
        self.leave(slowest)
        slowest.on_evicted()
        return True

    def _move_on(self, moved: list[Slot]) -> None:
        while self._waiting and len(self._served) < self._capacity:
            self._served.add(self._waiting.popleft())
        for other in moved:
            other.on_change()
