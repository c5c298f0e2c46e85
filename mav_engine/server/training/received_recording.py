"""The file to which received snapshots are appended, each once."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import ClassVar

import orjson

from mav_engine.errors import InvalidSettings
from mav_engine.server.http.problems import RequestRefused
from mav_engine.server.training.body import ReceivedSnapshot
from mav_engine.training.recording import ENDS, is_head

_START = b'{"type":"start"'


class NotStored(RequestRefused):
    status: ClassVar[int] = 507
    code = "not_stored"
    title = "The snapshot could not be stored"


class ReceivedRecording:
    """A recording to which snapshots are appended while `Tail` reads it.

    Raises:
        InvalidSettings: its folder does not exist or is not writable.
    """

    def __init__(self, path: Path) -> None:
        folder = path.absolute().parent
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise InvalidSettings(
                f"The folder {folder} does not exist or is not writable, so no training can be "
                f"received into {path.name}: make the folder, or name another file.",
                field="MAV_WATCH",
            )
        self._path = path
        self._writing = threading.Lock()
        self._left: tuple[int, int] | None = None
        """Inode and size of the file after the last write by this process."""
        self._known: set[str] = set()
        """Ids of the complete runs in the file."""

    def add(self, snapshots: list[ReceivedSnapshot], *, append: bool) -> int:
        """Append the snapshots that the file lacks; returns their number.

        Without `append`, an existing recording is renamed first, unless it contains one of these
        snapshots: then the request is a repetition after a lost response.

        Raises:
            NotStored: the file cannot be read or written; it is unchanged.
        """
        with self._writing:
            try:
                end = self._end()
                new = {
                    snapshot.run_id: snapshot
                    for snapshot in snapshots
                    if snapshot.run_id not in self._known
                }
                again = any(snapshot.run_id in self._known for snapshot in snapshots)
                if not new:
                    return 0
                if end > 0 and not (append or again):
                    self._path.rename(self._free_name())
                    self._known, end = set(), 0
                self._write(b"".join(snapshot.lines for snapshot in new.values()), end)
                self._known.update(new)
            except OSError as error:
                raise NotStored(
                    f"{self._path.name} cannot be written: {error.strerror or error}. The training "
                    "may retry.",
                    retry_after_s=10,
                ) from None
            return len(new)

    def _end(self) -> int:
        """Where the last complete snapshot ends. Reads the file again if another process wrote
        it."""
        try:
            stands = self._path.stat()
        except FileNotFoundError:
            self._known, self._left = set(), None
            return 0
        if (stands.st_ino, stands.st_size) == self._left:
            return stands.st_size
        self._known, end = self._read()
        return end

    def _read(self) -> tuple[set[str], int]:
        whole: set[str] = set()
        begun: set[str] = set()
        end = offset = 0
        with self._path.open("rb") as file:
            for line in file:
                if offset == 0 and not is_head(line):
                    raise NotStored(
                        f"{self._path.name} is not a recording of a training, so nothing is "
                        "appended: the operator must name another file."
                    )
                offset += len(line)
                if line.startswith(_START) and line.endswith(b"\n"):
                    begun.add(str(orjson.loads(line).get("run_id")))
                elif line.startswith(ENDS) and line.endswith(b"\n"):
                    end = offset
                    whole |= begun
        return whole, end

    def _write(self, lines: bytes, end: int) -> None:
        """Write all lines at `end`, or none. An incomplete snapshot after `end` is removed."""
        self._left = None
        with self._path.open("ab", buffering=0) as file:
            file.truncate(end)
            try:
                left = memoryview(lines)
                while left:
                    left = left[file.write(left) or 0 :]
            except OSError:
                file.truncate(end)
                raise
            stands = os.fstat(file.fileno())
        self._left = stands.st_ino, stands.st_size

    def _free_name(self) -> Path:
        """The new name of an existing recording: training.1.jsonl, training.2.jsonl, …"""
        number = 1
        while (name := self._numbered(number)).exists():
            number += 1
        return name

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")
