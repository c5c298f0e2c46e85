"""A comparison on the server: merges the streams of two live runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from mav_engine.compare.events import CompareEvent, SideEvent
from mav_engine.compare.lockstep import Lockstep
from mav_engine.compare.settings import Side, error_event_of_side, error_of_side
from mav_engine.contract.events import Error, Event, FinishReason
from mav_engine.errors import MavError
from mav_engine.running.run import error_event, new_run_id
from mav_engine.server.runs.channel import Encoded
from mav_engine.server.runs.run_task import RunTask, internal_error

LOG = logging.getLogger("mav.api")

Encode = Callable[[CompareEvent], bytes]


class CompareTask:
    """Two runs, from their slots to the last event of the comparison. Runs on the event loop."""

    def __init__(self, runs: dict[Side, RunTask], lockstep: Lockstep) -> None:
        self.run_id = new_run_id()
        self._runs = runs
        self._lockstep = lockstep
        self._broken: Error | None = None
        """The error of the run that failed first."""
        runs["a"].partner, runs["b"].partner = runs["b"], runs["a"]

    @property
    def captures(self) -> frozenset[str]:
        """The probes that either run captures."""
        return frozenset().union(*(run.captures for run in self._runs.values()))

    async def ready(self) -> None:
        """Check both runs before the stream starts.

        Raises:
            MavError: a run is invalid; `field` and `detail` name it.
        """
        for side, run in self._runs.items():
            try:
                await run.ready()
            except MavError as error:
                raise error_of_side(error, side) from None

    def stop(self, reason: FinishReason) -> None:
        """Stop both runs with their next token."""
        for run in self._runs.values():
            run.stop(reason)
        self._lockstep.cancel()

    def abandon(self) -> None:
        """Stop both runs and release their resources, since the client has disconnected."""
        for run in self._runs.values():
            run.abandon()
        self._lockstep.cancel()

    async def chunks(self, encode: Encode) -> AsyncIterator[bytes]:
        """Both runs' events and the divergences, encoded; then `compared` or `error`."""
        streams = {
            side: run.batches(self._encoder(side, encode)) for side, run in self._runs.items()
        }
        pending = {asyncio.create_task(_next(stream)): side for side, stream in streams.items()}
        try:
            while pending:
                done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    side = pending.pop(task)
                    batch = task.result()
                    if batch is None:
                        self._left(side)
                        continue
                    pending[asyncio.create_task(_next(streams[side]))] = side
                    yield b"".join(self._delivered(side, batch, encode))
            yield encode(self._broken or self._lockstep.summary())
        except Exception:
            LOG.exception("comparison %s failed", self.run_id)
            yield encode(error_event(internal_error()))
        finally:
            for task in pending:
                task.cancel()

    def _encoder(self, side: Side, encode: Encode) -> Callable[[Event], bytes]:
        """An encoder of one run's events; called in order on that run's thread."""

        def encode_side(event: Event) -> bytes:
            self._lockstep.produced(side, event)
            return encode(SideEvent(side, event))

        return encode_side

    def _delivered(self, side: Side, batch: list[Encoded], encode: Encode) -> list[bytes]:
        """The encoded events of one run, followed by the divergences that are complete."""
        chunks = [item.data for item in batch]
        for item in batch:
            if isinstance(item.event, Error):
                self._broken = self._broken or error_event_of_side(item.event, side)
            chunks += map(encode, self._lockstep.delivered(side, item.event))
        return chunks

    def _left(self, side: Side) -> None:
        self._lockstep.leave(side)
        if self._broken is not None:
            self.stop("cancelled")


async def _next(stream: AsyncIterator[list[Encoded]]) -> list[Encoded] | None:
    return await anext(stream, None)
