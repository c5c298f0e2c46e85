"""A run and all who watch it: it is generated and encoded once, and each watcher has a position.

The client that started the run is its first watcher. The run is as fast as its fastest watcher, and
stops when the last one leaves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from mav_engine.contract.events import Event, FinishReason, to_json
from mav_engine.errors import MavError, RunFailed
from mav_engine.running.run import error_event
from mav_engine.server.http.compression import Deflated, deflated_beside
from mav_engine.server.http.live_stream import Packed
from mav_engine.server.runs.channel import Encoded
from mav_engine.server.runs.run_task import RunTask, internal_error

LOG = logging.getLogger("mav.api")
CHUNK_BYTES = 65_536
"""Most bytes of kept events that are sent at once; a single event may be larger."""

Spend = Callable[[int], MavError | None]
"""Counts bytes before they are sent; returns the error to send instead, or None."""


class WatcherTooSlow(RunFailed):
    code = "watcher_too_slow"
    title = "The watcher reads too slowly"


class SharedRun:
    """A run and its events so far, encoded as server-sent events. Used on the event loop only.

    Args:
        run: the run; this object reads all its events.
        on_growth: called with the run and its number of additional bytes.
        on_end: called when the run has ended.
    """

    def __init__(
        self,
        run: RunTask,
        on_growth: Callable[[SharedRun, int], None],
        on_end: Callable[[SharedRun], None],
    ) -> None:
        self.run_id = run.run_id
        self.captures = run.captures
        self.first = 0
        """Number of the first event that is kept."""
        self.size = 0
        """Bytes of the kept events."""
        self.ended = False
        self._run = run
        self._on_growth = on_growth
        self._on_end = on_end
        self._kept: list[bytes] = []
        self._deflated: dict[int, bytes] = {}
        """Compressed events by number, those that a watcher needed."""
        self._compressing = asyncio.Lock()
        self._watchers: set[Watcher] = set()
        self._news = asyncio.Event()
        """Set, and replaced, when there are more events or fewer are kept."""
        self._progress = asyncio.Event()
        """Set when a watcher has moved or left."""
        self._reading = asyncio.create_task(self._read())

    @property
    def end(self) -> int:
        """Number of the next event."""
        return self.first + len(self._kept)

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    def watch(self, position: int = 0, spend: Spend = lambda _: None) -> Watcher:
        """Add a watcher.

        Args:
            position: number of the first event that it receives.
            spend: counts the bytes that it receives.
        """
        watcher = Watcher(self, position, spend)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Remove a watcher; the run stops with the last one. May be called repeatedly."""
        self._watchers.discard(watcher)
        if not self._watchers and not self.ended:
            self._run.stop("cancelled")
        self._progress.set()

    def stop(self, reason: FinishReason) -> None:
        """Stop the run with its next token."""
        self._run.stop(reason)

    def forget(self, size: int) -> int:
        """Drop the oldest events, but none that no watcher has received yet.

        Args:
            size: bytes to drop.

        Returns:
            The number of bytes that were dropped.
        """
        limit = self.end if self.ended else min(self.end, self._lead())
        count = dropped = 0
        while dropped < size and self.first + count < limit:
            dropped += len(self._kept[count])
            dropped += len(self._deflated.pop(self.first + count, b""))
            count += 1
        if count:
            del self._kept[:count]
            self.first += count
            self.size -= dropped
            self._tell()
        return dropped

    def kept_from(self, position: int) -> list[bytes]:
        """The events from a position on that are sent at once, at least one if there is one."""
        found: list[bytes] = []
        size = 0
        for event in self._kept[position - self.first :]:
            size += len(event)
            if found and size > CHUNK_BYTES:
                break
            found.append(event)
        return found

    async def packed(self, position: int, events: list[bytes]) -> Packed:
        """Events from a position on, compressed; each is compressed once for all watchers."""
        blocks = []
        for number, event in enumerate(events, position):
            async with self._compressing:
                block = self._deflated.get(number)
                if block is None:
                    block = await deflated_beside(event)
                    self._keep_deflated(number, block)
            blocks.append(block)
        return Packed(Deflated.of(blocks, events))

    def _keep_deflated(self, number: int, block: bytes) -> None:
        if number >= self.first:
            self._deflated[number] = block
            self.size += len(block)
            self._on_growth(self, len(block))

    async def changed(self) -> None:
        """Wait until there are more events, or fewer are kept."""
        await self._news.wait()

    def moved(self) -> None:
        """Called when a watcher has received events."""
        self._progress.set()

    def _lead(self) -> int:
        """The position of the fastest watcher."""
        return max((each.position for each in self._watchers), default=self.end)

    async def _read(self) -> None:
        """Read the run's events, at the pace of the fastest watcher."""
        encode = _numbered(self.run_id)
        try:
            async for batch in self._run.batches(encode):
                self._append(batch)
                await self._received()
        except Exception:
            LOG.exception("run broke off", extra={"run_id": self.run_id})
            failure = error_event(internal_error())
            self._append([Encoded(failure, encode(failure))])
        finally:
            self._run.abandon()
            self.ended = True
            self._tell()
            self._on_end(self)

    def _append(self, batch: list[Encoded]) -> None:
        self._kept += [each.data for each in batch]
        grown = sum(len(each.data) for each in batch)
        self.size += grown
        self._tell()
        self._on_growth(self, grown)

    async def _received(self) -> None:
        while self._watchers and self._lead() < self.end:
            self._progress.clear()
            await self._progress.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Watcher:
    """One client of a run, with its position. Used on the event loop only."""

    def __init__(self, shared: SharedRun, position: int, spend: Spend) -> None:
        self.position = position
        """Number of the next event that it receives."""
        self._shared = shared
        self._spend = spend

    @property
    def captures(self) -> frozenset[str]:
        """The probes that the run captures."""
        return self._shared.captures

    def stop(self, reason: FinishReason) -> None:
        """Stop the run for all watchers, since the server stops."""
        self._shared.stop(reason)

    def abandon(self) -> None:
        """Leave, since the client has disconnected or has received everything."""
        self._shared.leave(self)

    async def chunks(self, *, lines: bool, gzip: bool = False) -> AsyncIterator[bytes | Packed]:
        """The events from its position on, as server-sent events or as JSON lines.

        With gzip, server-sent events are compressed already.
        """
        shared = self._shared
        while True:
            if self.position < shared.first:
                yield _last(self._too_slow(), lines)
                return
            if events := shared.kept_from(self.position):
                sent = [*map(_json_line, events)] if lines else events
                if error := self._spend(sum(map(len, sent))):
                    yield _last(error, lines)
                    return
                packed = gzip and not lines
                yield await shared.packed(self.position, sent) if packed else b"".join(sent)
                # Asked for more, so this was sent.
                self.position += len(events)
                shared.moved()
            elif shared.ended:
                return
            else:
                await shared.changed()

    def _too_slow(self) -> MavError:
        shared = self._shared
        return WatcherTooSlow(
            f"Events {self.position} to {shared.first - 1} of this run are no longer kept "
            f"(MAV_KEEP_RUN_BYTES), since this client reads too slowly. {continue_at(shared)}",
            retry_after_s=1,
        )


def continue_at(shared: SharedRun) -> str:
    """How to watch a run whose first events are no longer kept."""
    if shared.ended:
        return "Start a run with the same seed and settings; it writes the same tokens."
    return (
        f"Watch it from here with Last-Event-ID: {shared.run_id}:{shared.first - 1}, or start a "
        "run with the same seed and settings; it writes the same tokens."
    )


def _numbered(run_id: str) -> Callable[[Event], bytes]:
    """An encoder of a run's events as server-sent events, numbered from 0."""
    count = 0

    def encode(event: Event) -> bytes:
        nonlocal count
        number, count = count, count + 1
        return f"id: {run_id}:{number}\n".encode() + _sent(event)

    return encode


def _sent(event: Event) -> bytes:
    return f"event: {event.type}\ndata: ".encode() + to_json(event) + b"\n\n"


def _json_line(sent: bytes) -> bytes:
    """The JSON line of a server-sent event."""
    return sent[sent.index(b"\ndata: ") + 7 : -1]


def _last(error: MavError, lines: bool) -> bytes:
    """An error of one watcher; without a number, since it is not an event of the run."""
    sent = b"\n" + _sent(error_event(error))
    return _json_line(sent) if lines else sent[1:]
