"""Errors in the form of OpenAI's API, with the details of MAV's own."""

from __future__ import annotations

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mav_engine.errors import InvalidSettings, MavError
from mav_engine.server.http.problems import NotFound, problem_response
from mav_engine.wording import shortened

NAMES = {"max_new_tokens": "max_tokens", "top_n": "top_logprobs"}
"""The parameters of this API that have another name as settings of a run."""


def error_body(error: MavError, status: int) -> dict[str, dict[str, str | None]]:
    """The body of an error."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    param = None if error.field is None else NAMES.get(error.field, error.field)
    given = {"message": error.detail, "type": kind, "param": param, "code": error.code}
    return {"error": given}


def error_response(error: MavError) -> Response:
    """The response for an error: that of /api, in the other form; 422 is 400."""
    problem = problem_response(error)
    status = 400 if isinstance(error, InvalidSettings) else problem.status_code
    kept = {
        name: value
        for name, value in problem.headers.items()
        if name not in ("content-length", "content-type")
    }
    body = orjson.dumps(error_body(error, status))
    return Response(body, status, kept, "application/json")


class InTheirForm:
    """Middleware that answers errors, also those of the middleware inside, in OpenAI's form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with its error."""
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        # Without handlers the errors of routes arrive here, too.
        inner = {**scope, "starlette.exception_handlers": ({}, {})}
        try:
            await self._app(inner, receive, noting)
        except (MavError, HTTPException) as error:
            if has_begun:
                raise
            response = error_response(_mav_error(error, scope))
            await response(scope, receive, send)


def _mav_error(error: MavError | HTTPException, scope: Scope) -> MavError:
    if isinstance(error, MavError):
        return error
    asked = f"{shortened(scope['method'])} {shortened(scope['path'])}"
    return NotFound(
        f"{asked} is not part of this API. There are POST /v1/completions, POST "
        "/v1/chat/completions and GET /v1/models."
    )
