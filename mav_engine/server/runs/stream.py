"""How a run's events go over HTTP: server-sent events or lines of JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from mav_engine.compare.events import CompareEvent, compare_to_json
from mav_engine.contract.events import Event, to_json
from mav_engine.server.http.compression import Gzipped
from mav_engine.server.http.problems import NotAcceptable
from mav_engine.server.runs.compare_task import CompareTask
from mav_engine.server.runs.run_task import RunTask
from mav_engine.wording import shown

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"
JSON_LINES = ("application/ndjson", "application/jsonl", "application/json")
"""What else clients call it, or ask for when they know no name for it."""
GRACE_S = 2.0
"""Seconds that a run has to end when the server shuts down."""
SEND_TIMEOUT_S = 60.0
"""Seconds after which a client that reads nothing is given up."""
HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
    "Vary": "Accept, Accept-Encoding",
}


def negotiate(accept: str) -> str:
    """The format that an Accept header prefers; server-sent events where it prefers none.

    The other names of JSON lines, and `application/json`, stand for NDJSON.

    Raises:
        NotAcceptable: it allows neither.
    """
    weights = _weights(accept)
    events = _weight(SSE, weights)
    lines = max(_weight(kind, weights) for kind in (NDJSON, *JSON_LINES))
    if max(events, lines) == 0:
        raise NotAcceptable(
            f"A run is sent as {SSE} or {NDJSON}; Accept was {shown(accept)}.", field="Accept"
        )
    return SSE if events >= lines else NDJSON


def server_sent(run_id: str) -> Callable[[Event], bytes]:
    """An encoder of a run's events as server-sent events, numbered from 0."""
    count = 0

    def encode(event: Event) -> bytes:
        nonlocal count
        number, count = count, count + 1
        head = f"id: {run_id}:{number}\nevent: {event.type}\ndata: ".encode()
        return head + to_json(event) + b"\n\n"

    return encode


def json_line(event: Event) -> bytes:
    """An event as one line."""
    return to_json(event) + b"\n"


def compared_sent(event: CompareEvent) -> bytes:
    """An event of a comparison as a server-sent event; unnumbered, since two runs tell them."""
    return f"event: {event.type}\ndata: ".encode() + compare_to_json(event) + b"\n\n"


def compared_line(event: CompareEvent) -> bytes:
    """An event of a comparison as one line."""
    return compare_to_json(event) + b"\n"


def run_response(run: RunTask, kind: str, heartbeat_s: float, *, gzip: bool) -> StreamResponse:
    """The stream of a run."""
    encode = server_sent(run.run_id) if kind == SSE else json_line
    return StreamResponse(run, run.chunks(encode), kind, heartbeat_s, gzip=gzip)


def compare_response(
    task: CompareTask, kind: str, heartbeat_s: float, *, gzip: bool
) -> StreamResponse:
    """The stream of a comparison."""
    encode = compared_sent if kind == SSE else compared_line
    return StreamResponse(task, task.chunks(encode), kind, heartbeat_s, gzip=gzip)


class StreamResponse(EventSourceResponse):
    """A live stream; heartbeats between, and what feeds it stopped when the client goes."""

    def __init__(
        self,
        run: RunTask | CompareTask,
        chunks: AsyncIterator[bytes],
        kind: str,
        heartbeat_s: float,
        *,
        gzip: bool,
    ) -> None:
        self._run = run
        self._gzip = gzip
        self._shutdown = anyio.Event()
        super().__init__(
            chunks,
            headers=HEADERS,
            media_type=kind,
            ping=heartbeat_s if kind == SSE else 0,
            ping_message_factory=lambda: ServerSentEvent(comment="heartbeat", sep="\n"),
            sep="\n",
            send_timeout=SEND_TIMEOUT_S,
            shutdown_event=self._shutdown,
            shutdown_grace_period=GRACE_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream it, and let it go in whatever way that ends."""
        watch = asyncio.create_task(self._stop_at_shutdown())
        try:
            await super().__call__(scope, receive, Gzipped(send) if self._gzip else send)
        finally:
            watch.cancel()
            self._run.abandon()

    async def _stop_at_shutdown(self) -> None:
        await self._shutdown.wait()
        self._run.stop("cancelled")


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
