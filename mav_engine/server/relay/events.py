"""The events of an upstream server, passed on byte for byte, and an error where they break off."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import orjson

from mav_engine.server.http.live_stream import NDJSON, SSE
from mav_engine.server.relay.upstream import Answer, Interrupted

IDLE_S = 45.0
"""Seconds of silence after which a stream has broken off: three heartbeats, which are at most 15
seconds apart."""
RETRY_AFTER_S = 5.0
"""The retry_after_s of the error."""
MAX_HELD = 1 << 20
"""Most bytes of an incomplete event that are held back; a longer event is passed on in parts."""
_END = {SSE: b"\n\n", NDJSON: b"\n"}


class RelayedEvents:
    """The stream of one answer.

    Complete events are passed on at once. If the stream breaks off, the client gets the complete
    events and an `error` event, with which it can continue the run.

    Args:
        answer: the answer of the upstream server; closed at the end.
        host: the server's name.
        idle_s: seconds of silence after which the stream has broken off.
        with_error: whether an error event ends a stream that broke off. Clients of a training
            reconnect by themselves when it ends without one.
    """

    def __init__(
        self, answer: Answer, host: str, idle_s: float, *, with_error: bool = True
    ) -> None:
        self._answer = answer
        self._host = host
        self._idle_s = idle_s
        self._with_error = with_error
        self._end = _END[answer.kind]
        self._held = bytearray()
        self._is_in_event = False
        """Whether a part of the current event has been passed on."""
        self._reading = anyio.CancelScope()
        self._stopping = False

    def stop(self) -> None:
        """End the stream with an error, since this server stops."""
        self._stopping = True
        self._reading.cancel()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The events, and the error if they break off."""
        chunk: bytes | None = self._answer.first
        try:
            while chunk:
                if whole := self._whole(chunk):
                    yield whole
                chunk = await self._next()
            if chunk is None and self._with_error and not self._is_in_event:
                yield self._error()
            elif chunk is not None and self._held:
                yield bytes(self._held)
        finally:
            await self._answer.close()

    async def _next(self) -> bytes | None:
        """The next chunk; empty at the end, None if the stream broke off."""
        if self._stopping:
            return None
        try:
            with anyio.move_on_after(self._idle_s) as self._reading:
                return await anext(self._answer.rest, b"")
        except Interrupted:
            pass
        return None

    def _whole(self, chunk: bytes) -> bytes:
        """The complete events; the rest is held back."""
        searched = max(0, len(self._held) - 1)
        self._held += chunk
        end = self._held.rfind(self._end, searched)
        if end >= 0:
            cut = end + len(self._end)
            self._is_in_event = False
        elif len(self._held) > MAX_HELD:
            # Not the last byte: the end of the event may begin with it.
            cut = len(self._held) - 1
            self._is_in_event = True
        else:
            return b""
        whole = bytes(self._held[:cut])
        del self._held[:cut]
        return whole

    def _error(self) -> bytes:
        if self._stopping:
            code, title = "server_stopping", "The server is stopping"
            detail = "The server is stopping. Continue the run in a few seconds."
        else:
            code, title = "upstream_lost", "The connection to the model's server was lost"
            detail = (
                f"{self._host} stopped sending events. Continue the run in a few seconds, or start "
                "it again."
            )
        data = orjson.dumps(
            {
                "type": "error",
                "code": code,
                "title": title,
                "detail": detail,
                "field": None,
                "retry_after_s": RETRY_AFTER_S,
            }
        )
        if self._answer.kind == NDJSON:
            return data + b"\n"
        # Without an id: Last-Event-ID stays that of the last event of the run.
        return b"event: error\ndata: " + data + b"\n\n"
