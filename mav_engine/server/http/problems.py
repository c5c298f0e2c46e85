"""Errors before a stream starts: HTTP statuses with `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import logging
import math
from typing import ClassVar

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mav_engine.api_keys import KeysUnreadable
from mav_engine.errors import (
    Busy,
    InvalidSettings,
    MavError,
    OutOfMemory,
    UnknownModel,
    UnusableModel,
)
from mav_engine.server.http.security_headers import add_security_headers
from mav_engine.wording import shortened

LOG = logging.getLogger("mav.api")
INTERNAL_ERROR = "Internal server error; the server's log has the details."
"""The detail of an unexpected exception, which is logged and not sent."""


class Problem(BaseModel):
    """Why a request was refused; the fields are those of an `error` event."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """A URI for this kind of problem."""
    status: int
    """The HTTP status."""
    code: str
    """Stable code for programs."""
    title: str
    """Short description for people."""
    detail: str
    """What happened and what to do."""
    field: str | None = None
    """The invalid setting, if there is one."""
    retry_after_s: float | None = None
    """Seconds after which to retry, if waiting helps."""


class RequestRefused(MavError):
    """An error of the request itself, not of its settings."""

    status: ClassVar[int] = 400


class NotJson(RequestRefused):
    code = "not_json"
    title = "The body is not valid JSON"


class BodyTooLarge(RequestRefused):
    status = 413
    code = "body_too_large"
    title = "The body is too large"


class TooSlow(RequestRefused):
    status = 408
    code = "too_slow"
    title = "The request did not arrive in time"


class NotAcceptable(RequestRefused):
    status = 406
    code = "not_acceptable"
    title = "The format is not available"


class UnsupportedMediaType(RequestRefused):
    status = 415
    code = "unsupported_media_type"
    title = "The body has the wrong type"


class NotFound(RequestRefused):
    status = 404
    code = "not_found"
    title = "Nothing is here"


class MethodNotAllowed(RequestRefused):
    status = 405
    code = "method_not_allowed"
    title = "The method is not allowed"


_STATUS: dict[type[MavError], int] = {
    InvalidSettings: 422,
    UnknownModel: 404,
    UnusableModel: 422,
    Busy: 503,
    OutOfMemory: 503,
    KeysUnreadable: 503,
}


def problem_response(error: MavError, headers: dict[str, str] | None = None) -> Response:
    """The HTTP response for an error."""
    status = status_of(error)
    problem = Problem(
        type=f"urn:mav:problem:{error.code}",
        status=status,
        code=error.code,
        title=error.title,
        detail=error.detail,
        field=error.field,
        retry_after_s=error.retry_after_s,
    )
    headers = {"Cache-Control": "no-store", **(headers or {})}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if status == 413:
        # The rest of the body is not received, so the connection cannot be reused.
        headers["Connection"] = "close"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content = orjson.dumps(problem.model_dump())
    return Response(content, status, headers, "application/problem+json")


def late_body(timeout_s: float) -> TooSlow:
    """The error for a body that has not arrived in time."""
    return TooSlow(
        f"The body of the request did not arrive within {timeout_s:g} s (MAV_BODY_TIMEOUT_S). "
        "Send the request again.",
        field="body",
    )


async def on_mav_error(_request: Request, error: Exception) -> Response:
    """Handle errors of MAV."""
    assert isinstance(error, MavError)
    if status_of(error) >= 500 and not isinstance(error, Busy):
        LOG.error("%s: %s", error.code, error.detail)
    return problem_response(error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Handle errors of the router: an unknown path or method."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    path = shortened(request.scope["path"])
    if error.status_code == 405:
        allowed = ", ".join(sorted(headers["Allow"].split(", ")))
        headers["Allow"] = allowed
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        refused = f"{path} does not accept {shortened(request.method)}; use {allowed}."
        return problem_response(MethodNotAllowed(refused), headers)
    return problem_response(
        NotFound(f"There is nothing at {path}; /api/ lists the API's paths."), headers
    )


async def on_unexpected(_request: Request, _error: Exception) -> Response:
    """Handle unexpected exceptions: the traceback is logged, not sent."""
    response = problem_response(MavError(INTERNAL_ERROR))
    # This response bypasses all middleware.
    add_security_headers(response.headers)
    return response


def status_of(error: MavError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, RequestRefused):
        return error.status
    return next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
