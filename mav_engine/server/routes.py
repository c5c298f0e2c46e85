"""The routes of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from urllib.parse import parse_qsl

import anyio.to_thread
import orjson
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.compare.settings import parse_compare
from mav_engine.config import ServerConfig
from mav_engine.contract.deferred import BUILDING
from mav_engine.errors import InvalidSettings
from mav_engine.parsing.strict_json import is_unicode
from mav_engine.server.http.client_name import client_of
from mav_engine.server.http.live_stream import HEADERS, SSE
from mav_engine.server.http.problems import NotFound
from mav_engine.server.http.request_body import read_json
from mav_engine.server.openapi import Schema, as_3_1, document, index
from mav_engine.server.runs.shared_run import Watcher
from mav_engine.server.runs.stream import compare_response, negotiate, run_response, worth_it
from mav_engine.server.schemas import parse_tokenize
from mav_engine.server.service import Service
from mav_engine.settings import DEFAULT_MODEL, RunSettings, parse_settings, settings_from_query
from mav_engine.wording import named, shown


def api_of(service: Service) -> ASGIApp:
    """The API of a server. Unknown paths get a problem, not a page of the site."""

    @cache
    def made() -> Schema:
        return document(service.config, service.catalog.default or DEFAULT_MODEL)

    def api() -> Schema:
        with BUILDING:
            return made()

    root = _made_once(lambda: index(api()))
    routes = [
        Route("/", root, methods=["GET"]),
        Route("/run", _run(service), methods=["GET", "POST"]),
        Route("/runs/{run_id}/events", _watch(service), methods=["GET"]),
        Route("/compare", _compare(service), methods=["POST"]),
        Route("/models", _models(service), methods=["GET"]),
        Route("/tokenize", _tokenize(service), methods=["POST"]),
        Route("/training", _training(service), methods=["GET", "POST"]),
        Route("/health", _health(service), methods=["GET"]),
        _document_route("/openapi.json", api),
        _document_route("/openapi-3.1.json", lambda: as_3_1(api())),
    ]
    return Router(routes, default=_nothing, redirect_slashes=False)


Endpoint = Callable[[Request], Awaitable[Response]]


def _run(service: Service) -> Endpoint:
    async def answer(request: Request) -> Response:
        kind = negotiate(request.headers.get("accept") or "*/*")
        if request.method == "HEAD":
            return Response(headers=HEADERS, media_type=kind)
        if "last-event-id" in request.headers:
            # An EventSource reconnects when a stream ends, which would repeat the run.
            last = request.headers["last-event-id"]
            watcher = service.continue_watching(last, client_of(request.scope))
        else:
            settings = await _settings(request, service.config)
            watcher = await service.start(settings, client_of(request.scope))
        return _events(service, request, watcher, kind)

    return answer


def _watch(service: Service) -> Endpoint:
    async def answer(request: Request) -> Response:
        kind = negotiate(request.headers.get("accept") or "*/*")
        run_id, last = request.path_params["run_id"], request.headers.get("last-event-id")
        if request.method == "HEAD":
            return Response(headers=HEADERS, media_type=kind)
        return _events(
            service, request, service.watch(run_id, last, client_of(request.scope)), kind
        )

    return answer


def _events(service: Service, request: Request, watcher: Watcher | None, kind: str) -> Response:
    if watcher is None:
        # Tells an EventSource not to reconnect.
        return Response(status_code=204)
    gzip = worth_it(watcher.captures, request.headers.get("accept-encoding") or "")
    return run_response(watcher, kind, service.config.heartbeat_s, gzip=gzip)


async def _settings(request: Request, config: ServerConfig) -> RunSettings:
    if request.method == "POST":
        return parse_settings(await _json_of(request, config))
    return settings_from_query(_query(request))


def _query(request: Request) -> list[tuple[str, str]]:
    """The query parameters.

    Raises:
        InvalidSettings: one of them is not UTF-8.
    """
    # Starlette would replace invalid UTF-8 silently.
    query = request.scope["query_string"].decode("utf-8", "surrogateescape")
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    for name, value in pairs:
        if not is_unicode(name + value):
            raise InvalidSettings(
                f"{named(name)} is not UTF-8 in the address. Percent-encode its UTF-8 bytes.",
                field=name if is_unicode(name) else shown(name),
            )
    return pairs


async def _json_of(request: Request, config: ServerConfig) -> object:
    return await read_json(request, config.max_body_bytes, config.body_timeout_s)


def _compare(service: Service) -> Endpoint:
    async def answer(request: Request) -> Response:
        kind = negotiate(request.headers.get("accept") or "*/*")
        settings = parse_compare(await _json_of(request, service.config))
        task = await service.compare(settings, client_of(request.scope))
        gzip = worth_it(task.captures, request.headers.get("accept-encoding") or "")
        return compare_response(task, kind, service.config.heartbeat_s, gzip=gzip)

    return answer


def _models(service: Service) -> Endpoint:
    async def models(_request: Request) -> Response:
        return _json(await service.list_models())

    return models


def _tokenize(service: Service) -> Endpoint:
    async def tokenize(request: Request) -> Response:
        given = await _json_of(request, service.config)
        return _json(await service.tokenize(parse_tokenize(given)))

    return tokenize


def _training(service: Service) -> Endpoint:
    async def training(request: Request) -> Response:
        if request.method == "POST":
            if service.inbox is None:
                raise NotFound(
                    "This site does not receive trainings; its operator can enable that with "
                    "`mav serve --watch FILE --receive-training`."
                )
            return _json(await service.inbox.receive(request))
        if service.training is None:
            raise NotFound("No training is shown here; `mav serve --watch FILE` shows one.")
        if request.method == "HEAD":
            return Response(headers=HEADERS, media_type=SSE)
        after = request.headers.get("last-event-id") or ""
        return service.training.response(after, service.config.heartbeat_s)

    return training


def _health(service: Service) -> Endpoint:
    async def health(_request: Request) -> Response:
        return _json(service.health())

    return health


def _document_route(path: str, api: Callable[[], Schema]) -> Route:
    # Every page requests it, and it shrinks to a sixth.
    packed = Middleware(GZipMiddleware, compresslevel=6)
    return Route(path, _made_once(api), methods=["GET"], middleware=[packed])


def _made_once(body: Callable[[], Schema]) -> Endpoint:
    """Serves a body that is made for the first request, since that takes a while."""

    @cache
    def served() -> bytes:
        return orjson.dumps(body())

    async def answer(_request: Request) -> Response:
        content = await anyio.to_thread.run_sync(served)
        return Response(content, media_type="application/json")

    return answer


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404)


def _json(body: BaseModel) -> Response:
    return Response(
        body.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"}
    )
