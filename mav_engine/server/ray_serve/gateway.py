"""The application that clients of many machines reach: it relays runs to the engines.

It has the site and the documents itself, holds no model and computes nothing. If the engine of a
run is lost, the client gets an `error` event that says how to continue.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mav_engine.config import ServerConfig
from mav_engine.contract.events import to_json
from mav_engine.errors import MavError, RunFailed
from mav_engine.running.run import error_event
from mav_engine.server.http.live_stream import NDJSON, SSE
from mav_engine.server.http.problems import RequestRefused, problem_response
from mav_engine.server.http.request_body import read_body
from mav_engine.server.ray_serve.relay import Head, RelayedRequest
from mav_engine.server.relay.asked import asked_in_body, asked_in_query, asked_to_compare

LOG = logging.getLogger("mav.api")
ATTEMPTS = 3
"""Most engines to which a request is sent until an answer begins."""
RETRY_AFTER_S = 1.0
_RUNS = "/api/runs/"
_COMPARE = "/api/compare"
_RELAYED = ("/api/run", _COMPARE, "/api/tokenize", "/api/models", "/api/health")

Call = Callable[[RelayedRequest, str, str], AsyncIterator[Head | bytes]]
"""Sends a request to an engine of a model (empty is any), if possible to the one that has a run
(empty is any); returns the parts of its response."""


class EngineLost(RunFailed):
    code = "engine_lost"
    title = "The engine of this run was lost"


class NoEngine(RequestRefused):
    status = 503
    code = "no_engine"
    title = "No engine answers"


class Gateway:
    """An ASGI application that relays what needs a model, and leaves the rest to another one.

    Args:
        local: has the site, the documents and everything else.
        call: sends a request to an engine.
        config: the server's settings.
    """

    def __init__(self, local: ASGIApp, call: Call, config: ServerConfig) -> None:
        self._local = local
        self._call = call
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope.get("path", "").removeprefix(self._config.root_path)
        if scope["type"] != "http" or not (path in _RELAYED or path.startswith(_RUNS)):
            await self._local(scope, receive, send)
            return
        config = self._config
        try:
            body = await read_body(
                Request(scope, receive), config.max_body_bytes, config.body_timeout_s
            )
        except MavError as error:
            await problem_response(error)(scope, receive, send)
            return
        # An error could not be appended to a compressed stream.
        headers = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
        request = RelayedRequest.of({**scope, "headers": headers}, body)
        model = model_of(path, scope["query_string"], body)
        run_id = path.removeprefix(_RUNS).partition("/")[0] if path.startswith(_RUNS) else ""
        if not await self._relayed(request, model, run_id, send):
            refusal = NoEngine(
                f"No engine answers; one may be starting. Try again in {RETRY_AFTER_S:.0f} second.",
                retry_after_s=RETRY_AFTER_S,
            )
            await problem_response(refusal)(scope, receive, send)

    async def _relayed(self, request: RelayedRequest, model: str, run_id: str, send: Send) -> bool:
        """Relay a request; returns whether it was answered."""
        for _ in range(ATTEMPTS):
            relayed = _Relayed(send)
            try:
                # Closed here, also if the client disconnects, so that the engine stops.
                async with aclosing(self._call(request, model, run_id)) as parts:  # type: ignore[type-var]
                    async for part in parts:
                        await relayed.add(part)
            except Exception:
                LOG.warning("an engine was lost", exc_info=True)
                if relayed.head is None:
                    continue
                await relayed.break_off()
            else:
                await relayed.end()
            return True
        return False


class _Relayed:
    """A response that is being relayed."""

    def __init__(self, send: Send) -> None:
        self.head: Head | None = None
        self._send = send

    async def add(self, part: Head | bytes) -> None:
        """Send the next part."""
        if isinstance(part, Head):
            self.head = part
            head = {"status": part.status, "headers": part.headers}
            await self._send({"type": "http.response.start", **head})
        else:
            await self._send(_body(part, more=True))

    async def end(self) -> None:
        """End the response."""
        await self._send(_body(b"", more=False))

    async def break_off(self) -> None:
        """End the response of an engine that was lost."""
        assert self.head is not None
        kind = dict(self.head.headers).get(b"content-type", b"").decode("latin-1")
        error = error_event(
            EngineLost(
                "The engine that computed this run was lost. Start a run with the settings of the "
                "start event, its seed included, and with all ids of new tokens that you have "
                "received as forced_ids: another engine continues with the same tokens.",
                retry_after_s=RETRY_AFTER_S,
            )
        )
        if kind.startswith(SSE):
            last = b"event: error\ndata: " + to_json(error) + b"\n\n"
        elif kind.startswith(NDJSON):
            last = to_json(error) + b"\n"
        else:
            raise ConnectionError("the response is incomplete")
        await self._send(_body(last, more=False))


def model_of(path: str, query: bytes, body: bytes) -> str:
    """The model that a request names, empty if none can be found; the engine checks the request.

    For a comparison, the model of its first run.
    """
    if path == _COMPARE:
        asked = asked_to_compare(body)
    else:
        asked = asked_in_body(body) if body else asked_in_query(query)
    return asked.names[0] or ""


def _body(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
