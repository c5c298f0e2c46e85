"""Parses the snapshots of a training in a request's body, with limits."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Annotated, ClassVar

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request

from mav_engine.contract.events import Start
from mav_engine.contract.recording import REMEDY
from mav_engine.errors import (
    BrokenRecording,
    InvalidSettings,
    NotARecording,
    RecordingProblem,
    TornRecording,
)
from mav_engine.server.http.problems import BodyTooLarge, NotJson, RequestRefused, late_body
from mav_engine.training.recording import HEAD, read_snapshots
from mav_engine.wording import did_you_mean, named, shown

_KIND = re.compile(rb'\{"type":"([a-z]+)"')
_UNSTORED = "Nothing in this body was stored."


class SnapshotRefused(RequestRefused):
    status: ClassVar[int] = 422
    code = "look_refused"
    title = "The snapshot was refused"


class StreamQuery(BaseModel):
    """The query parameters of a training stream."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    training: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
    """A random id of the training, the same in all of its requests."""
    append: bool = False
    """Whether to add the snapshots to the existing recording. Otherwise an existing recording is
    renamed before the first snapshot is stored."""
    end: bool = False
    """Whether this is the last request, so that another training may stream."""


@dataclass(frozen=True, slots=True)
class ReceivedSnapshot:
    """A complete, valid snapshot."""

    run_id: str
    """Identifies the snapshot if it is sent twice."""
    lines: bytes
    """Its lines in a recording."""


def parse_query(given: QueryParams) -> StreamQuery:
    """Read the query string.

    Raises:
        InvalidSettings: a parameter is invalid; the error names it.
    """
    names = [name for name, _ in given.multi_items()]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise InvalidSettings(f"{named(twice)} was given twice; give it once.", field=twice)
    try:
        return StreamQuery.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise InvalidSettings(_misfit(name, first["type"], given.get(name)), field=name) from None


def _misfit(name: str, kind: str, given: str | None) -> str:
    known = list(StreamQuery.model_fields)
    if kind == "extra_forbidden":
        hint = did_you_mean(name, known) or f" Known: {', '.join(known)}."
        return f"There is no parameter named {named(name)}.{hint}"
    if name == "training":
        problem = "is missing" if given is None else f"is {shown(given)}"
        return (
            f"training {problem}; give an id of 8 to 64 letters, digits, - or _, the same in all "
            "requests of the training."
        )
    return f"{name} is {shown(given)}; give true or false."


async def read_body(
    request: Request, most_bytes: int, most_line_bytes: int, timeout_s: float
) -> bytes:
    """Read the body, within its limits. The body of a keep-alive is empty.

    Raises:
        BodyTooLarge: the body or one of its lines exceeds its limit; nothing beyond it is read.
        TooSlow, NotJson: the body is late or incomplete.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    body, line_begin = bytearray(), 0
    try:
        with anyio.fail_after(timeout_s):
            async for chunk in request.stream():
                before = len(body)
                body += chunk
                if len(body) > most_bytes:
                    raise _too_large(most_bytes)
                line_begin = _line_begin(body, line_begin, before, most_line_bytes)
    except TimeoutError:
        raise late_body(timeout_s) from None
    except ClientDisconnect:
        raise NotJson("The body is incomplete. Send the request again.", field="body") from None
    return bytes(body)


def _line_begin(body: bytearray, begin: int, searched: int, most: int) -> int:
    """Where the last line begins. Raises BodyTooLarge if a new line exceeds the limit."""
    end = body.find(b"\n", searched)
    while 0 <= end <= begin + most:
        begin = end + 1
        end = body.find(b"\n", begin)
    if (len(body) if end < 0 else end) - begin > most:
        number = body.count(b"\n", 0, begin) + 1
        raise BodyTooLarge(
            f"Line {number} is longer than {most} bytes (MAV_MAX_TRAINING_LINE_BYTES); capture "
            f"less in each snapshot. {_UNSTORED}",
            field="body",
        )
    return begin


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body is larger than {most} bytes (MAV_MAX_TRAINING_BYTES); send fewer snapshots at "
        f"once, or capture less in each. {_UNSTORED}",
        field="body",
    )


def snapshots_in(body: bytes) -> list[ReceivedSnapshot]:
    """The snapshots of a body; an empty body has none.

    Raises:
        SnapshotRefused: a snapshot is incomplete or invalid; the error names the line and field.
    """
    # Otherwise the byte-order mark would end up in the middle of the recording.
    body = body.removeprefix(codecs.BOM_UTF8)
    if not body:
        return []
    lines = io.BytesIO(body).readlines()
    kinds = [_kind(number, line) for number, line in enumerate(lines, start=1)]
    begins = [index for index, line in enumerate(lines) if line.startswith(HEAD)]
    try:
        read = list(read_snapshots(iter(lines)))
    except RecordingProblem as problem:
        raise _refused(problem) from None
    found = []
    for begin, end, (_, events) in zip(begins, [*begins[1:], len(lines)], read, strict=True):
        assert isinstance(events[0], Start)
        if kinds[begin + 1 : end] != [event.type for event in events]:
            raise SnapshotRefused(f"A line names its type twice. {_UNSTORED}", field="type")
        found.append(ReceivedSnapshot(events[0].run_id, b"".join(lines[begin:end])))
    return found


def _kind(number: int, line: bytes) -> str:
    """The event type of a line, which must be its first key.

    Stored lines are sent to browsers unchanged, where a carriage return would split them.
    """
    found = _KIND.match(line)
    if found and b"\r" not in line and line.endswith(b"\n"):
        return found[1].decode()
    if found and b"\r" not in line:
        what = "has no line break at its end, so it may have been cut off"
    else:
        what = 'is not a JSON object on one line that begins with {"type":"…"'
    raise SnapshotRefused(f"Line {number} {what}. {_UNSTORED}", field="body")


def _refused(problem: RecordingProblem) -> SnapshotRefused:
    line = problem.line
    if isinstance(problem, NotARecording):
        detail = "Line 1 is not a training line, with which a snapshot begins."
    elif isinstance(problem, TornRecording):
        detail = (
            f"A snapshot ends after line {line} without done or error: send complete snapshots."
        )
    elif isinstance(problem, BrokenRecording):
        detail = problem.detail.replace(REMEDY, "Send lines in the format of TrainingWatch.")
    else:
        detail = problem.detail
    return SnapshotRefused(f"{detail} {_UNSTORED}", field=problem.field or "body")
