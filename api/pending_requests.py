"""Requests that were not answered when the server stops: 503 instead of a broken connection."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import RequestRefused, problem_response

RETRY_AFTER_S = 5.0
"""What a client is asked to wait; a server that restarts is back by then."""


class ServerStopping(RequestRefused):
    status = 503
    code = "server_stopping"
    title = "The server is stopping"


class PendingRequests:
    """All requests whose response has not begun. Used on the event loop only."""

    def __init__(self) -> None:
        self._scopes: set[anyio.CancelScope] = set()
        self._stopping = False

    def stop(self) -> None:
        """Answer all of them, and those that still come, with 503."""
        self._stopping = True
        for scope in list(self._scopes):
            scope.cancel()

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer a request, unless the server stops before it begins to."""
        with anyio.CancelScope() as pending:

            async def begin(message: Message) -> None:
                self._scopes.discard(pending)
                await send(message)

            self._scopes.add(pending)
            if self._stopping:
                pending.cancel()
            try:
                await app(scope, receive, begin)
            finally:
                self._scopes.discard(pending)
        if pending.cancelled_caught:
            stopping = ServerStopping(
                f"The server is stopping. Try again in {RETRY_AFTER_S:.0f} seconds.",
                retry_after_s=RETRY_AFTER_S,
            )
            await problem_response(stopping)(scope, receive, send)


class AnswerPending:
    """Middleware that registers each request."""

    def __init__(self, app: ASGIApp, pending: PendingRequests) -> None:
        self._app = app
        self._pending = pending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            await self._pending.answer(self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)
