"""Recordings of a training: many runs in one file, each after a line with its training step.

for snapshot, record in replay_training("training.jsonl"):
    print(snapshot.step, record.text)
"""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, cast

import orjson
from pydantic import Field, ValidationError

from mav_engine.contract.deferred import Deferred
from mav_engine.contract.events import Event, to_json
from mav_engine.contract.json_lines import json_line
from mav_engine.contract.recording import REMEDY, lines_of, read_events
from mav_engine.errors import (
    BrokenRecording,
    InvalidSettings,
    NotARecording,
    OtherVersion,
    TornRecording,
)
from mav_engine.results.result import RunRecord

VERSION = 1
HEAD = b'{"type":"training"'
"""How the first line of a snapshot begins."""
ENDS = (b'{"type":"done"', b'{"type":"error"')
"""How its last line may begin."""
_SUFFIX = ".gz"
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The training step and prompt of one run in a recording."""

    step: _Count
    """Optimizer steps completed before the run."""
    prompt: _Count
    """Index of the prompt, from 0."""
    loss: float | None
    """Loss of the last step, as the training computed it; null if unknown."""
    cost_s: float
    """Duration of the run in seconds."""
    elapsed_s: float
    """Seconds since the training began or was resumed."""
    losses: Annotated[list[tuple[_Count, float]], Field(json_schema_extra={"default": []})] = field(
        default_factory=list
    )
    """Step and loss of the steps since the previous snapshot, thinned if there are many. Empty
    except for the first prompt of a snapshot."""


_SNAPSHOT: Deferred[Snapshot] = Deferred(Snapshot)


def run_lines(snapshot: Snapshot, events: Iterable[Event]) -> bytes:
    """The lines of a run in a recording, with line breaks."""
    head = json_line({"type": "training", "v": VERSION, **asdict(snapshot)})
    return b"\n".join([head, *map(to_json, events)]) + b"\n"


class TrainingWriter:
    """Writes each run to disk before the training continues."""

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self._path = path
        self._append = append
        self._file: IO[bytes] | None = None
        if append and path.suffix == _SUFFIX:
            raise InvalidSettings(
                f"{path.name} is compressed, and a compressed recording cannot be appended to: "
                "name a recording that ends in .jsonl.",
                field="recording",
            )

    def open(self) -> None:
        """Create the file, or with `append` remove an incomplete last run from it.

        Raises:
            OSError: the file cannot be written.
            InvalidSettings: the existing file is not a recording of a training; it is left alone.
        """
        if self._append and self._path.exists():
            _check_appendable(self._path)
            self._file = self._path.open("r+b")
            self._file.truncate(end_of_whole_runs(self._file))
            self._file.seek(0, 2)
        else:
            self._file = _new_file(self._path)

    def write(self, run: bytes) -> None:
        """Append the lines of a run (see `run_lines`)."""
        if self._file is None:
            raise ValueError("the recording is not open")
        self._file.write(run)
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _check_appendable(path: Path) -> None:
    with path.open("rb") as file:
        first = file.read(len(codecs.BOM_UTF8 + HEAD))
    if is_head(first) or HEAD.startswith(first):
        return
    raise InvalidSettings(
        f"{path.name} is not a recording of a training in UTF-8, so nothing is added to it: give "
        "another file.",
        field="recording",
    )


def _new_file(path: Path) -> IO[bytes]:
    if path.suffix == _SUFFIX:
        return cast(IO[bytes], gzip.open(path, "wb", compresslevel=6))
    return path.open("wb")


def replay_training(path: str | Path) -> Iterator[tuple[Snapshot, RunRecord]]:
    """The runs of a training in their order, each with its place.

    All that is whole is given before anything is raised.

    Raises:
        OSError: the file cannot be read.
        NotARecording: it is something else, or empty.
        BrokenRecording, OtherVersion, TornRecording: as `replay`.
    """
    for snapshot, events in read_snapshots(lines_of(path)):
        record = RunRecord()
        for event in events:
            record.add(event)
        yield snapshot, record


def read_snapshots(lines: Iterator[bytes]) -> Iterator[tuple[Snapshot, list[Event]]]:
    """The looks of a recording's lines, each with its line break where it has one.

    Raises: as `replay_training`.
    """
    number, head = 1, next(lines, b"")
    if not is_head(head):
        raise NotARecording(
            "The first line is not a training step, so this is not a recording of a training. "
            "Recordings of single runs are read by mav_engine.contract.recording.replay."
        )
    while head:
        snapshot = _parse_snapshot(head, number)
        run, following = _until_head(lines, number)
        yield snapshot, list(read_events(run, number + 1))
        number, head = number + len(run) + 1, following


def _until_head(lines: Iterator[bytes], number: int) -> tuple[list[bytes], bytes]:
    """The lines of a run, and the line that begins the next; empty at the end."""
    run: list[bytes] = []
    for line in lines:
        if is_head(line):
            return run, line
        run.append(line)
    if not run:
        raise TornRecording(
            f"The recording stops after line {number}, a training step, before its run. "
            "What stands before is whole.",
            line=number,
        )
    return run, b""


def is_head(line: bytes) -> bool:
    """Whether a line begins a run; the first of a file may have a byte-order mark."""
    return line.removeprefix(codecs.BOM_UTF8).startswith(HEAD)


def _parse_snapshot(line: bytes, number: int) -> Snapshot:
    try:
        fields: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if line.endswith(b"\n"):
            raise _broken(f"is not JSON ({error})", number) from None
        raise TornRecording(
            f"Line {number} stops in its middle: the file was cut off there. "
            "What stands before is whole.",
            line=number,
        ) from None
    if fields.get("v") != VERSION:
        raise OtherVersion(
            f"Line {number}: the recording is of version {fields.get('v')}, and this MAV reads "
            f"version {VERSION}. Open it with the MAV that made it, or train again.",
            line=number,
            field="training.v",
        )
    try:
        return _SNAPSHOT.adapter.validate_json(line, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(["training", *map(str, first["loc"])])
        raise _broken(f"does not fit: {place}: {first['msg']}", number, place) from None


def _broken(problem: str, number: int, field: str | None = None) -> BrokenRecording:
    return BrokenRecording(
        f"Line {number} {problem}. {REMEDY}",
        line=number,
        field=field,
    )


def end_of_whole_runs(file: IO[bytes]) -> int:
    """Where the last run ends that has its done or error event."""
    end = place = 0
    for line in file:
        place += len(line)
        if line.startswith(ENDS) and line.endswith(b"\n"):
            end = place
    return end
