"""Who may compute: so many runs of a model at a time, and a bounded queue for the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mav_engine.errors import Busy

RETRY_AFTER_S = 5.0
"""What a client is told when the queue is full: about the length of a short run."""


class Place:
    """One run's place at its model: in the queue or being served. Used on the loop only."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.on_change: Callable[[], None] = lambda: None
        """Called when the position has changed."""

    @property
    def position(self) -> int:
        """How many are served before this one; 0 is its turn."""
        return self._places.position(self)

    def leave(self) -> None:
        """Give the place up, so that the next one moves on; harmless when done twice."""
        self._places.leave(self)


class Places:
    """The places of one model, first come, first served."""

    def __init__(self, capacity: int, max_waiting: int) -> None:
        self._capacity = capacity
        self._max_waiting = max_waiting
        self._served: set[Place] = set()
        self._waiting: deque[Place] = deque()

    @property
    def active(self) -> int:
        """How many are being served."""
        return len(self._served)

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
        if place in self._served:
            self._served.remove(place)
            moved = list(self._waiting)
        elif place in self._waiting:
            moved = list(self._waiting)[self._waiting.index(place) + 1 :]
            self._waiting.remove(place)
        else:
            return
        while self._waiting and len(self._served) < self._capacity:
            self._served.add(self._waiting.popleft())
        for other in moved:
            other.on_change()
