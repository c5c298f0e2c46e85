"""The addresses of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from mav_engine.compare.settings import parse_compare
from mav_engine.config import ServerConfig
from mav_engine.errors import InvalidSettings
from mav_engine.parsing.strict_json import is_unicode
from mav_engine.server.http.compression import worth_it
from mav_engine.server.http.cross_site import OriginCheck
from mav_engine.server.http.problems import NotFound
from mav_engine.server.http.request_body import read_json
from mav_engine.server.openapi import Schema, as_3_1, document, index
from mav_engine.server.runs.stream import HEADERS, SSE, compare_response, negotiate, run_response
from mav_engine.server.schemas import parse_tokenize
from mav_engine.server.service import Service
from mav_engine.settings import RunSettings, parse_settings, settings_from_query
from mav_engine.wording import named, shown


def api_routes(service: Service) -> list[BaseRoute]:
    """All of /api; other addresses under it are answered with a problem, not a page of the site."""
    api = document(service.config, service.catalog.default)
    root = _constant(index(api))
    routes = [
        Route("/", root, methods=["GET"]),
        Route("/run", _run(service), methods=["GET", "POST"]),
        Route("/compare", _compare(service), methods=["POST"]),
        Route("/models", _models(service), methods=["GET"]),
        Route("/tokenize", _tokenize(service), methods=["POST"]),
        Route("/training", _training(service), methods=["GET", "POST"]),
        Route("/health", _health(service), methods=["GET"]),
        _document_route("/openapi.json", api),
        _document_route("/openapi-3.1.json", as_3_1(api)),
    ]
    own_pages = [Middleware(OriginCheck, service.config.allowed_origins)]
    return [
        Route("/api", root, methods=["GET"], middleware=own_pages),
        Mount(
            "/api",
            Router(routes, default=_nothing, redirect_slashes=False),
            middleware=own_pages,
        ),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def _run(service: Service) -> Endpoint:
    async def answer(request: Request) -> Response:
        kind = negotiate(request.headers.get("accept") or "*/*")
        if request.method == "HEAD":
            return Response(headers=HEADERS, media_type=kind)
        if "last-event-id" in request.headers:
            # A browser's EventSource calls again when a stream has ended; it would run all
            # again. 204 is how the standard tells it to stop.
            return Response(status_code=204)
        settings = await _settings(request, service.config)
        run = await service.start(settings, _client(request))
        gzip = worth_it(run.captures, request.headers.get("accept-encoding") or "")
        return run_response(run, kind, service.config.heartbeat_s, gzip=gzip)

    return answer


def _client(request: Request) -> str:
    """The address of the client; uvicorn takes it from a proxy's headers where it trusts it."""
    return request.client.host if request.client else ""


async def _settings(request: Request, config: ServerConfig) -> RunSettings:
    if request.method == "POST":
        return parse_settings(await _json_of(request, config))
    return settings_from_query(_query(request))


def _query(request: Request) -> list[tuple[str, str]]:
    """The parameters of the address.

    Raises:
        InvalidSettings: one of them is not UTF-8.
    """
    # Starlette would put a replacement character in place of what is not.
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
        task = await service.compare(settings, _client(request))
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
                    "No training is received here; its operator can open this site to one with "
                    "`mav serve --watch FILE --receive-training`."
                )
            return _json(await service.inbox.receive(request))
        if service.training is None:
            raise NotFound("No training is watched here; `mav serve --watch FILE` watches one.")
        if request.method == "HEAD":
            return Response(headers=HEADERS, media_type=SSE)
        after = request.headers.get("last-event-id") or ""
        return service.training.response(after, service.config.heartbeat_s)

    return training


def _health(service: Service) -> Endpoint:
    async def health(_request: Request) -> Response:
        return _json(service.health())

    return health


def _document_route(path: str, api: Schema) -> Route:
    # Every page asks for it, and it shrinks to a sixth.
    packed = Middleware(GZipMiddleware, compresslevel=6)
    return Route(path, _constant(api), methods=["GET"], middleware=[packed])


def _constant(body: Schema) -> Endpoint:
    served = orjson.dumps(body)

    async def answer(_request: Request) -> Response:
        return Response(served, media_type="application/json")

    return answer


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404)


def _json(body: BaseModel) -> Response:
    return Response(
        body.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"}
    )
