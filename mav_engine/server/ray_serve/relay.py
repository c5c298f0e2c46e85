"""Calls an ASGI application that is in another process: a request, then the parts of its response.

The transport only has to carry a value there and an iterator of values back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope

LOG = logging.getLogger("mav.api")
CARRIED = (
    "type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string",
    "root_path", "client", "server", "headers",
)  # fmt: skip
"""What of a scope is sent to the other process."""

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class RelayedRequest:
    """A request with its whole body."""

    scope: dict[str, Any]
    body: bytes

    @classmethod
    def of(cls, scope: Scope, body: bytes) -> RelayedRequest:
        """The parts of a request that another process needs."""
        return cls({name: scope[name] for name in CARRIED if name in scope}, body)


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a response; parts of its body follow as bytes."""

    status: int
    headers: Headers


async def respond(app: ASGIApp, request: RelayedRequest) -> AsyncGenerator[Head | bytes]:
    """The response of an application. When the iterator is closed, the client has disconnected."""
    # One part at a time, so that a slow client slows its run down.
    parts: asyncio.Queue[Head | bytes | None] = asyncio.Queue(1)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            await parts.put(Head(message["status"], list(message.get("headers", ()))))
        elif message["type"] == "http.response.body" and message.get("body"):
            await parts.put(bytes(message["body"]))

    async def call() -> None:
        try:
            await app(dict(request.scope), _receiving(request.body), send)
        except Exception:
            # The application has answered with 500 by then.
            LOG.exception("%s failed", request.scope["path"])
        await parts.put(None)

    calling = asyncio.create_task(call())
    try:
        while (part := await parts.get()) is not None:
            yield part
    finally:
        calling.cancel()


def _receiving(body: bytes) -> Receive:
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        for message in messages:
            return message
        # A disconnect is a cancellation here.
        await asyncio.Event().wait()
        raise AssertionError

    return receive
