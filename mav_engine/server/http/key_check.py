"""Refuses requests without the server's key, so that only the sites that relay to it can use it."""

from __future__ import annotations

from typing import ClassVar

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.addresses import ip_address
from mav_engine.server.http.bearer import bearer_of, is_equal
from mav_engine.server.http.problems import RequestRefused

CLIENT = "X-MAV-Client"
"""Header with the address of the client for whom a site relays; believed with the key only."""


class KeyRefused(RequestRefused):
    status: ClassVar[int] = 401
    code = "key_refused"
    title = "The key is missing or wrong"


class KeyCheck:
    """Middleware for the API.

    Health checks need no key, and a training that streams here has its own token.

    Raises:
        KeyRefused: the request does not have the key.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise."""
        if scope["type"] == "http" and not _is_open(scope):
            headers = Headers(scope=scope)
            given = bearer_of(headers)
            if not is_equal(given, self._key):
                raise _refused(given)
            client = ip_address(headers.get(CLIENT, ""))
            if client is not None:
                scope = {**scope, "client": (str(client), 0)}
        await self._app(scope, receive, send)


def _is_open(scope: Scope) -> bool:
    path = get_route_path(scope)
    return path == "/health" or (path == "/training" and scope["method"] == "POST")


def _refused(given: str) -> KeyRefused:
    what = "has another key than" if given else "has no key for"
    return KeyRefused(
        f"The request {what} this server (MAV_KEY). Send Authorization: Bearer KEY; a site that "
        "relays to this server takes the key from MAV_UPSTREAM_KEY.",
        field="Authorization",
    )
