"""A training that goes on elsewhere, told to the site as its recording grows.

The training writes a file and knows nothing of this server; the operator names the file, and
clients name nothing. So neither can harm the other.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from mav_engine.contract.json_lines import json_line, without_breaks
from mav_engine.errors import Busy, InvalidSettings
from mav_engine.server.runs.stream import GRACE_S, HEADERS, SEND_TIMEOUT_S, SSE
from mav_engine.training.recording import is_head

POLL_S = 0.3
"""Seconds between two looks at a file that has not grown."""
MAX_WATCHERS = 32
"""Clients that may watch at the same time."""
MOST_BYTES = 1 << 20
"""What is read of the file at once; a line that is longer is read whole."""
_FIELD = "MAV_WATCH"
_KIND = re.compile(rb'\{"type":"(\w+)"')
_OFFSET = re.compile(r"[0-9]{1,18}")
_ENDING_BYTES = 512


class Tail:
    """The whole lines of a growing file, each once; from the beginning where it begins anew.

    Args:
        path: the file; it may not be there yet.
        after: the offset up to which a client has it, as `read` said.
    """

    def __init__(self, path: Path, after: str = "") -> None:
        self._path = path
        self._mark, _, offset = after.partition(":")
        self._offset = int(offset) if _OFFSET.fullmatch(offset) else 0
        self._ending = b"\n"
        """What stands before the offset; not all of it is known of a client that comes again."""

    def read(self) -> list[tuple[str, bytes]]:
        """The next lines, each with the offset after it; none where it has not grown.

        Raises:
            InvalidSettings: the file cannot be read or is no recording of a training.
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
        told = []
        for line in lines:
            if line.endswith(b"\n"):
                self._offset += len(line)
                whole = line.removeprefix(codecs.BOM_UTF8).rstrip(b"\n")
                told.append((f"{mark}:{self._offset}", whole))
        begin = max(0, self._offset - _ENDING_BYTES)
        file.seek(begin)
        self._ending = file.read(self._offset - begin)
        return told

    def _stands(self, file: BinaryIO) -> bool:
        """Whether what was read is still there: a training taken up again cuts its file."""
        if self._offset == 0:
            return True
        file.seek(max(0, self._offset - len(self._ending)))
        return file.read(len(self._ending)) == self._ending


def check_watched(path: Path) -> None:
    """Refuse what can never be watched; a file that is not there yet can.

    Raises:
        InvalidSettings: with the remedy.
    """
    if path.suffix == ".gz":
        raise InvalidSettings(
            f"{path} is compressed and cannot be read while it grows: let the training write "
            "a recording that ends in .jsonl.",
            field=_FIELD,
        )
    Tail(path).read()


class TrainingFeed:
    """Who watches the recording, and where each of them is."""

    def __init__(self, path: Path) -> None:
        check_watched(path)
        self._path = path
        self._watchers = 0

    def response(self, after: str, heartbeat_s: float) -> EventSourceResponse:
        """Everything from an offset on, and what is added, until the client goes.

        Raises:
            Busy: too many watch.
        """
        if self._watchers >= MAX_WATCHERS:
            raise Busy(f"{MAX_WATCHERS} watch this training already.", retry_after_s=10)
        self._watchers += 1
        return _WatcherResponse(Tail(self._path, after), heartbeat_s, self._left)

    def _left(self) -> None:
        self._watchers -= 1


class _WatcherResponse(EventSourceResponse):
    """The stream of one watcher, counted from the request's admission to the stream's end."""

    def __init__(self, tail: Tail, heartbeat_s: float, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        stopping = anyio.Event()
        super().__init__(
            _chunks(tail, stopping),
            headers=HEADERS,
            media_type=SSE,
            ping=heartbeat_s,
            ping_message_factory=lambda: ServerSentEvent(comment="heartbeat", sep="\n"),
            sep="\n",
            send_timeout=SEND_TIMEOUT_S,
            shutdown_event=stopping,
            shutdown_grace_period=GRACE_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_end()


async def _chunks(tail: Tail, stopping: anyio.Event) -> AsyncIterator[bytes]:
    # So that a client knows at once that it is connected.
    yield b": watching\n\n"
    while not stopping.is_set():
        try:
            lines = await anyio.to_thread.run_sync(tail.read)
        except InvalidSettings as error:
            yield _sent("error", "", _told(error))
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


def _told(error: InvalidSettings) -> bytes:
    return json_line({"type": "error", "code": error.code, "title": error.title,
                         "detail": error.detail, "field": error.field})  # fmt: skip


def _check_head(path: Path, head: bytes) -> None:
    if not is_head(head):
        raise InvalidSettings(
            f"{path.name} is no recording of a training: its first line tells no training step. "
            "Name the file that TrainingWatch or MAVCallback writes, in UTF-8.",
            field=_FIELD,
        )


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path.name} cannot be read: {error.strerror or error}."
