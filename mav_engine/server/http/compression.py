"""Gzip for the streams that gain by it, where the client takes it (RFC 9110, 12.5.3).

Attention patterns are mostly zeros and travel at a third of their size or less. Every chunk is
flushed, so an event arrives when it is sent, not when a buffer is full.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Collection

import anyio.to_thread
from starlette.types import Message, Send

from mav_engine.contract.events import SHARES

LEVEL = 1
"""The fastest: higher levels save a tenth more and take four times as long."""
_ON_THE_LOOP = 65_536
"""Bytes that are compressed in less than a millisecond; more go to a thread."""


def worth_it(capture: Collection[str], accept_encoding: str) -> bool:
    """Whether a run sends attention patterns to a client that takes gzip."""
    return bool(SHARES & set(capture)) and takes("gzip", accept_encoding)


def takes(wanted: str, accept_encoding: str) -> bool:
    """Whether a client that sent this Accept-Encoding can read a coding, named in lower case."""
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding == wanted:
            return not any(each.replace(" ", "") in _NEVER for each in parameters)
    return False


_NEVER = {"q=0", "q=0.0", "q=0.00", "q=0.000"}


class Gzipped:
    """An ASGI `send` that compresses what goes through it, in order."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._gzip = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        # Heartbeats come from another task than the events.
        self._turn = asyncio.Lock()

    async def __call__(self, message: Message) -> None:
        async with self._turn:
            if message["type"] == "http.response.start":
                encoded = (b"content-encoding", b"gzip")
                message = {**message, "headers": [*message["headers"], encoded]}
            elif message["type"] == "http.response.body":
                message = {**message, "body": await self._compressed(message)}
            await self._send(message)

    async def _compressed(self, message: Message) -> bytes:
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) > _ON_THE_LOOP:
            return await anyio.to_thread.run_sync(self._flushed, body, more)
        return self._flushed(body, more)

    def _flushed(self, body: bytes, more: bool) -> bytes:
        end = zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH
        return self._gzip.compress(body) + self._gzip.flush(end)
