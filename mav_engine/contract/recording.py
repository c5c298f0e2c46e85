"""Recordings: files with the events of a run, one JSON object per line, as sent by the API.

    for event in record(run(settings), "run.jsonl"):
        ...
    for event in replay("run.jsonl"):
        ...

`replay` yields the events of the run, so everything that shows a run also shows a recording. The
format is described in docs/recordings.md; names that end in `.gz` are compressed.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, cast

import orjson
from pydantic import ValidationError

from mav_engine.contract.events import Done, Error, Event, from_json, to_json
from mav_engine.contract.order import EventOrder, OutOfOrder
from mav_engine.errors import (
    BrokenRecording,
    InvalidSettings,
    NotARecording,
    OtherVersion,
    TornRecording,
)

VERSION = 1
"""The version of the contract."""
REMEDY = "Get the file again, or use the part before."
"""The remedy for an invalid line."""

MAX_LINE_BYTES = 256 * 1024**2
"""Longest line: a compressed file of a few kilobytes could otherwise fill the memory. The longest
event, a prompt with its attention map, has at most about 45 MB."""
_GZIP = b"\x1f\x8b"


def record(events: Iterable[Event], path: str | Path) -> Iterator[Event]:
    """Yield the same events, each after it was written to the file.

    After a crash, the recording is complete up to the last event.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(path)
    with _writable(path) as file:
        for event in events:
            file.write(to_json(event) + b"\n")
            file.flush()
            yield event


def write(events: Iterable[Event], path: str | Path) -> int:
    """Write all events to the file; returns their number."""
    return sum(1 for _ in record(events, path))


def replay(path: str | Path) -> Iterator[Event]:
    """Yield the events of a recording.

    All valid events are yielded before an error is raised.

    Raises:
        OSError: the file cannot be read.
        NotARecording: the file is empty or not a recording.
        OtherVersion: it has another version of the contract.
        BrokenRecording: a line is not an event, is invalid, or is out of order.
        TornRecording: it ends before the run did.
    """
    yield from read_events(lines_of(path))


def read_events(lines: Iterable[bytes], first: int = 1) -> Iterator[Event]:
    """Yield the events of a recording's lines, given with their line breaks.

    `first` is the number of the first line in the file.

    Raises: as `replay`.
    """
    order = EventOrder()
    number = first - 1
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        event = _event(line, number, first=order.last is None, embedded=first > 1)
        _check_order(order, event, number)
        yield event
    last = order.last
    if last is None:
        raise NotARecording("The file is empty.")
    if not isinstance(last, Done | Error):
        raise TornRecording(
            f"The recording stops after line {number}, a {last.type} event, without done or error: "
            "it was saved during the run, or is cut off. Everything before is valid.",
            line=number,
        )


def _event(line: bytes, number: int, *, first: bool, embedded: bool) -> Event:
    try:
        wire = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if first and not embedded:
            raise NotARecording(_UNLIKE, line=number) from None
        if not line.endswith(b"\n"):
            raise TornRecording(
                f"Line {number} is incomplete: the file is cut off there. "
                "Everything before is valid.",
                line=number,
            ) from None
        raise BrokenRecording(
            f"Line {number} is not JSON ({error}). {REMEDY}",
            line=number,
        ) from None
    if first:
        _check_first(wire, number, embedded)
    try:
        return from_json(line)
    except ValidationError as error:
        raise _misfit(number, *_blame(error)) from None
    except InvalidSettings as error:
        raise _misfit(number, f"start.settings.{error.field}", error.detail.rstrip(".")) from None


def _misfit(number: int, place: str, problem: str) -> BrokenRecording:
    return BrokenRecording(
        f"Line {number} is invalid: {place}: {problem}. {REMEDY}",
        line=number,
        field=place,
    )


_UNLIKE = (
    "The first line is not a start event, so this is not a recording of MAV. A recording has one "
    "JSON event per line; call the API with `Accept: application/x-ndjson` to make one."
)


def _check_first(wire: object, number: int, embedded: bool) -> None:
    if not isinstance(wire, dict) or wire.get("type") != "start":
        if embedded:
            kind = wire.get("type") if isinstance(wire, dict) else wire
            raise BrokenRecording(
                f"Line {number} is a {kind} event, which cannot follow a training event: "
                "lines are missing.",
                line=number,
                field="type",
            )
        raise NotARecording(_UNLIKE, line=number)
    if wire.get("v") != VERSION:
        raise OtherVersion(
            f"The recording has version {wire.get('v')}, but this MAV supports version {VERSION}. "
            "Open it with the MAV that made it, or run the same settings again.",
            line=number,
            field="start.v",
        )


def _check_order(order: EventOrder, event: Event, number: int) -> None:
    try:
        order.check(event)
    except OutOfOrder as error:
        why = (
            "lines are missing, or the file contains two recordings."
            if error.field == "type"
            else "lines are missing or duplicated."
        )
        raise BrokenRecording(
            f"Line {number} is {error}: {why}", line=number, field=error.field
        ) from None


def _blame(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False, include_context=False)[0]
    # Without a location, the type of the event is unknown.
    return ".".join(str(part) for part in first["loc"]) or "type", first["msg"]


def _writable(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "wb", compresslevel=6))
    return path.open("wb")


def lines_of(path: str | Path) -> Iterator[bytes]:
    """Yield the lines of a plain or compressed file as UTF-8; an incomplete line has no line break.

    A byte-order mark is removed, and UTF-16, as saved by some Windows programs, is converted.

    Raises:
        OSError: the file cannot be read.
        NotARecording: it is in UTF-32.
        BrokenRecording: it is not valid UTF-16, or a line is longer than `MAX_LINE_BYTES`.
    """
    with Path(path).open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    with cast(IO[bytes], gzip.open(path, "rb")) if packed else Path(path).open("rb") as lines:
        try:
            yield from utf8_lines(lines)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return


def utf8_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of an open file in UTF-8; see `lines_of`."""
    lines = _bounded_lines(file)
    first = next(lines, b"")
    # JSON starts with ASCII characters, whose bytes reveal the encoding.
    encoding = json.detect_encoding(first[:4])
    if encoding.startswith("utf-32"):
        raise NotARecording("The file is in UTF-32. Save it as UTF-8.")
    if encoding.startswith("utf-16"):
        yield from _from_utf16(chain((first,), lines), encoding)
        return
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from lines


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise BrokenRecording(
                f"Line {number} is longer than {MAX_LINE_BYTES:,} bytes, the limit of an event. "
                f"{REMEDY}",
                line=number,
            )
        yield line


def _from_utf16(lines: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    number, rest = 1, ""
    # A line of bytes may end within a character, which the next line completes.
    for data in lines:
        try:
            rest += decoder.decode(data)
        except UnicodeDecodeError:
            raise BrokenRecording(
                f"Line {number} is not valid UTF-16. Save the file as UTF-8. {REMEDY}", line=number
            ) from None
        *whole, rest = rest.split("\n")
        for line in whole:
            number += 1
            yield f"{line}\n".encode()
    if rest:
        yield rest.encode()
