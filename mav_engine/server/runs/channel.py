"""A small bounded channel from a run's thread to the event loop, with back-pressure."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator


class Channel:
    """Bytes from one thread to one coroutine.

    The thread blocks while `capacity` chunks or `max_bytes` wait to be sent, so that a slow client
    slows its run and holds no memory. The loop is woken only when it waits.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, capacity: int, max_bytes: int) -> None:
        self._loop = loop
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._bytes = 0
        self._chunks: deque[bytes] = deque()
        self._room = threading.Condition()
        self._news = asyncio.Event()
        self._ended = False
        self._closed = False

    def put(self, chunk: bytes, timeout_s: float | None = None) -> bool:
        """Hand over a chunk, from the thread, as soon as there is room; dropped once closed.

        Returns:
            Whether there was room within `timeout_s`; where there was none the chunk is not taken.
        """
        with self._room:
            if not self._room.wait_for(lambda: self._closed or self._has_room(chunk), timeout_s):
                return False
            if not self._closed:
                self._chunks.append(chunk)
                self._bytes += len(chunk)
        self._wake()
        return True

    def _has_room(self, chunk: bytes) -> bool:
        if not self._chunks:
            return True
        fits = self._bytes + len(chunk) <= self._max_bytes
        return fits and len(self._chunks) < self._capacity

    def end(self) -> None:
        """Say, from the thread, that no more comes."""
        self._ended = True
        self._wake()

    def close(self) -> None:
        """Say, from the loop, that nobody takes any more, so that the thread is never held."""
        with self._room:
            self._closed = True
            self._chunks.clear()
            self._room.notify_all()

    async def chunks(self) -> AsyncIterator[bytes]:
        """All that comes, in order; what has piled up comes as one."""
        while True:
            self._news.clear()
            ended = self._ended  # read before the chunks: what was put before it is among them
            if chunk := self._take():
                yield chunk
            elif ended:
                return
            else:
                await self._news.wait()

    def _take(self) -> bytes:
        with self._room:
            chunk = b"".join(self._chunks)
            self._chunks.clear()
            self._bytes = 0
            self._room.notify_all()
        return chunk

    def _wake(self) -> None:
        # The loop is gone when the server stopped while this run computed its last token.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)
