"""Streams of a server as plain bytes, so that reading many of them takes little time."""

from __future__ import annotations

import asyncio
import socket
import zlib
from dataclasses import dataclass
from typing import NamedTuple

JSON = "Content-Type: application/json\r\n"


class Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    """Kept, since a writer that nobody refers to closes the connection."""


@dataclass(frozen=True, slots=True)
class Body:
    """The body of an answer."""

    events: bytes
    """Its events, without compression and heartbeats."""
    size: int
    """Bytes of the body as it was sent."""
    chunks: int
    """Parts in which it was sent; events that are ready together are sent together."""


async def requested(
    port: int, line: str, head: str, body: str = "", *, buffer: int | None = None
) -> Connection:
    """Send a request and read the status of its answer.

    Args:
        port: the server's.
        line: method and path.
        head: headers, each with its line break.
        body: the body.
        buffer: bytes that may wait here to be read; the operating system's where not given.

    Raises:
        RuntimeError: the server refuses it.
    """
    stream = socket.socket()
    if buffer is not None:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    stream.setblocking(False)
    await asyncio.get_running_loop().sock_connect(stream, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=stream, limit=buffer or 2**16)
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    sent = f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}{length}\r\n{body}"
    writer.write(sent.encode())
    status = await reader.readline()
    if b" 200 " not in status:
        raise RuntimeError(f"{line}: {status.decode().strip()}")
    return Connection(reader, writer)


def body_of(answer: bytes) -> Body:
    """The body of an answer of HTTP/1.1, whose first lines may have been read already."""
    head = answer.index(b"\r\n\r\n") + 4
    body, at, chunks = bytearray(), head, 0
    while size := int(answer[at : (line := answer.index(b"\r\n", at))], 16):
        body += answer[line + 2 : line + 2 + size]
        at = line + 4 + size
        chunks += 1
    compressed = b"content-encoding: gzip" in answer[:head]
    sent = zlib.decompress(body, 16 + zlib.MAX_WBITS) if compressed else bytes(body)
    # Heartbeats come at any time.
    return Body(sent.replace(b": heartbeat\n\n", b""), len(body), chunks)
