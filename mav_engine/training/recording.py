"""Recordings of a training: many runs in one file, each behind a line that says when it was.

for look, record in replay_training("training.jsonl"):
    print(look.step, record.text)
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson

from mav_engine.errors import BrokenRecording, InvalidSettings, NotARecording, TornRecording
from mav_engine.events import Event, to_json
from mav_engine.recording import read_events
from mav_engine.results import RunRecord

VERSION = 1
_GZIP = b"\x1f\x8b"
_SUFFIX = ".gz"


@dataclass(frozen=True, slots=True)
class Look:
    """When a run of a training was, and which one it is."""

    step: int
    """Optimizer steps that were done."""
    prompt: int
    """Which of the prompts, from 0."""
    loss: float | None
    """Of the step before, as the training computed it; null where it was not told."""
    cost_s: float
    """Seconds that the run took."""
    elapsed_s: float
    """Seconds since the training began, or since it was taken up again."""


class TrainingWriter:
    """Writes runs as they are made; each is whole on the disk before the training goes on."""

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self._path = path
        self._append = append and path.exists()
        self._file: IO[bytes] | None = None
        if append and path.suffix == _SUFFIX:
            raise InvalidSettings(
                f"{path.name} is compressed, and nothing can be added to it safely: give a "
                "recording that ends in .jsonl.",
                field="recording",
            )

    def open(self) -> None:
        """Begin the file, or cut off what an interrupted training left half written.

        Raises:
            OSError: it cannot be written.
        """
        if self._append:
            self._file = self._path.open("r+b")
            self._file.truncate(_end_of_whole_runs(self._file))
            self._file.seek(0, 2)
        else:
            self._file = _new_file(self._path)

    def write(self, look: Look, events: Iterable[Event]) -> None:
        """Add a run."""
        if self._file is None:
            raise ValueError("the recording is not open")
        line = orjson.dumps({"type": "training", "v": VERSION, **asdict(look)})
        lines = [line, *map(to_json, events)]
        self._file.write(b"\n".join(lines) + b"\n")
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _new_file(path: Path) -> IO[bytes]:
    if path.suffix == _SUFFIX:
        return cast(IO[bytes], gzip.open(path, "wb", compresslevel=6))
    return path.open("wb")


def replay_training(path: str | Path) -> Iterator[tuple[Look, RunRecord]]:
    """The runs of a training in their order, each with its place.

    All that is whole is given before anything is raised.

    Raises:
        OSError: the file cannot be read.
        NotARecording: it is something else, or empty.
        BrokenRecording, OtherVersion, TornRecording: as `replay`, the line counted in its run.
    """
    with Path(path).open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    with gzip.open(path, "rb") if packed else Path(path).open("rb") as file:
        lines = iter(cast(IO[bytes], file))
        head = next(lines, b"")
        if not _is_head(head):
            raise NotARecording(
                "The first line tells no training step, so this is no recording of a training. "
                "One run by itself is read by mav_engine.recording.replay."
            )
        while head:
            look = _look(head)
            run, head = _until_head(lines)
            record = RunRecord()
            for event in read_events(run):
                record.add(event)
            yield look, record


def _until_head(lines: Iterator[bytes]) -> tuple[list[bytes], bytes]:
    """The lines of a run, and the line that begins the next; empty at the end."""
    run: list[bytes] = []
    for line in lines:
        if _is_head(line):
            return run, line
        run.append(line)
    if not run:
        raise TornRecording("The recording stops behind a training step, before its run.")
    return run, b""


def _is_head(line: bytes) -> bool:
    return line.startswith(b'{"type":"training"')


def _look(line: bytes) -> Look:
    try:
        told: dict[str, Any] = orjson.loads(line)
        if told["v"] != VERSION:
            raise BrokenRecording(
                f"The recording is of version {told['v']}, and this MAV reads {VERSION}."
            )
        names = (name for name in Look.__dataclass_fields__)
        return Look(**{name: told[name] for name in names})
    except (orjson.JSONDecodeError, KeyError) as error:
        raise BrokenRecording(f"A line that tells a training step is broken: {error}.") from None


def _end_of_whole_runs(file: IO[bytes]) -> int:
    """Where the last run ends that has its done or error event."""
    end = place = 0
    for line in file:
        place += len(line)
        ended = line.startswith((b'{"type":"done"', b'{"type":"error"'))
        if ended and line.endswith(b"\n"):
            end = place
    return end
