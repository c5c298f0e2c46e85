"""What a server answers: problems, bodies and events as types of the contract."""

from __future__ import annotations

from typing import TypeVar

import httpx2
import orjson
from pydantic import BaseModel, ValidationError

from mav_engine.characters import legible
from mav_engine.client.errors import BadAnswer, NotMav, Unreachable, error_from
from mav_engine.compare.events import COMPARE_EVENTS, CompareEvent
from mav_engine.contract.events import EVENTS, Error, Event
from mav_engine.contract.recording import MAX_LINE_BYTES
from mav_engine.errors import InvalidSettings, MavError, RunFailed
from mav_engine.wording import shortened

MAX_PROBLEM_BYTES = 1 << 16
"""Most bytes that are read of a refusal."""
MAX_EVENT_BYTES = MAX_LINE_BYTES
"""Most bytes of an event."""
PASSING = frozenset({429, 502, 503, 504})
"""Statuses of a proxy that is busy, or whose server is away for a while."""
Answer = TypeVar("Answer", bound=BaseModel)


def problem_of(response: httpx2.Response, body: bytes, url: str) -> MavError:
    """The error for a response that is not a success.

    Args:
        response: its status and headers.
        body: the beginning of its body.
        url: the server's address, for the message.
    """
    problem = _problem_in(response, body)
    if problem is not None:
        return problem
    status = f"{response.status_code} {_shown(response.reason_phrase)}".strip()
    if response.status_code in PASSING:
        wait = response.headers.get("retry-after", "")
        return Unreachable(
            f"{url} answers {status}: a proxy is busy, or does not reach the server behind it. Try "
            "again later.",
            retry_after_s=float(wait) if wait.isascii() and wait.isdigit() else None,
        )
    if response.has_redirect_location:
        target = _shown(response.headers["Location"])
        return NotMav(f"{url} leads to {target}: use that address instead.", field="url")
    return not_mav(url, status)


def not_mav(url: str, what: str) -> NotMav:
    """The error for an answer that MAV does not give."""
    return NotMav(
        f"{url} answers {what}, not as MAV does. Check the address: it is that of the site, such "
        "as http://localhost:8000.",
        field="url",
    )


def media_type(response: httpx2.Response) -> str:
    """The media type of a response, without parameters."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def check_stream(response: httpx2.Response, url: str) -> None:
    """Check that a successful response is a stream of events.

    Raises:
        NotMav: it is not.
        Refused: the run has ended, and all its events were received (code run_gone).
    """
    if response.status_code == 204:
        raise error_from("run_gone", "Nothing follows", "The run has no further events.")
    kind = media_type(response)
    if kind != "text/event-stream":
        raise not_mav(url, f"with {_shown(kind) or 'no Content-Type'}")


def parsed(response: httpx2.Response, kind: type[Answer], url: str) -> Answer:
    """The body of a successful response.

    Raises:
        NotMav: it is not JSON.
        BadAnswer: it does not fit the contract.
    """
    if media_type(response) != "application/json":
        raise not_mav(url, f"with {_shown(media_type(response)) or 'no Content-Type'}")
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        raise _misfit(error) from None


def run_event(data: str) -> Event:
    """The event of a run in the data of a server-sent event.

    Raises:
        BadAnswer: it does not fit the contract.
    """
    try:
        return EVENTS.adapter.validate_json(data)
    except ValidationError as error:
        raise _misfit(error) from None
    except InvalidSettings as error:
        raise _differs(f"start.settings.{error.field}: {error.detail}") from None


def compare_event(data: str) -> CompareEvent:
    """The same of a comparison."""
    try:
        return COMPARE_EVENTS.adapter.validate_json(data)
    except ValidationError as error:
        raise _misfit(error) from None
    except InvalidSettings as error:
        raise _differs(f"start.settings.{error.field}: {error.detail}") from None


def failure_of(event: Error) -> MavError:
    """The exception for an `error` event."""
    return error_from(
        event.code,
        event.title,
        event.detail,
        field=event.field,
        retry_after_s=event.retry_after_s,
        otherwise=RunFailed,
    )


def lost(error: httpx2.RequestError, url: str) -> Unreachable:
    """The error for a connection that failed."""
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        what = f"{url} cannot be reached"
        remedy = "Check that the server runs and that the address is right."
    elif isinstance(error, httpx2.TimeoutException):
        what = f"{url} has sent nothing for too long"
        remedy = "Try again later, or give the client a longer timeout_s."
    else:
        what = f"The connection to {url} was lost"
        remedy = "Try again."
    why = _shown(str(error)) or type(error).__name__
    return Unreachable(f"{what} ({why}). {remedy}")


def cut_off(url: str) -> Unreachable:
    """The error for a stream that ended before its last event."""
    return Unreachable(f"The stream of {url} ended before its last event. Try again.")


def _problem_in(response: httpx2.Response, body: bytes) -> MavError | None:
    if media_type(response) != "application/problem+json":
        return None
    try:
        given = orjson.loads(body)
        wait = given.get("retry_after_s")
        field = given.get("field")
        return error_from(
            str(given["code"]),
            str(given["title"]),
            str(given["detail"]),
            field=None if field is None else str(field),
            retry_after_s=None if wait is None else float(wait),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _misfit(error: ValidationError) -> BadAnswer:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the answer"
    return _differs(f"{place}: {first['msg']}")


def _differs(what: str) -> BadAnswer:
    return BadAnswer(
        f"The server's answer does not fit this version of MAV ({what}). Use the same version on "
        "both sides, or check that nothing between them changes answers."
    )


def _shown(text: str) -> str:
    """The text without control characters."""
    return " ".join(legible(shortened(text, 400)).split())
