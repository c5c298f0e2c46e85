"""Recordings: a run's events in a file, one JSON object a line, as the wire sends them.

    for event in record(run(settings), "run.jsonl"):
        ...
    for event in replay("run.jsonl"):
        ...

What `replay` gives is what the run gave, so whatever shows a run shows a recording. The format is
told in docs/recordings.md; `.gz` at the end of a name compresses.
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

from mav_engine.contract.events import (
    Done,
    Error,
    Event,
    Prompt,
    Queued,
    Start,
    Token,
    from_json,
    to_json,
)
from mav_engine.errors import (
    BrokenRecording,
    InvalidSettings,
    NotARecording,
    OtherVersion,
    TornRecording,
)

VERSION = 1
"""The version of the contract that is written and read here."""
REMEDY = "Get the file anew, or use what stands before."
"""What can be done about a line that is no event."""

MAX_LINE_BYTES = 256 * 1024**2
"""A longer line is refused: a compressed file of some kilobytes could fill the memory with one. The
longest event is a prompt with its attention map, of some 45 MB at most."""
_GZIP = b"\x1f\x8b"


def record(events: Iterable[Event], path: str | Path) -> Iterator[Event]:
    """The same events, each written to the file before it is given on.

    A line is whole on the disk before the next event is asked for, so that what a crash leaves
    can be replayed up to there.

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
    """Write all events to the file; how many they were."""
    return sum(1 for _ in record(events, path))


def replay(path: str | Path) -> Iterator[Event]:
    """The events of a recording, one at a time, as the run gave them.

    All that is whole is given before anything is raised.

    Raises:
        OSError: the file cannot be read.
        NotARecording: it is something else, or empty.
        OtherVersion: it was made by another version of MAV.
        BrokenRecording: a line is no event, does not fit the contract, or is out of order.
        TornRecording: it stops before the run ended.
    """
    yield from read_events(lines_of(path))


def read_events(lines: Iterable[bytes], first: int = 1) -> Iterator[Event]:
    """The events of a recording's lines, each with its line break where it has one.

    `first` is the number of the first line, where more stands in the file.

    Raises: as `replay`.
    """
    last: Event | None = None
    tokens: int | None = None
    number = first - 1
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        event = _event(line, number, first=last is None, embedded=first > 1)
        _check_order(event, last, tokens, number)
        if isinstance(event, Token):
            tokens = event.index + 1
        elif isinstance(event, Prompt):
            tokens = event.written
        last = event
        yield event
    if last is None:
        raise NotARecording("The file is empty: no event was written into it.")
    if not isinstance(last, Done | Error):
        raise TornRecording(
            f"The recording stops after line {number}, a {last.type} event, without done or error: "
            "it was saved while the run went on, or cut off. What stands before is whole.",
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
                f"Line {number} stops in its middle: the file was cut off there. "
                "What stands before is whole.",
                line=number,
            ) from None
        raise BrokenRecording(
            f"Line {number} is no JSON ({error}). {REMEDY}",
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
        f"Line {number} does not fit the contract: {place}: {problem}. {REMEDY}",
        line=number,
        field=place,
    )


_UNLIKE = (
    "The first line is no start event, so this is no recording of MAV. A recording holds one JSON "
    "event a line; ask the API with `Accept: application/x-ndjson` to make one."
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
            f"The recording is of version {wire.get('v')}, and this MAV reads version {VERSION}. "
            "Open it with the MAV that made it, or run the same settings again.",
            line=number,
            field="start.v",
        )


def _check_order(event: Event, last: Event | None, tokens: int | None, number: int) -> None:
    follows: dict[type, tuple[type, ...]] = {
        Start: (),
        Queued: (Start, Queued),
        Prompt: (Start, Queued),
        Token: (Prompt, Token),
        Done: (Start, Queued, Prompt, Token),
        Error: (Start, Queued, Prompt, Token),
    }
    if last is not None and not isinstance(last, follows[type(event)]):
        raise BrokenRecording(
            f"Line {number} is a {event.type} event, which cannot follow a {last.type} event: "
            "lines are missing, or two recordings stand in one file.",
            line=number,
            field="type",
        )
    if isinstance(event, Token) and tokens is not None and event.index != tokens:
        raise BrokenRecording(
            f"Line {number} is token {event.index} where token {tokens} should be: "
            "lines are missing or twice there.",
            line=number,
            field="token.index",
        )


def _blame(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False, include_context=False)[0]
    # Without a place it is the kind of event that nobody knows.
    return ".".join(str(part) for part in first["loc"]) or "type", first["msg"]


def _writable(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "wb", compresslevel=6))
    return path.open("wb")


def lines_of(path: str | Path) -> Iterator[bytes]:
    """The lines of a file in UTF-8, plain or compressed; what was cut off ends in a line without a
    break.

    A byte-order mark is left out, and UTF-16, as some Windows programs save text, is converted.

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
    # Of JSON the first characters are ASCII, so their bytes give the encoding away.
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
                f"Line {number} is longer than {MAX_LINE_BYTES:,} bytes; no event is. {REMEDY}",
                line=number,
            )
        yield line


def _from_utf16(lines: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    number, rest = 1, ""
    # A line of bytes ends within a character, which the decoder completes with the next.
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
