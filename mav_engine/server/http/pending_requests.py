"""Answers pending requests with 503 when the server stops, instead of breaking the connection."""

from __future__ import annotations

import asyncio

import anyio
from starlette._utils import get_route_path
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mav_engine.server.http.problems import RequestRefused, problem_response

CHECKS = frozenset({"/api/health", "/api/ready", "/api/metrics"})
"""Paths that are answered while runs finish."""
RETRY_AFTER_S = 5.0
"""Retry-After; a restart takes less."""


class ServerStopping(RequestRefused):
    status = 503
    code = "server_stopping"
    title = "The server is stopping"


class _Pending:
    """A request whose response has not started."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.cancelling = anyio.CancelScope()
        self._request = scope, receive, send
        self._refusal: asyncio.Task[None] | None = None

    @property
    def refused(self) -> bool:
        return self._refusal is not None

    def refuse(self) -> None:
        """Answer at once, since the request may run on a thread that cannot be cancelled."""
        stopping = ServerStopping(
            f"The server is stopping. Try again in {RETRY_AFTER_S:.0f} seconds.",
            retry_after_s=RETRY_AFTER_S,
        )
        self._refusal = asyncio.create_task(self._send(problem_response(stopping)))
        self.cancelling.cancel()

    async def refusal(self) -> None:
        """Wait until the client has its answer."""
        if self._refusal is not None:
            await self._refusal

    async def _send(self, response: Response) -> None:
        await response(*self._request)


class PendingRequests:
    """All requests whose response has not started. Used on the event loop only."""

    def __init__(self) -> None:
        self._pending: set[_Pending] = set()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether the server takes no more requests."""
        return self._stopping

    def stop(self) -> None:
        """Answer all of them, and further ones, with 503; only checks of the server are answered
        while its runs finish."""
        self._stopping = True
        for pending in list(self._pending):
            pending.refuse()
        self._pending.clear()

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer a request, unless the server stops before the response
        starts."""
        pending = _Pending(scope, receive, send)

        async def begin(message: Message) -> None:
            self._pending.discard(pending)
            if not pending.refused:
                await send(message)

        if self._stopping and get_route_path(scope) not in CHECKS:
            pending.refuse()
        else:
            self._pending.add(pending)
        try:
            with pending.cancelling:
                await app(scope, receive, begin)
            await pending.refusal()
        except asyncio.CancelledError:
            # The server cancels unfinished requests; that is not an error to log.
            if not self._stopping:
                raise
        finally:
            self._pending.discard(pending)


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
