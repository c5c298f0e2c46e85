"""The routes of OpenAI's API: completions, chat completions and models.

A completion is a run like one of /api/run: the same queue, limits and deadline.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.errors import MavError, UnknownModel
from mav_engine.server.http.client_name import client_of
from mav_engine.server.http.disconnect import unless_gone
from mav_engine.server.http.live_stream import SSE, LiveStream
from mav_engine.server.http.request_body import read_json
from mav_engine.server.runs.shared_run import Watcher
from mav_engine.server.service import Service
from mav_engine.server.v1.asked import parse_asked
from mav_engine.server.v1.completion import Completion, Json
from mav_engine.server.v1.problems import error_body
from mav_engine.wording import listed, shown

Endpoint = Callable[[Request], Awaitable[Response]]
NO_STORE = {"Cache-Control": "no-store"}


def v1_of(service: Service) -> ASGIApp:
    """The API of a server in OpenAI's form."""
    routes = [
        Route("/completions", _completions(service, chat=False), methods=["POST"]),
        Route("/chat/completions", _completions(service, chat=True), methods=["POST"]),
        Route("/models", _models(service), methods=["GET"]),
        Route("/models/{name:path}", _model(service), methods=["GET"]),
    ]
    return Router(routes, default=_nothing, redirect_slashes=False)


def _completions(service: Service, *, chat: bool) -> Endpoint:
    config = service.config

    async def answer(request: Request) -> Response:
        given = await read_json(request, config.max_body_bytes, config.body_timeout_s)
        asked = parse_asked(given, chat=chat, longest=config.max_new_tokens)
        watcher = await service.start(asked.settings, client_of(request.scope))
        completion = Completion(asked, int(time.time()))
        if asked.is_stream:
            return LiveStream(
                _chunks(watcher, completion), SSE, config.heartbeat_s,
                on_shutdown=partial(watcher.stop, "cancelled"), on_end=watcher.abandon,
            )  # fmt: skip
        try:
            whole = await unless_gone(_whole(watcher, completion), request.receive)
        finally:
            watcher.abandon()
        return _json(whole)

    return answer


async def _events(watcher: Watcher) -> AsyncIterator[Json]:
    async for chunk in watcher.chunks(lines=True):
        assert isinstance(chunk, bytes)
        for line in chunk.splitlines():
            yield orjson.loads(line)


async def _whole(watcher: Watcher, completion: Completion) -> Json:
    async for event in _events(watcher):
        completion.add(event)
    return completion.whole()


async def _chunks(watcher: Watcher, completion: Completion) -> AsyncIterator[bytes]:
    try:
        async for event in _events(watcher):
            if chunk := completion.add(event):
                yield _sent(chunk)
        if last := completion.last_chunk():
            yield _sent(last)
    except MavError as error:
        yield _sent(error_body(error, 500))
    yield b"data: [DONE]\n\n"


def _sent(data: object) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _models(service: Service) -> Endpoint:
    async def answer(_request: Request) -> Response:
        models = (await service.list_models()).models
        return _json({"object": "list", "data": [_described(each.name) for each in models]})

    return answer


def _model(service: Service) -> Endpoint:
    async def answer(request: Request) -> Response:
        name = request.path_params["name"]
        known = [each.name for each in (await service.list_models()).models]
        if name not in known:
            raise UnknownModel(
                f"There is no model {shown(name)}. Known: {listed(known)}.", field="model"
            )
        return _json(_described(name))

    return answer


def _described(name: str) -> Json:
    return {"id": name, "object": "model", "created": 0, "owned_by": "mav"}


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), headers=NO_STORE, media_type="application/json")


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404)
