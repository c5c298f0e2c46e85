"""`compare(settings)`: both runs on threads of their own, their events in one iterator."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from mav_engine.compare.events import CompareEvent, SideEvent
from mav_engine.compare.lockstep import Lockstep
from mav_engine.compare.settings import SIDES, CompareSettings, Mode, Side, blamed
from mav_engine.contract.events import Error, Event, FinishReason, Token
from mav_engine.errors import MavError
from mav_engine.faults import run_fault
from mav_engine.models.folder import canonical
from mav_engine.running.prepare import PreparedRun, prepare
from mav_engine.running.run import Stop, error_event, events_of, new_run_id, start_event

if TYPE_CHECKING:
    from mav_engine.backends import Backend

HELD = 16
"""Events that may wait for who takes them before the runs wait too."""


def _never() -> None:
    return None


def compare(
    settings: CompareSettings,
    *,
    backends: tuple[Backend, Backend] | None = None,
    stop: Stop = _never,
) -> Iterator[CompareEvent]:
    """Run two models in step and yield both runs' events, with a divergence for each token.

    Args:
        settings: what to run.
        backends: loaded models of a and b; where not given, they are loaded by name and kept for
            the next call.
        stop: asked at each token of either run whether to end.

    Raises:
        MavError: the settings of a side do not fit its model, or it cannot be loaded; `field` and
            `detail` name the side. What goes wrong later comes as an `Error` event.
    """
    asked = settings.resolved()
    runs = []
    for place, side in enumerate(SIDES):
        try:
            own = asked.a if side == "a" else asked.b
            backend = _loaded(canonical(own.model)) if backends is None else backends[place]
            runs.append(prepare(own, backend))
        except MavError as error:
            raise blamed(error, side) from None
    return compare_prepared(*runs, mode=settings.mode, stop=stop)


def compare_prepared(
    a: PreparedRun, b: PreparedRun, *, mode: Mode, stop: Stop = _never
) -> Iterator[CompareEvent]:
    """The same of two runs that are prepared; what watches each goes on watching it.

    Raises:
        InvalidSettings: b cannot be forced to a's text (field "mode").
    """
    lockstep = Lockstep(mode)
    runs: dict[Side, PreparedRun] = {
        "a": lockstep.paired("a", a),
        "b": lockstep.paired("b", b),
    }
    return _Pair(runs, lockstep, stop).events()


class _Pair:
    """Two runs while they are computed."""

    def __init__(self, runs: dict[Side, PreparedRun], lockstep: Lockstep, stop: Stop) -> None:
        self._runs = runs
        self._lockstep = lockstep
        self._asked_to_stop = stop
        self._reason: FinishReason | None = None
        self._queue: queue.Queue[SideEvent | Side] = queue.Queue(HELD)

    def events(self) -> Iterator[CompareEvent]:
        """All that both tell, then `compared` or `error`."""
        threads = [
            threading.Thread(target=self._compute, args=(side,), name=f"compare {side}")
            for side in SIDES
        ]
        for thread in threads:
            thread.start()
        try:
            yield from self._taken()
        finally:
            self._cancel()
            for thread in threads:
                while thread.is_alive():
                    self._drain()
                    thread.join(0.01)

    def _taken(self) -> Iterator[CompareEvent]:
        going, broken = set(SIDES), None
        tokens = dict.fromkeys(SIDES, 0)
        while going:
            got = self._queue.get()
            if isinstance(got, str):
                going.discard(got)
                continue
            yield got
            tokens[got.side] += isinstance(got.event, Token)
            yield from self._lockstep.passed_on(got.side, tokens[got.side])
            if isinstance(got.event, Error) and broken is None:
                broken = error_of_side(got.event, got.side)
                self._cancel()
        yield broken or self._lockstep.summary()

    def _compute(self, side: Side) -> None:
        run = self._runs[side]
        try:
            self._tell(side, start_event(run.settings, run.backend.info, new_run_id()))
            for event in events_of(run, self._stop):
                self._tell(side, event)
        except BaseException as error:
            # On a thread of its own nothing else would say so.
            self._tell(side, error_event(run_fault(error, run.backend.info.device)))
        finally:
            self._lockstep.leave(side)
            self._queue.put(side)

    def _tell(self, side: Side, event: Event) -> None:
        self._lockstep.heard(side, event)
        self._queue.put(SideEvent(side, event))

    def _stop(self) -> FinishReason | None:
        return self._reason or self._asked_to_stop()

    def _cancel(self) -> None:
        self._reason = self._reason or "cancelled"
        self._lockstep.end()

    def _drain(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()


def error_of_side(error: Error, side: Side) -> Error:
    """What ends a comparison of which one run broke off."""
    return Error(
        code=error.code,
        title=error.title,
        detail=f"Run {side}: {error.detail}",
        field=side if error.field is None else f"{side}.{error.field}",
        retry_after_s=error.retry_after_s,
    )


@lru_cache(maxsize=2)
def _loaded(model: str) -> Backend:
    from mav_engine.backends import load_backend

    return load_backend(model)
