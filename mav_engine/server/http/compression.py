"""Gzip for streams with attention patterns, if the client accepts it (RFC 9110, 12.5.3).

Attention patterns are mostly zeros and shrink to a third or less. Every part is compressed on its
own, which makes it about a fiftieth larger: it is not delayed by a buffer, all clients that receive
the same part share its compressed form, and none needs the memory of a compressor.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Iterable, Sequence

import anyio.to_thread
from starlette.types import Message, Send

LEVEL = 1
"""The fastest level: higher ones save another tenth and take four times as long."""
_ON_THE_LOOP = 65_536
"""Most bytes to compress on the event loop, in under a millisecond; more go to a thread."""


def takes(wanted: str, accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows a coding, given in lower case."""
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding == wanted:
            return not any(each.replace(" ", "") in _NEVER for each in parameters)
    return False


_HEAD = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
"""Of a gzip file without a name and a time."""
_LAST_BLOCK = b"\x03\x00"
_NEVER = {"q=0", "q=0.0", "q=0.00", "q=0.000"}


def deflated(part: bytes) -> bytes:
    """A part of a body as blocks that end at a byte and refer to no earlier part (RFC 1951)."""
    stream = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(part) + stream.flush(zlib.Z_FULL_FLUSH)


async def deflated_beside(part: bytes) -> bytes:
    """The same, for the event loop; long parts are compressed on a thread."""
    if len(part) > _ON_THE_LOOP:
        return await anyio.to_thread.run_sync(deflated, part)
    return deflated(part)


class Deflated(bytes):
    """Parts of a body that are compressed already, joined; `Gzipped` passes them on."""

    parts: Sequence[bytes]
    """The same parts uncompressed."""

    @classmethod
    def of(cls, blocks: Iterable[bytes], parts: Sequence[bytes]) -> Deflated:
        """The joined blocks of parts."""
        joined = cls(b"".join(blocks))
        joined.parts = parts
        return joined


class Gzipped:
    """An ASGI `send` that makes the body a gzip file, in order (RFC 1952)."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._crc = self._size = 0
        self._begun = False
        # Heartbeats come from another task than the events.
        self._turn = asyncio.Lock()

    async def __call__(self, message: Message) -> None:
        """Send a message."""
        async with self._turn:
            if message["type"] == "http.response.start":
                encoded = (b"content-encoding", b"gzip")
                message = {**message, "headers": [*message["headers"], encoded]}
            elif message["type"] == "http.response.body":
                message = {**message, "body": await self._compressed(message)}
            await self._send(message)

    async def _compressed(self, message: Message) -> bytes:
        body = message.get("body", b"")
        blocks = b"" if self._begun else _HEAD
        self._begun = True
        if isinstance(body, Deflated):
            blocks += body
            parts = body.parts
        else:
            blocks += await deflated_beside(body) if body else b""
            parts = (body,)
        for part in parts:
            self._crc = zlib.crc32(part, self._crc)
            self._size += len(part)
        if not message.get("more_body", False):
            blocks += _LAST_BLOCK + struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF)
        return blocks
