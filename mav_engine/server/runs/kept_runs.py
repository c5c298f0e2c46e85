"""The runs that can be watched: all live ones, and finished ones for some time."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict

from mav_engine.errors import InvalidSettings
from mav_engine.server.http.problems import RequestRefused
from mav_engine.server.runs.run_task import RunTask
from mav_engine.server.runs.shared_run import SharedRun, Spend, Watcher, continue_at
from mav_engine.wording import shown

REMEMBERED = 10_000
"""Ids of runs that are no longer kept, so that their watchers learn why."""
_EVENT_ID = re.compile(r"([0-9a-f]{32}):(0|[1-9][0-9]{0,11})")


class UnknownRun(RequestRefused):
    status = 404
    code = "unknown_run"
    title = "There is no such run here"


class RunGone(RequestRefused):
    status = 410
    code = "run_gone"
    title = "The run is no longer kept"


class KeptRuns:
    """The runs of a server by id. Who knows the id may watch. Used on the event loop only.

    Args:
        max_bytes: most bytes of kept events. Above it the finished run that ended first is dropped,
            then the oldest events of the live run that has most.
        keep_s: seconds for which a finished run is kept.
    """

    def __init__(self, max_bytes: int, keep_s: float) -> None:
        self._max_bytes = max_bytes
        self._keep_s = keep_s
        self._size = 0
        self._live: dict[str, SharedRun] = {}
        self._finished: OrderedDict[str, SharedRun] = OrderedDict()
        self._gone: OrderedDict[str, None] = OrderedDict()

    def share(self, run: RunTask) -> Watcher:
        """Let a run be watched; returns its first watcher, the client that started it."""
        shared = SharedRun(run, self._grown, self._ended)
        self._live[shared.run_id] = shared
        return shared.watch()

    def watch(self, run_id: str, last_event_id: str | None, spend: Spend) -> Watcher | None:
        """Watch a run from its beginning, or after an event.

        Args:
            run_id: the run.
            last_event_id: the id of the last event that the client has, or None.
            spend: counts the bytes that the watcher receives.

        Returns:
            The watcher, or None if the run has ended and the client has all of its events.

        Raises:
            UnknownRun: there is no such run.
            RunGone: the run, or the part of it that was requested, is no longer kept.
            InvalidSettings: `last_event_id` is not one of this run.
        """
        shared = self._find(run_id)
        position = 0 if last_event_id is None else _position_after(last_event_id, run_id)
        if position > shared.end:
            raise InvalidSettings(
                f"Last-Event-ID is {shown(last_event_id)}, but the last event of this run is "
                f"{run_id}:{shared.end - 1}. Send the id of the last event that you received.",
                field="Last-Event-ID",
            )
        if position < shared.first:
            raise RunGone(
                f"The events of this run before {shared.first} are no longer kept "
                f"(MAV_KEEP_RUN_BYTES). {continue_at(shared)}"
            )
        if shared.ended and position == shared.end:
            return None
        return shared.watch(position, spend)

    def watch_after(self, last_event_id: str, spend: Spend) -> Watcher | None:
        """Continue the stream of an event source that has reconnected.

        Returns:
            The watcher, or None if there is nothing more to receive.
        """
        found = _EVENT_ID.fullmatch(last_event_id)
        if found is None:
            return None
        try:
            return self.watch(found[1], last_event_id, spend)
        except (UnknownRun, RunGone, InvalidSettings):
            return None

    def knows(self, run_id: str) -> bool:
        """Whether a run is or was kept here."""
        return run_id in self._live or run_id in self._finished or run_id in self._gone

    def _find(self, run_id: str) -> SharedRun:
        if shared := self._live.get(run_id) or self._finished.get(run_id):
            return shared
        if run_id in self._gone:
            raise RunGone(
                "This run has ended and is no longer kept (MAV_KEEP_RUN_S, MAV_KEEP_RUN_BYTES). "
                "Ask the person who shared it for a recording, or for its settings and seed: they "
                "give the same tokens."
            )
        raise UnknownRun(
            f"There is no run {shown(run_id)} on this server. Runs of comparisons cannot be "
            "watched, and none can after a restart. Check the address, or ask the person who "
            "shared it."
        )

    def _grown(self, _shared: SharedRun, size: int) -> None:
        self._size += size
        while self._size > self._max_bytes and self._finished:
            self._drop(next(iter(self._finished)))
        for shared in sorted(self._live.values(), key=lambda each: each.size, reverse=True):
            if self._size <= self._max_bytes:
                return
            self._size -= shared.forget(self._size - self._max_bytes)

    def _ended(self, shared: SharedRun) -> None:
        self._live.pop(shared.run_id, None)
        self._finished[shared.run_id] = shared
        self._grown(shared, 0)
        self._drop_later(shared)

    def _drop_later(self, shared: SharedRun) -> None:
        asyncio.get_running_loop().call_later(self._keep_s, self._expire, shared)

    def _expire(self, shared: SharedRun) -> None:
        if shared.run_id not in self._finished:
            return
        if shared.watched and self._keep_s > 0:
            self._drop_later(shared)
        else:
            self._drop(shared.run_id)

    def _drop(self, run_id: str) -> None:
        shared = self._finished.pop(run_id)
        self._size -= shared.forget(shared.size)
        self._gone[run_id] = None
        while len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)


def _position_after(last_event_id: str, run_id: str) -> int:
    """The number of the event after one.

    Raises:
        InvalidSettings: it is not an event of this run.
    """
    found = _EVENT_ID.fullmatch(last_event_id)
    if found is None or found[1] != run_id:
        raise InvalidSettings(
            f"Last-Event-ID is {shown(last_event_id)}, which is no event of this run. Send the id "
            f"of the last event that you received, such as {run_id}:0, or leave it out to watch "
            "from the beginning.",
            field="Last-Event-ID",
        )
    return int(found[2]) + 1
