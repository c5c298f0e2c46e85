"""The watched file of a training that streams here: whole looks, each of them once."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import ClassVar

import orjson

from mav_engine.errors import InvalidSettings
from mav_engine.server.http.problems import RequestRefused
from mav_engine.server.training.body import ReceivedLook
from mav_engine.training.recording import ENDS, is_head

_START = b'{"type":"start"'


class NotStored(RequestRefused):
    status: ClassVar[int] = 507
    code = "not_stored"
    title = "The look could not be stored"


class ReceivedRecording:
    """A recording to which looks are added; `Tail` tells it while it grows.

    Raises:
        InvalidSettings: nothing can be written where it should be.
    """

    def __init__(self, path: Path) -> None:
        folder = path.absolute().parent
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise InvalidSettings(
                f"Nothing can be written in {folder}, so no training can be received into "
                f"{path.name}: make the folder, or name another file.",
                field="MAV_WATCH",
            )
        self._path = path
        self._writing = threading.Lock()
        self._left: tuple[int, int] | None = None
        """Which file it was, and its size, when it was last written here."""
        self._known: set[str] = set()
        """Runs that the file has whole."""

    def add(self, looks: list[ReceivedLook], *, append: bool) -> int:
        """Put looks behind those that are there; how many the file lacked.

        Without `append` a recording that is there is put aside first, unless it is of these looks:
        then they are sent again because an answer was lost.

        Raises:
            NotStored: the file cannot be read or written; it is as it was.
        """
        with self._writing:
            try:
                end = self._end()
                new = {look.run_id: look for look in looks if look.run_id not in self._known}
                again = any(look.run_id in self._known for look in looks)
                if not new:
                    return 0
                if end > 0 and not (append or again):
                    self._path.rename(self._free_name())
                    self._known, end = set(), 0
                self._write(b"".join(look.lines for look in new.values()), end)
                self._known.update(new)
            except OSError as error:
                raise NotStored(
                    f"{self._path.name} cannot be written: {error.strerror or error}. The training "
                    "may send it again.",
                    retry_after_s=10,
                ) from None
            return len(new)

    def _end(self) -> int:
        """Where the last whole look ends, after another's changes to the file were read."""
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
                        f"{self._path.name} is no recording of a training, so nothing is added to "
                        "it: let the operator name another file."
                    )
                offset += len(line)
                if line.startswith(_START) and line.endswith(b"\n"):
                    begun.add(str(orjson.loads(line).get("run_id")))
                elif line.startswith(ENDS) and line.endswith(b"\n"):
                    end = offset
                    whole |= begun
        return whole, end

    def _write(self, lines: bytes, end: int) -> None:
        """Behind `end`, all or nothing; what an interruption left half written is cut off."""
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
        """The name for a recording that is put aside: training.1.jsonl, training.2.jsonl, …"""
        number = 1
        while (name := self._numbered(number)).exists():
            number += 1
        return name

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")
