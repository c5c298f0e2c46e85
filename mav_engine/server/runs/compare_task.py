"""A comparison on the server: two live runs whose streams become one."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable

from mav_engine.compare.events import CompareEvent, SideEvent
from mav_engine.compare.lockstep import Lockstep
from mav_engine.compare.pair import error_of_side
from mav_engine.compare.settings import Side, blamed
from mav_engine.contract.events import Error, Event, FinishReason, Token
from mav_engine.errors import MavError, RunFailed
from mav_engine.running.run import error_event, new_run_id
from mav_engine.server.runs.run_task import RunTask

LOG = logging.getLogger("mav.api")

Encode = Callable[[CompareEvent], bytes]


class CompareTask:
    """Two runs that keep step, from their slots to the last event; lives on the event loop."""

    def __init__(self, runs: dict[Side, RunTask], lockstep: Lockstep) -> None:
        self.run_id = new_run_id()
        self._runs = runs
        self._lockstep = lockstep
        self._broken: Error | None = None
        self._passed = {side: _Passed() for side in runs}
        runs["a"].partner, runs["b"].partner = runs["b"], runs["a"]

    @property
    def captures(self) -> frozenset[str]:
        """The probes that either run captures."""
        return frozenset().union(*(run.captures for run in self._runs.values()))

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
                    tokens = self._passed[side].tokens_after(len(chunk))
                    after = self._lockstep.passed_on(side, tokens)
                    yield chunk + b"".join(map(encode, after))
            yield encode(self._broken or self._lockstep.summary())
        except Exception:
            LOG.exception("comparison %s broke off", self.run_id)
            failed = RunFailed("The server made a mistake; its log has the details.")
            yield encode(error_event(failed))
        finally:
            for task in waited:
                task.cancel()

    def _telling(self, side: Side, encode: Encode) -> Callable[[Event], bytes]:
        """An encoder of one run's events, called in that run's thread and in its order."""

        def tell(event: Event) -> bytes:
            self._lockstep.heard(side, event)
            if isinstance(event, Error):
                self._broken = self._broken or error_of_side(event, side)
            told = encode(SideEvent(side, event))
            self._passed[side].add(len(told), token=isinstance(event, Token))
            return told

        return tell

    def _left(self, side: Side) -> None:
        self._lockstep.leave(side)
        if self._broken is not None:
            self.stop("cancelled")


class _Passed:
    """How many of a run's tokens stand in the bytes of it that were passed on."""

    def __init__(self) -> None:
        self._encoded = 0
        self._ends: deque[int] = deque()
        """Where in the stream the tokens end that were not passed on yet."""
        self._forwarded = 0
        self._tokens = 0

    def add(self, size: int, *, token: bool) -> None:
        """So many bytes more were encoded, in the run's thread."""
        self._encoded += size
        if token:
            self._ends.append(self._encoded)

    def tokens_after(self, size: int) -> int:
        """All tokens that are passed on once so many bytes more are."""
        self._forwarded += size
        while self._ends and self._ends[0] <= self._forwarded:
            self._ends.popleft()
            self._tokens += 1
        return self._tokens


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    return await anext(stream, None)
