"""Who may compute: so many runs of a model at a time, and a bounded queue for the others.

A run whose client is behind, so that nothing of it can be sent, gives its place to the next one and
takes it again once the client has caught up. So clients that read slowly hold up nothing but their
own runs. At most as many runs as there are places may be in that state: where more would be while
others are queued, the one that has been blocked longest has to end.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from mav_engine.errors import Busy

RETRY_AFTER_S = 5.0
"""What a client is told when the queue is full: about the length of a short run."""


PATIENCE_S = 10.0
"""Seconds in all for which a client may have been behind before its run is ended for others."""


class Place:
    """One run's place at its model: in the queue or being served. Used on the loop only."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.on_change: Callable[[], None] = lambda: None
        """Called when the position has changed."""
        self.on_evicted: Callable[[], None] = lambda: None
        """Called when the run has to end because its client is too slow; the place is lost."""
        self.blocked_s = 0.0
        """Seconds for which it was blocked in all, without the current time."""
        self.blocked_since: float | None = None

    @property
    def position(self) -> int:
        """How many are served before this one; 0 is its turn."""
        return self._places.position(self)

    def leave(self) -> None:
        """Give the place up, so that the next one moves on; harmless when done twice."""
        self._places.leave(self)

    def set_blocked(self, blocked: bool) -> None:
        """Say whether the run can do nothing because its client is behind; may be repeated."""
        self._places.set_blocked(self, blocked)


class Places:
    """The places of one model, first come, first served."""

    def __init__(
        self, capacity: int, max_waiting: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._capacity = capacity
        self._max_waiting = max_waiting
        self._clock = clock
        self._served: set[Place] = set()
        self._blocked: set[Place] = set()
        """Runs that have given their place up until their client has caught up."""
        self._waiting: deque[Place] = deque()

    @property
    def active(self) -> int:
        """How many are being served, those included whose client is behind."""
        return len(self._served) + len(self._blocked)

    @property
    def waiting(self) -> int:
        """How many are queued."""
        return len(self._waiting)

    def take(self) -> Place:
        """A place in the queue, or at once where there is room.

        Raises:
            Busy: the queue is full.
        """
        place = Place(self)
        if len(self._served) < self._capacity:
            self._served.add(place)
        elif len(self._waiting) < self._max_waiting:
            self._waiting.append(place)
        else:
            raise Busy(
                f"{self.active} runs of this model are going on and {self.waiting} wait; "
                f"try again in {RETRY_AFTER_S:.0f} seconds.",
                retry_after_s=RETRY_AFTER_S,
            )
        return place

    def position(self, place: Place) -> int:
        """Where a place stands; 0 is served."""
        return self._waiting.index(place) + 1 if place in self._waiting else 0

    def leave(self, place: Place) -> None:
        """Take a place away; those behind it move on."""
        moved = list(self._waiting)
        if place in self._served:
            self._served.remove(place)
        elif place in self._blocked:
            self._blocked.remove(place)
        elif place in self._waiting:
            moved = moved[self._waiting.index(place) + 1 :]
            self._waiting.remove(place)
        else:
            return
        self._move_on(moved)

    def set_blocked(self, place: Place, blocked: bool) -> None:
        """Take a run's place away while its client is behind, and give it back afterwards."""
        if place not in self._served and place not in self._blocked:
            return
        now = self._clock()
        if not blocked:
            if place.blocked_since is not None:
                place.blocked_s += now - place.blocked_since
            place.blocked_since = None
            self._blocked.discard(place)
            # At once, though all places may be taken meanwhile: it holds its memory anyway.
            self._served.add(place)
            return
        place.blocked_since = now if place.blocked_since is None else place.blocked_since
        if place in self._blocked:
            return
        if len(self._blocked) >= self._capacity and not self._evicted_slowest(place, now):
            return
        if place in self._served:
            self._served.remove(place)
            self._blocked.add(place)
            self._move_on(list(self._waiting))

    def _evicted_slowest(self, place: Place, now: float) -> bool:
        """Whether a run was ended in favour of those in the queue."""

        def blocked_s(each: Place) -> float:
            return (
                each.blocked_s + now - (now if each.blocked_since is None else each.blocked_since)
            )

        slowest = max([*self._blocked, place], key=blocked_s)
        if not self._waiting or blocked_s(slowest) < PATIENCE_S:
            return False
        self.leave(slowest)
        slowest.on_evicted()
        return True

    def _move_on(self, moved: list[Place]) -> None:
        while self._waiting and len(self._served) < self._capacity:
            self._served.add(self._waiting.popleft())
        for other in moved:
            other.on_change()
