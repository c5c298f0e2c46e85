"""The application: the API and the site in one ASGI app."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.config import ServerConfig
from mav_engine.errors import MavError
from mav_engine.server.http.client_limits import ClientLimits, RateCheck
from mav_engine.server.http.cross_site import ANY, HostCheck, OriginCheck
from mav_engine.server.http.key_check import KeyCheck
from mav_engine.server.http.pending_requests import AnswerPending, PendingRequests
from mav_engine.server.http.problems import (
    NotFound,
    on_http_exception,
    on_mav_error,
    on_unexpected,
)
from mav_engine.server.http.root_path import RootPath
from mav_engine.server.http.security_headers import SecurityHeaders
from mav_engine.server.metrics import Metrics, State, metrics_of
from mav_engine.server.observe_requests import ObserveRequests
from mav_engine.server.static_site import Site
from mav_engine.server.stopping import Endpoint, Stopping, readiness_of
from mav_engine.server.v1.problems import InTheirForm

if TYPE_CHECKING:
    from mav_engine.models.catalog import Catalog
    from mav_engine.server.relay.relay import Relay
    from mav_engine.server.runs.model_cache import Load
    from mav_engine.server.service import Service
    from mav_engine.server.tracing import Tracing


def create_app(
    config: ServerConfig,
    catalog: Catalog | None = None,
    load: Load | None = None,
    run_prefix: str = "",
    tracing: Tracing | None = None,
) -> Starlette:
    """Make an application.

    Args:
        config: the server's settings.
        catalog: the models to offer; by default those of `config`.
        load: loads a model; by default the engine's `load_backend`.
        run_prefix: the first digits of the ids of runs, by which another server finds them here.
        tracing: makes spans of requests and runs, if traces are sent.

    Raises:
        InvalidSettings: a named model does not exist.
    """
    pending = PendingRequests()
    # A site that only relays needs no engine, and starts in half the time without.
    has_engine = not config.upstream or config.offers_models or config.watch or catalog
    limits, metrics = ClientLimits(config), Metrics()
    made = partial(_service, config, limits, metrics, tracing)
    service = made(catalog, load, run_prefix) if has_engine else None
    api: ASGIApp = _api_of(service) if service else OnFirstUse(lambda: _api_of(made()))
    relay: Relay | None = None
    if config.upstream:
        from mav_engine.server.relay.api import RelayedApi
        from mav_engine.server.relay.relay import Relay as UpstreamRelay

        relay = UpstreamRelay(config, service)
        api = RelayedApi(relay, api, config)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        if config.prewarm and service and service.default_model:
            service.prewarm()
        if relay:
            relay.start()
        yield {"stopping": Stopping(pending, service, relay)}
        if relay:
            await relay.close()
        if tracing:
            await anyio.to_thread.run_sync(tracing.close)

    guards = [
        Middleware(ObserveRequests, metrics, tracing),
        Middleware(OriginCheck, config.allowed_origins),
        Middleware(KeyCheck, config),
        Middleware(RateCheck, limits),
    ]
    checks = {
        "/api/ready": readiness_of(pending, service, config),
        "/api/metrics": metrics_of(metrics, service.state if service else State),
    }
    app = Starlette(
        routes=_routes(guards, api, _v1_of(service), checks),
        middleware=[
            Middleware(SecurityHeaders, config.frame_ancestors),
            # Pages cannot know the key, so it protects from DNS rebinding as well.
            Middleware(HostCheck, (ANY,) if config.key else config.allowed_hosts),
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


def _service(
    config: ServerConfig,
    limits: ClientLimits,
    metrics: Metrics,
    tracing: Tracing | None,
    catalog: Catalog | None = None,
    load: Load | None = None,
    run_prefix: str = "",
) -> Service:
    from mav_engine.backends import load_backend
    from mav_engine.backends.chat_server.servers import ChatServers
    from mav_engine.server.service import Service

    load = load or partial(load_backend, prefix_bytes=config.prefix_bytes)
    chat_servers = ChatServers(config.chat_addresses())
    offered = catalog or config.catalog(chat_servers)
    return Service(config, offered, load, limits, metrics, tracing, run_prefix, chat_servers)


def _api_of(service: Service) -> ASGIApp:
    from mav_engine.server.routes import api_of

    return api_of(service)


def _v1_of(service: Service | None) -> ASGIApp:
    if service is None:
        return _refuse_relayed
    from mav_engine.server.v1.routes import v1_of

    return v1_of(service)


async def _refuse_relayed(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound(
        "This site has no models of its own, and /v1 is not relayed. Use /api/run, or /v1 of the "
        "server that has the model."
    )


class OnFirstUse:
    """An application that is made for its first request, since its imports take a while."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._made = cache(make)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        app = await anyio.to_thread.run_sync(self._made)
        await app(scope, receive, send)


def _routes(
    guards: list[Middleware], api: ASGIApp, v1: ASGIApp, checks: dict[str, Endpoint]
) -> list[BaseRoute]:
    return [
        Route("/api", Index(api), methods=["GET"], middleware=guards),
        *(
            Route(path, answer, methods=["GET"], middleware=guards)
            for path, answer in checks.items()
        ),
        Mount("/api", api, middleware=guards),
        Mount("/v1", v1, middleware=[Middleware(InTheirForm), *guards]),
    ]


class Index:
    """Answers /api as /api/."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope["path"]
        await self._api({**scope, "path": f"{path}/", "root_path": path}, receive, send)


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
            allow_headers=["Authorization", "Content-Type", "Accept", "Last-Event-ID"],
            expose_headers=["Retry-After"],
        )
    ]
