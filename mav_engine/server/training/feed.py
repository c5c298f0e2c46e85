"""Streams a training's recording to clients as the file grows.

The training only writes a file, which the operator names. Clients cannot name files, so they cannot
reach any other.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread

from mav_engine.contract.json_lines import json_line, without_breaks
from mav_engine.errors import Busy, InvalidSettings
from mav_engine.server.http.live_stream import SSE, LiveStream
from mav_engine.training.recording import is_head

POLL_S = 0.3
"""Seconds between two reads of a file that has not grown."""
MAX_WATCHERS = 32
"""Most simultaneous clients."""
MOST_BYTES = 1 << 20
"""Bytes that are read at once; a longer line is read completely."""
_FIELD = "MAV_WATCH"
_KIND = re.compile(rb'\{"type":"(\w+)"')
_OFFSET = re.compile(r"[0-9]{1,18}")
_ENDING_BYTES = 512


class Tail:
    """Reads the complete lines of a growing file; starts over if the file is replaced.

    Args:
        path: the file; it need not exist yet.
        after: the offset that `read` returned with the client's last line.
    """

    def __init__(self, path: Path, after: str = "") -> None:
        self._path = path
        self._mark, _, offset = after.partition(":")
        self._offset = int(offset) if _OFFSET.fullmatch(offset) else 0
        self._ending = b"\n"
        """The bytes before the offset, by which a replaced file is detected."""

    def read(self) -> list[tuple[str, bytes]]:
        """The next lines, each with the offset after it; empty if the file has not grown.

        Raises:
            InvalidSettings: the file cannot be read or is not a recording of a training.
        """
        try:
            with self._path.open("rb") as file:
                return self._next_lines(file)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InvalidSettings(_unreadable(self._path, error), field=_FIELD) from None

    def _next_lines(self, file: BinaryIO) -> list[tuple[str, bytes]]:
        head = file.readline()
        if not head.endswith(b"\n"):
            return []
        _check_head(self._path, head)
        mark = hashlib.sha256(head).hexdigest()[:12]
        if mark != self._mark or not self._stands(file):
            self._mark, self._offset = mark, 0
        file.seek(self._offset)
        lines = file.readlines(MOST_BYTES)
        found = []
        for line in lines:
            if line.endswith(b"\n"):
                self._offset += len(line)
                whole = line.removeprefix(codecs.BOM_UTF8).rstrip(b"\n")
                found.append((f"{mark}:{self._offset}", whole))
        begin = max(0, self._offset - _ENDING_BYTES)
        file.seek(begin)
        self._ending = file.read(self._offset - begin)
        return found

    def _stands(self, file: BinaryIO) -> bool:
        """Whether the bytes before the offset are unchanged. A resumed training truncates its
        file."""
        if self._offset == 0:
            return True
        file.seek(max(0, self._offset - len(self._ending)))
        return file.read(len(self._ending)) == self._ending


def check_watched(path: Path) -> None:
    """Check that the file can be watched. It need not exist yet.

    Raises:
        InvalidSettings: the file is compressed or not a recording of a training.
    """
    if path.suffix == ".gz":
        raise InvalidSettings(
            f"{path} is compressed and cannot be read while it grows: let the training write "
            "a recording that ends in .jsonl.",
            field=_FIELD,
        )
    Tail(path).read()


class TrainingFeed:
    """The clients that watch the recording."""

    def __init__(self, path: Path) -> None:
        check_watched(path)
        self._path = path
        self._watchers = 0

    def response(self, after: str, heartbeat_s: float) -> LiveStream:
        """Stream the recording from an offset on, and further lines until the client disconnects.

        Raises:
            Busy: too many clients.
        """
        if self._watchers >= MAX_WATCHERS:
            raise Busy(f"{MAX_WATCHERS} clients already watch this training.", retry_after_s=10)
        self._watchers += 1
        stopping = anyio.Event()
        return LiveStream(
            _chunks(Tail(self._path, after), stopping), SSE, heartbeat_s,
            on_shutdown=stopping.set, on_end=self._left,
        )  # fmt: skip

    def _left(self) -> None:
        self._watchers -= 1


async def _chunks(tail: Tail, stopping: anyio.Event) -> AsyncIterator[bytes]:
    # Tells the client at once that it is connected.
    yield b": watching\n\n"
    while not stopping.is_set():
        try:
            lines = await anyio.to_thread.run_sync(tail.read)
        except InvalidSettings as error:
            yield _sent("error", "", _error_line(error))
            return
        if lines:
            yield b"".join(_sent(_kind(line), offset, line) for offset, line in lines)
            continue
        with anyio.move_on_after(POLL_S):
            await stopping.wait()


def _sent(kind: str, offset: str, data: bytes) -> bytes:
    return f"id: {offset}\nevent: {kind}\ndata: ".encode() + without_breaks(data) + b"\n\n"


def _kind(line: bytes) -> str:
    found = _KIND.match(line)
    return found[1].decode() if found else "line"


def _error_line(error: InvalidSettings) -> bytes:
    return json_line({"type": "error", "code": error.code, "title": error.title,
                         "detail": error.detail, "field": error.field})  # fmt: skip


def _check_head(path: Path, head: bytes) -> None:
    if not is_head(head):
        raise InvalidSettings(
            f"{path.name} is not a recording of a training: its first line is not a training line. "
            "Name the UTF-8 file that TrainingWatch or MAVCallback writes.",
            field=_FIELD,
        )


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path.name} cannot be read: {error.strerror or error}."
