"""A response that streams as its source produces, with heartbeats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from mav_engine.server.http.compression import Deflated, Gzipped

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"
GRACE_S = 2.0
"""Seconds that a stream has to end when the server shuts down."""
SEND_TIMEOUT_S = 60.0
"""Seconds after which a client that reads nothing is disconnected."""
HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
    "Vary": "Accept, Accept-Encoding",
}


class Packed(ServerSentEvent):
    """A chunk that is compressed already, for a stream with gzip."""

    def __init__(self, chunk: Deflated) -> None:
        super().__init__()
        self._chunk = chunk

    def encode(self) -> bytes:
        """The chunk as it is; sse-starlette would copy bytes, and lose what `Gzipped` needs."""
        return self._chunk


class LiveStream(EventSourceResponse):
    """Sends chunks at once, until they end or the client disconnects.

    Args:
        chunks: encoded events.
        kind: their media type.
        heartbeat_s: seconds between the heartbeats of server-sent events; 0 sends none.
        gzip: whether to compress.
        on_shutdown: called when the server stops; the chunks should then end.
        on_end: called once when the stream has ended, for whatever reason.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes | Packed],
        kind: str,
        heartbeat_s: float,
        *,
        gzip: bool = False,
        on_shutdown: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._gzip = gzip
        self._on_shutdown = on_shutdown
        self._on_end = on_end
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
        """Send the stream, and release its source at the end."""
        watch = asyncio.create_task(self._stop_at_shutdown())
        try:
            await super().__call__(scope, receive, Gzipped(send) if self._gzip else send)
        finally:
            watch.cancel()
            self._on_end()

    async def _stop_at_shutdown(self) -> None:
        await self._shutdown.wait()
        self._on_shutdown()
