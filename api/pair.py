"""A comparison on the server: two live runs whose streams become one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from api.live_run import LiveRun
from mav_engine.compare.events import CompareEvent, SideEvent
from mav_engine.compare.lockstep import Lockstep
from mav_engine.compare.pair import error_of_side
from mav_engine.compare.settings import Side, blamed
from mav_engine.errors import MavError
from mav_engine.events import Error, Event, FinishReason
from mav_engine.run import new_run_id

Encode = Callable[[CompareEvent], bytes]


class LivePair:
    """Two runs that keep step, from their places to the last event; lives on the event loop."""

    def __init__(self, runs: dict[Side, LiveRun], lockstep: Lockstep) -> None:
        self.run_id = new_run_id()
        self._runs = runs
        self._lockstep = lockstep
        self._broken: Error | None = None

    async def ready(self) -> None:
        """Find out what is wrong with either run before the stream begins.

        Raises:
            MavError: the run that it names cannot be run.
        """
        for side, run in self._runs.items():
            try:
                await run.ready()
            except MavError as error:
                raise blamed(error, side) from None

    def stop(self, reason: FinishReason) -> None:
        """Let both end with their next token."""
        for run in self._runs.values():
            run.stop(reason)
        self._lockstep.end()

    def abandon(self) -> None:
        """Nobody listens any more: stop both, and give back what they hold."""
        for run in self._runs.values():
            run.abandon()
        self._lockstep.end()

    async def chunks(self, encode: Encode) -> AsyncIterator[bytes]:
        """Both runs' events and the divergences, encoded; then `compared` or `error`."""
        streams = {
            side: run.chunks(self._telling(side, encode)) for side, run in self._runs.items()
        }
        waited = {asyncio.create_task(_next(stream)): side for side, stream in streams.items()}
        try:
            while waited:
                done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    side = waited.pop(task)
                    chunk = task.result()
                    if chunk is None:
                        self._left(side)
                        continue
                    waited[asyncio.create_task(_next(streams[side]))] = side
                    yield chunk
            yield encode(self._broken or self._lockstep.summary())
        finally:
            for task in waited:
                task.cancel()

    def _telling(self, side: Side, encode: Encode) -> Callable[[Event], bytes]:
        """An encoder of one run's events, called in that run's thread and in its order."""

        def tell(event: Event) -> bytes:
            after = self._lockstep.told(side, event)
            if isinstance(event, Error):
                self._broken = self._broken or error_of_side(event, side)
            return b"".join(map(encode, [SideEvent(side, event), *after]))

        return tell

    def _left(self, side: Side) -> None:
        self._lockstep.leave(side)
        if self._broken is not None:
            self.stop("cancelled")


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)
