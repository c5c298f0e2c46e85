"""The application: the API and the site in one ASGI app."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.backends import load_backend
from mav_engine.config import ServerConfig
from mav_engine.errors import MavError
from mav_engine.models.catalog import Catalog
from mav_engine.server.http.cross_site import HostCheck
from mav_engine.server.http.pending_requests import AnswerPending, PendingRequests
from mav_engine.server.http.problems import on_http_exception, on_mav_error, on_unexpected
from mav_engine.server.http.root_path import RootPath
from mav_engine.server.http.security_headers import SecurityHeaders
from mav_engine.server.routes import api_routes
from mav_engine.server.runs.model_cache import Load
from mav_engine.server.service import Service
from mav_engine.server.static_site import Site


def create_app(
    config: ServerConfig, catalog: Catalog | None = None, load: Load | None = None
) -> Starlette:
    """Make an application.

    Args:
        config: limits and choices of whoever runs the server.
        catalog: the models that may be named; those that the config names if None.
        load: what turns a model's source into a backend; the engine's own if None.

    Raises:
        InvalidSettings: the settings name a model that is not there.
    """
    load = load or partial(load_backend, prefix_bytes=config.prefix_bytes)
    pending = PendingRequests()
    service = Service(config, catalog or config.catalog(), load)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        if config.prewarm:
            service.prewarm()
        # `mav_engine.server.serve` calls this before it closes the connections.
        yield {"stop": pending.stop}

    app = Starlette(
        routes=api_routes(service),
        middleware=[
            Middleware(SecurityHeaders, config.frame_ancestors),
            Middleware(HostCheck, config.allowed_hosts),
            *_cross_origin(config.allowed_origins),
            *([Middleware(RootPath, config.root_path)] if config.root_path else []),
            Middleware(AnswerPending, pending=pending),
        ],
        exception_handlers={
            MavError: on_mav_error,
            HTTPException: on_http_exception,
            Exception: on_unexpected,
        },
        lifespan=lifespan,
    )
    # Not a route: the patterns of routes do not match every path that a client can send.
    app.router.default = _site_or_problem(Site(config.site_dir))
    app.router.redirect_slashes = False
    app.state.service = service
    return app


def _site_or_problem(site: Site) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if get_route_path(scope).startswith("/api/"):
            raise HTTPException(404)
        await site(scope, receive, send)

    return answer


def _cross_origin(origins: tuple[str, ...]) -> list[Middleware]:
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", "Accept", "Last-Event-ID"],
            expose_headers=["Retry-After"],
        )
    ]
