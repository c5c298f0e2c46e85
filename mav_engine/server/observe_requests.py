"""Counts and logs the requests to the API, and begins their traces."""

from __future__ import annotations

import logging
import re
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mav_engine.errors import MavError
from mav_engine.server.http.client_name import client_of
from mav_engine.server.http.problems import status_of

if TYPE_CHECKING:
    from mav_engine.server.metrics import Metrics
    from mav_engine.server.tracing import Tracing

LOG = logging.getLogger("mav.requests")
OTHER = "other"
_ROUTE = re.compile(
    r"/api/?|/api/(run|compare|models|tokenize|training|health|ready|metrics"
    r"|openapi\.json|openapi-3\.1\.json)|/v1/(completions|chat/completions|models)"
)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class ObserveRequests:
    """Middleware for the API.

    Args:
        app: the application.
        metrics: counts each request.
        tracing: makes a span of each, if traces are sent.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, tracing: Tracing | None) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        route = _route(scope)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        span = self._tracing.request(method, route, scope) if self._tracing else nullcontext()
        with span as current:
            try:
                await self._app(scope, receive, noting)
            except (MavError, HTTPException) as error:
                # A handler outside of this middleware answers it.
                status = error.status_code if isinstance(error, HTTPException) else status_of(error)
                raise
            finally:
                if current is not None:
                    current.set_attribute("http.response.status_code", status)
                self._metrics.answered(method, route, status)
                if LOG.isEnabledFor(logging.INFO):
                    LOG.info(
                        "%s %s", method, route,
                        extra={
                            "status": status,
                            "ms": round(1000 * (time.perf_counter() - began), 1),
                            "client": client_of(scope),
                        },
                    )  # fmt: skip


def _route(scope: Scope) -> str:
    """The path without what a client chose, of which there are few."""
    root: str = scope.get("root_path", "")
    path = root.removesuffix("/") + get_route_path(scope)
    at = max(path.rfind("/api"), path.rfind("/v1"))
    path = path[at:] if at > 0 else path
    if _ROUTE.fullmatch(path):
        return path
    if re.fullmatch(r"/api/runs/[^/]+/events", path):
        return "/api/runs/{run_id}/events"
    return "/v1/models/{name}" if path.startswith("/v1/models/") else OTHER
