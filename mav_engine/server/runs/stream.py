"""Sends a run's events over HTTP, as server-sent events or JSON lines."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from mav_engine.compare.events import CompareEvent, compare_to_json
from mav_engine.contract.events import SHARES
from mav_engine.server.http.compression import takes
from mav_engine.server.http.live_stream import NDJSON, SSE, LiveStream
from mav_engine.server.http.problems import NotAcceptable
from mav_engine.server.runs.compare_task import CompareTask
from mav_engine.server.runs.shared_run import Watcher
from mav_engine.wording import shown

JSON_LINES = ("application/ndjson", "application/jsonl", "application/json")
"""Other names of NDJSON, and JSON, which some clients request."""


def negotiate(accept: str) -> str:
    """The format that an Accept header prefers; by default server-sent events.

    Raises:
        NotAcceptable: it allows neither format.
    """
    weights = _weights(accept)
    events = _weight(SSE, weights)
    lines = max(_weight(kind, weights) for kind in (NDJSON, *JSON_LINES))
    if max(events, lines) == 0:
        raise NotAcceptable(
            f"A run is sent as {SSE} or {NDJSON}; Accept was {shown(accept)}.", field="Accept"
        )
    return SSE if events >= lines else NDJSON


def compared_sent(event: CompareEvent) -> bytes:
    """An event of a comparison as a server-sent event, without an id."""
    return f"event: {event.type}\ndata: ".encode() + compare_to_json(event) + b"\n\n"


def compared_line(event: CompareEvent) -> bytes:
    """An event of a comparison as one JSON line."""
    return compare_to_json(event) + b"\n"


def worth_it(capture: Collection[str], accept_encoding: str) -> bool:
    """Whether a run sends attention patterns to a client that accepts gzip."""
    return not SHARES.keys().isdisjoint(capture) and takes("gzip", accept_encoding)


def run_response(watcher: Watcher, kind: str, heartbeat_s: float, *, gzip: bool) -> LiveStream:
    """The stream of a run for one of its watchers, who leaves when the client disconnects."""
    return LiveStream(
        watcher.chunks(lines=kind == NDJSON, gzip=gzip), kind, heartbeat_s,
        gzip=gzip, on_shutdown=partial(watcher.stop, "cancelled"), on_end=watcher.abandon,
    )  # fmt: skip


def compare_response(task: CompareTask, kind: str, heartbeat_s: float, *, gzip: bool) -> LiveStream:
    """The stream of a comparison, which stops when the client disconnects."""
    encode = compared_sent if kind == SSE else compared_line
    return LiveStream(
        task.chunks(encode), kind, heartbeat_s,
        gzip=gzip, on_shutdown=partial(task.stop, "cancelled"), on_end=task.abandon,
    )  # fmt: skip


def _weights(accept: str) -> dict[str, float]:
    """The q-value of each media range of an Accept header."""
    found: dict[str, float] = {}
    for part in accept.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        found[media_range] = _quality(parameters)
    return found


def _weight(kind: str, weights: dict[str, float]) -> float:
    """The q-value of the most specific range that matches."""
    for media_range in (kind, kind.partition("/")[0] + "/*", "*/*"):
        if media_range in weights:
            return weights[media_range]
    return 0.0


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return min(quality, 1.0) if quality > 0 else 0.0
    return 1.0
