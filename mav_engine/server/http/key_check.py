"""Checks the key of a request: that of this server, or an API key and its scopes."""

from __future__ import annotations

from typing import ClassVar

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.addresses import ip_address
from mav_engine.api_keys import ApiKey, KeyFile, KeysUnreadable, default_path
from mav_engine.config import ServerConfig
from mav_engine.server.http.bearer import bearer_of, is_equal
from mav_engine.server.http.client_name import KEY
from mav_engine.server.http.local_client import is_local
from mav_engine.server.http.problems import RequestRefused

CLIENT = "X-MAV-Client"
"""Header with the address of the client for whom a site relays; believed with the server's key
only."""
_DESCRIPTIONS = frozenset({"", "/", "/openapi.json", "/openapi-3.1.json"})
"""Paths that describe the API, and nothing of this server but its limits."""
METRICS = "/metrics"
_SCOPES = {"compare": "compare", "models": "models", "training": "training", "metrics": "metrics"}
"""The scope for the first part of a path; all others need `run`."""


class KeyRefused(RequestRefused):
    status: ClassVar[int] = 401
    code = "key_refused"
    title = "The key is missing or wrong"


class ScopeMissing(RequestRefused):
    status: ClassVar[int] = 403
    code = "scope_missing"
    title = "The key does not allow this"


class KeyCheck:
    """Middleware for the API.

    Health checks need no key, and a training that streams here has its own token. With API keys the
    descriptions of the API are open too, since the page reads its limits there.

    Raises:
        KeyRefused: the request does not have a key that this server accepts.
        ScopeMissing: its key does not allow it.
        KeysUnreadable: the file with the keys cannot be read.
    """

    def __init__(self, app: ASGIApp, config: ServerConfig) -> None:
        self._app = app
        self._key = config.key
        self._required = config.require_key
        self._keys = KeyFile(config.keys_file or default_path())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise."""
        if scope["type"] == "http" and not is_open(scope):
            scope = self._checked(scope)
        await self._app(scope, receive, send)

    def _checked(self, scope: Scope) -> Scope:
        headers = Headers(scope=scope)
        given = bearer_of(headers)
        if self._key is not None and is_equal(given, self._key):
            client = ip_address(headers.get(CLIENT, ""))
            return scope if client is None else {**scope, "client": (str(client), 0)}
        key = self._found(given)
        if key is not None:
            _check_scope(key, scope)
            return {**scope, KEY: key}
        if self._required and _path_of(scope) not in _DESCRIPTIONS:
            raise _refused(given, "MAV_REQUIRE_KEY", "its operator makes keys with `mav keys add`.")
        if self._key is not None and not self._required:
            raise _refused(
                given, "MAV_KEY", "a site that relays to this server takes the key from "
                "MAV_UPSTREAM_KEY.",
            )  # fmt: skip
        if _path_of(scope) == METRICS and not is_local(scope):
            raise _refused(
                given, "its metrics", "it needs the scope metrics. Programs on the server's own "
                "machine need no key for them.",
            )  # fmt: skip
        return scope

    def _found(self, given: str) -> ApiKey | None:
        """The API key of a request, if it has one that counts here."""
        if not given or (self._key is not None and not self._required):
            return None
        try:
            return self._keys.find(given)
        except KeysUnreadable:
            if self._required:
                raise
            # Everybody may do what a key allows.
            return None


def _check_scope(key: ApiKey, scope: Scope) -> None:
    path = _path_of(scope)
    needed = _SCOPES.get(path.lstrip("/").partition("/")[0], "run")
    if path not in _DESCRIPTIONS and needed not in key.scopes:
        raise ScopeMissing(
            f"This needs a key with the scope {needed}; the given one has "
            f"{', '.join(key.scopes)}. The operator of this server makes keys with "
            f"`mav keys add NAME --scope {needed}`.",
            field="Authorization",
        )


def _path_of(scope: Scope) -> str:
    """The path below /api or /v1, also for routes that are not mounted there."""
    return get_route_path(scope).removeprefix("/api")


def is_open(scope: Scope) -> bool:
    """Whether a request needs no key and is not counted."""
    path = _path_of(scope)
    is_check = path in ("/health", "/ready")
    return is_check or (path == "/training" and scope["method"] == "POST")


def _refused(given: str, setting: str, remedy: str) -> KeyRefused:
    what = "has another key than" if given else "has no key for"
    return KeyRefused(
        f"The request {what} this server ({setting}). Send Authorization: Bearer KEY; {remedy}",
        field="Authorization",
    )
