"""`compare(settings)`: two runs on two threads, their events in one iterator."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mav_engine.compare.events import CompareEvent, SideEvent
from mav_engine.compare.lockstep import Lockstep
from mav_engine.compare.settings import (
    SIDES,
    CompareSettings,
    Mode,
    Side,
    error_event_of_side,
    error_of_side,
)
from mav_engine.contract.events import Error, Event, FinishReason
from mav_engine.errors import MavError
from mav_engine.faults import run_fault
from mav_engine.running.kept_models import kept_model
from mav_engine.running.prepare import PreparedRun, prepare
from mav_engine.running.run import Stop, error_event, events_of, never

if TYPE_CHECKING:
    from mav_engine.backends import Backend

QUEUE_SIZE = 16
"""Events that may wait for the consumer before the runs wait too."""


def compare(
    settings: CompareSettings,
    *,
    backends: tuple[Backend, Backend] | None = None,
    stop: Stop = never,
) -> Iterator[CompareEvent]:
    """Run two models and yield the events of both, with a divergence for each token.

    Args:
        settings: what to run.
        backends: loaded models of a and b; where not given, they are loaded by name and kept for
            the next call.
        stop: called at each token of either run; returns why to end, or None.

    Raises:
        MavError: the settings of a side do not fit its model, or it cannot be loaded; `field` and
            `detail` name the side. Later failures are `Error` events.
    """
    settings = settings.resolved()
    runs = []
    for number, side in enumerate(SIDES):
        try:
            own = settings.a if side == "a" else settings.b
            if backends is None:
                backend = kept_model(own.model, beside=(settings.a.model, settings.b.model))
            else:
                backend = backends[number]
            runs.append(prepare(own, backend))
        except MavError as error:
            raise error_of_side(error, side) from None
    return compare_prepared(*runs, mode=settings.mode, stop=stop)


def compare_prepared(
    a: PreparedRun, b: PreparedRun, *, mode: Mode, stop: Stop = never
) -> Iterator[CompareEvent]:
    """The same for two prepared runs; the `stop_condition` of each is still called.

    Raises:
        InvalidSettings: b cannot be forced to a's text (field "mode").
    """
    lockstep = Lockstep(mode)
    runs: dict[Side, PreparedRun] = {"a": lockstep.add("a", a), "b": lockstep.add("b", b)}
    return _Pair(runs, lockstep, stop).events()


class _Pair:
    """Two runs while they are computed."""

    def __init__(self, runs: dict[Side, PreparedRun], lockstep: Lockstep, stop: Stop) -> None:
        self._runs = runs
        self._lockstep = lockstep
        self._caller_stop = stop
        self._reason: FinishReason | None = None
        self._queue: queue.Queue[SideEvent | Side] = queue.Queue(QUEUE_SIZE)
        """Events of both runs; a side alone where its run has ended."""

    def events(self) -> Iterator[CompareEvent]:
        """The events of both runs and their divergences, then `compared` or `error`."""
        threads = [
            threading.Thread(target=self._compute, args=(side,), name=f"compare {side}")
            for side in SIDES
        ]
        for thread in threads:
            thread.start()
        try:
            yield from self._delivered()
        finally:
            self._cancel()
            for thread in threads:
                while thread.is_alive():
                    self._drain()
                    thread.join(0.01)

    def _delivered(self) -> Iterator[CompareEvent]:
        running, broken = set(SIDES), None
        while running:
            item = self._queue.get()
            if isinstance(item, str):
                running.discard(item)
                continue
            yield item
            yield from self._lockstep.delivered(item.side, item.event)
            if isinstance(item.event, Error) and broken is None:
                broken = error_event_of_side(item.event, item.side)
                self._cancel()
        yield broken or self._lockstep.summary()

    def _compute(self, side: Side) -> None:
        run = self._runs[side]
        try:
            for event in events_of(run, self._stop):
                self._put(side, event)
        except BaseException as error:
            # Nothing else would report an exception of this thread.
            self._put(side, error_event(run_fault(error, run.backend.info.device)))
        finally:
            self._lockstep.leave(side)
            self._queue.put(side)

    def _put(self, side: Side, event: Event) -> None:
        self._lockstep.produced(side, event)
        self._queue.put(SideEvent(side, event))

    def _stop(self) -> FinishReason | None:
        return self._reason or self._caller_stop()

    def _cancel(self) -> None:
        self._reason = self._reason or "cancelled"
        self._lockstep.cancel()

    def _drain(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
