"""Looks of a training in the body of a request: read within bounds, and strictly."""

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
from mav_engine.training.recording import HEAD, read_looks
from mav_engine.wording import did_you_mean, named, shown

_KIND = re.compile(rb'\{"type":"([a-z]+)"')
_UNSTORED = "Nothing of this body was stored."


class LookRefused(RequestRefused):
    status: ClassVar[int] = 422
    code = "look_refused"
    title = "The look cannot be taken"


class StreamQuery(BaseModel):
    """What a training says besides its looks."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    training: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
    """An id that the training has drawn, the same from its beginning to its end."""
    append: bool = False
    """Whether the looks go behind those that are there; else a recording that is there is put aside
    before the first look is stored."""
    end: bool = False
    """Whether nothing more comes, so that another training may stream at once."""


@dataclass(frozen=True, slots=True)
class ReceivedLook:
    """A look that is whole and valid."""

    run_id: str
    """The same however often it is sent."""
    lines: bytes
    """As they stand in a recording."""


def parse_query(given: QueryParams) -> StreamQuery:
    """Read the query string.

    Raises:
        InvalidSettings: it names the parameter at fault.
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
        told = "is missing" if given is None else f"is {shown(given)}"
        return (
            f"training {told}; give an id of 8 to 64 letters, digits, - or _, the same from the "
            "training's beginning to its end."
        )
    return f"{name} is {shown(given)}; give true or false."


async def read_body(
    request: Request, most_bytes: int, most_line_bytes: int, timeout_s: float
) -> bytes:
    """The body, no longer than it may be; empty where the training only says that it is there.

    Raises:
        BodyTooLarge: it, or a line of it, passes its limit; no more than that is read.
        TooSlow, NotJson: it does not come, or breaks off.
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
        raise NotJson("The body broke off. Send the request again.", field="body") from None
    return bytes(body)


def _line_begin(body: bytearray, begin: int, searched: int, most: int) -> int:
    """Where the last line begins; none of those that were added is longer than it may be."""
    end = body.find(b"\n", searched)
    while 0 <= end <= begin + most:
        begin = end + 1
        end = body.find(b"\n", begin)
    if (len(body) if end < 0 else end) - begin > most:
        number = body.count(b"\n", 0, begin) + 1
        raise BodyTooLarge(
            f"Line {number} passes the {most} bytes that a line may have here "
            f"(MAV_MAX_TRAINING_LINE_BYTES); capture less at each look. {_UNSTORED}",
            field="body",
        )
    return begin


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body may have {most} bytes at most (MAV_MAX_TRAINING_BYTES); send fewer looks at "
        f"once, or capture less at each. {_UNSTORED}",
        field="body",
    )


def looks_of(body: bytes) -> list[ReceivedLook]:
    """The looks of a body, all of them whole; none of an empty one.

    Raises:
        LookRefused: it names the line and field at fault.
    """
    # A byte-order mark says nothing of UTF-8, and would stand in the middle of the recording.
    body = body.removeprefix(codecs.BOM_UTF8)
    if not body:
        return []
    lines = io.BytesIO(body).readlines()
    kinds = [_kind(number, line) for number, line in enumerate(lines, start=1)]
    begins = [index for index, line in enumerate(lines) if line.startswith(HEAD)]
    try:
        read = list(read_looks(iter(lines)))
    except RecordingProblem as problem:
        raise _refused(problem) from None
    found = []
    for begin, end, (_, events) in zip(begins, [*begins[1:], len(lines)], read, strict=True):
        assert isinstance(events[0], Start)
        if kinds[begin + 1 : end] != [event.type for event in events]:
            raise LookRefused(f"A line names its type twice. {_UNSTORED}", field="type")
        found.append(ReceivedLook(events[0].run_id, b"".join(lines[begin:end])))
    return found


def _kind(number: int, line: bytes) -> str:
    """The type of a line by its beginning, where all who read the file look for it.

    What is stored goes to browsers as it is, so a carriage return would part it there.
    """
    found = _KIND.match(line)
    if found and b"\r" not in line and line.endswith(b"\n"):
        return found[1].decode()
    if found and b"\r" not in line:
        what = "has no line break at its end, so it may have been cut off"
    else:
        what = 'is no JSON object on one line that begins with {"type":"…"'
    raise LookRefused(f"Line {number} {what}. {_UNSTORED}", field="body")


def _refused(problem: RecordingProblem) -> LookRefused:
    line = problem.line
    if isinstance(problem, NotARecording):
        told = "Line 1 tells no training step: a look begins with its training line."
    elif isinstance(problem, TornRecording):
        told = f"A look ends after line {line} without done or error: send whole looks."
    elif isinstance(problem, BrokenRecording):
        told = problem.detail.replace(REMEDY, "Send lines as TrainingWatch makes them.")
    else:
        told = problem.detail
    return LookRefused(f"{told} {_UNSTORED}", field=problem.field or "body")
