"""A small bounded channel from a run's thread to the event loop, with back-pressure."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import NamedTuple

from mav_engine.contract.events import Event


class Encoded(NamedTuple):
    """An event and its encoded bytes."""

    event: Event
    data: bytes


class Channel:
    """Events from one thread to one coroutine.

    The thread blocks while `capacity` events or `max_bytes` are waiting, so that a slow client
    slows its run down instead of using memory. The loop is woken only if it waits.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, capacity: int, max_bytes: int) -> None:
        self._loop = loop
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._bytes = 0
        self._waiting: deque[Encoded] = deque()
        self._room = threading.Condition()
        self._news = asyncio.Event()
        self._ended = False
        self._closed = False

    def put(self, item: Encoded, timeout_s: float | None = None) -> bool:
        """Put an event as soon as there is room (thread only). Dropped if the channel is closed.

        Returns:
            Whether there was room within `timeout_s`; if not, the event was not added.
        """
        with self._room:
            if not self._room.wait_for(lambda: self._closed or self._has_room(item), timeout_s):
                return False
            if not self._closed:
                self._waiting.append(item)
                self._bytes += len(item.data)
        self._wake()
        return True

    def append(self, item: Encoded) -> None:
        """Put an event at once, whether or not there is room."""
        with self._room:
            if not self._closed:
                self._waiting.append(item)
                self._bytes += len(item.data)
        self._wake()

    def _has_room(self, item: Encoded) -> bool:
        if not self._waiting:
            return True
        fits = self._bytes + len(item.data) <= self._max_bytes
        return fits and len(self._waiting) < self._capacity

    def end(self) -> None:
        """Signal that no more events follow."""
        self._ended = True
        self._wake()

    def close(self) -> None:
        """Signal that events are no longer read, so that the thread never blocks (loop only)."""
        with self._room:
            self._closed = True
            self._waiting.clear()
            self._room.notify_all()

    async def batches(self) -> AsyncIterator[list[Encoded]]:
        """All events in order; events that are waiting form one batch."""
        while True:
            self._news.clear()
            ended = self._ended  # read before the events, so that none is missed
            if batch := self._take():
                yield batch
            elif ended:
                return
            else:
                await self._news.wait()

    def _take(self) -> list[Encoded]:
        with self._room:
            batch = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self._room.notify_all()
        return batch

    def _wake(self) -> None:
        # The loop may be closed if the server stopped during this token.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)
