"""The API of a server with upstream servers: decides for each request which server answers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mav_engine.config import ServerConfig
from mav_engine.server.http.compression import takes
from mav_engine.server.http.disconnect import unless_gone
from mav_engine.server.http.key_check import CLIENT
from mav_engine.server.http.live_stream import NDJSON, SSE, LiveStream
from mav_engine.server.http.request_body import check_type, read_body
from mav_engine.server.relay.asked import (
    Asked,
    asked_in_body,
    asked_in_query,
    asked_to_compare,
    body_with_model,
    compare_body_with_model,
    query_text,
    query_with_model,
)
from mav_engine.server.relay.events import IDLE_S, RelayedEvents
from mav_engine.server.relay.relay import Relay
from mav_engine.server.relay.upstream import (
    REFUSES_SITE,
    Answer,
    Interrupted,
    Refusal,
    RelayedRequest,
    Upstream,
)

FORWARDED = ("accept", "content-type", "last-event-id")
"""Headers of a request that upstream servers get, beside those that are made here."""
PROBLEM = "application/problem+json"
_WATCHED = re.compile(r"/runs/([^/]+)/events")
NO_STORE = {"Cache-Control": "no-store"}


class RelayedApi:
    """Answers requests for models of upstream servers, and passes all others on.

    Args:
        relay: the upstream servers.
        local: the API of this server.
        config: this server's settings.
    """

    def __init__(self, relay: Relay, local: ASGIApp, config: ServerConfig) -> None:
        self._relay = relay
        self._local = local
        self._config = config
        self._routes: dict[tuple[str, str], Callable[[Request, Send], Awaitable[None]]] = {
            ("GET", "/run"): self._run_by_query,
            ("POST", "/run"): self._run,
            ("POST", "/compare"): self._compare,
            ("POST", "/tokenize"): self._tokenize,
            ("GET", "/training"): self._training,
            ("GET", "/models"): self._models,
            ("GET", "/health"): self._health,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        route = None
        if scope["type"] == "http":
            route = self._routes.get((scope["method"], get_route_path(scope)))
            if (
                route is None
                and scope["method"] == "GET"
                and _WATCHED.fullmatch(get_route_path(scope))
            ):
                route = self._watch
        if route is None:
            await self._local(scope, receive, send)
        else:
            await route(Request(scope, receive), send)

    async def _models(self, request: Request, send: Send) -> None:
        listed = await self._relay.list_models()
        response = Response(listed.model_dump_json(), 200, NO_STORE, "application/json")
        await response(request.scope, request.receive, send)

    async def _health(self, request: Request, send: Send) -> None:
        health = self._relay.health().model_dump_json()
        response = Response(health, 200, NO_STORE, "application/json")
        await response(request.scope, request.receive, send)

    async def _run_by_query(self, request: Request, send: Send) -> None:
        query: bytes = request.scope["query_string"]
        asked = asked_in_query(query)
        servers, default = await self._relay.servers_of(asked)
        if not servers:
            await self._local(request.scope, request.receive, send)
            return
        if None in asked.names:
            query = query_with_model(query, default)
        # 204: the server does not know the run of Last-Event-ID, or nothing follows.
        elsewhere = 204 if "last-event-id" in request.headers else _resumed(asked)
        await self._answer(request, send, servers, query_text(query), b"", elsewhere)

    async def _watch(self, request: Request, send: Send) -> None:
        found = _WATCHED.fullmatch(get_route_path(request.scope))
        servers = await self._relay.servers_of_run(found[1]) if found else []
        if not servers:
            await self._local(request.scope, request.receive, send)
            return
        await self._answer(request, send, servers, "", b"", elsewhere=404)

    async def _run(self, request: Request, send: Send) -> None:
        await self._with_body(request, send, asked_in_body, body_with_model)

    async def _tokenize(self, request: Request, send: Send) -> None:
        await self._with_body(request, send, asked_in_body, body_with_model)

    async def _compare(self, request: Request, send: Send) -> None:
        await self._with_body(request, send, asked_to_compare, compare_body_with_model)

    async def _training(self, request: Request, send: Send) -> None:
        server = None if self._config.watch else await self._relay.training_server()
        if server is None:
            await self._local(request.scope, request.receive, send)
            return
        await self._answer(request, send, [server], "", b"")

    async def _with_body(
        self,
        request: Request,
        send: Send,
        read: Callable[[bytes], Asked],
        with_model: Callable[[bytes, str], bytes],
    ) -> None:
        check_type(request, "application/json")
        body = await read_body(request, self._config.max_body_bytes, self._config.body_timeout_s)
        asked = read(body)
        servers, default = await self._relay.servers_of(asked)
        if not servers:
            await self._local(request.scope, _replayed(body, request.receive), send)
            return
        if None in asked.names:
            body = with_model(body, default)
        await self._answer(request, send, servers, "", body, _resumed(asked))

    async def _answer(
        self,
        request: Request,
        send: Send,
        servers: list[Upstream],
        query: str,
        body: bytes,
        elsewhere: int | None = None,
    ) -> None:
        """Send a request to one of these servers, and its answer to the client."""
        headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        gzip = takes("gzip", request.headers.get("accept-encoding") or "")
        headers["accept-encoding"] = "gzip" if gzip else "identity"
        if request.client is not None:
            headers[CLIENT] = request.client.host
        path = "/api" + get_route_path(request.scope)
        relayed = RelayedRequest(request.method, path, query, headers, body)
        sending = self._relay.send(relayed, servers, elsewhere)
        found = await unless_gone(sending, request.receive)
        if found is None:
            return
        server, answer = found
        if isinstance(answer, Refusal):
            await _refused(server, answer)(request.scope, request.receive, send)
            return
        server.note_answered()
        self._relay.active += 1
        try:
            response = self._stream(server, answer, path)
            await response(request.scope, request.receive, send)
        finally:
            self._relay.active -= 1
            await answer.close()

    def _stream(self, server: Upstream, answer: Answer, path: str) -> Response:
        if answer.kind not in (SSE, NDJSON):
            return StreamingResponse(_body(answer), 200, NO_STORE, answer.kind)
        # JSON lines have no heartbeats.
        idle_s = IDLE_S + (0.0 if answer.kind == SSE else self._config.deadline_s)
        events = RelayedEvents(answer, server.host, idle_s, with_error=path != "/api/training")
        return LiveStream(
            events.chunks(),
            answer.kind,
            heartbeat_s=0,
            gzip=answer.headers.get("content-encoding") == "gzip",
            on_shutdown=events.stop,
            on_end=lambda: None,
        )


def _resumed(asked: Asked) -> int | None:
    """The status of a server that has not signed the resume token of a request."""
    return None if asked.resume is None else 422


def _refused(server: Upstream, refusal: Refusal) -> Response:
    """The answer for a request that a server refused.

    Raises:
        UpstreamAway, UpstreamRefuses: it is about this site, not about the request.
    """
    if refusal.status in REFUSES_SITE:
        server.note_refused(refusal.status)
        raise server.refuses
    if refusal.kind == PROBLEM or not refusal.body:
        headers = dict(NO_STORE)
        if refusal.retry_after_s is not None:
            headers["Retry-After"] = f"{refusal.retry_after_s:.0f}"
        return Response(refusal.body, refusal.status, headers, refusal.kind or None)
    # Not MAV's answer: that of a proxy before it, or of another program.
    if refusal.status >= 500:
        server.note_away(Interrupted(f"status {refusal.status}"))
        raise server.away
    server.note_refused(refusal.status)
    raise server.refuses


async def _body(answer: Answer) -> AsyncIterator[bytes]:
    yield answer.first
    async for chunk in answer.rest:
        yield chunk


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that begins with this body."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message
