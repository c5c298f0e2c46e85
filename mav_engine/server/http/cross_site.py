"""Refuses requests from pages of other sites.

Every page in a browser can send requests to a server on the same machine. Two checks prevent that:

- `HostCheck`: the server answers only to its known host names. A page whose domain resolves to this
  machine (DNS rebinding) has the same origin as the server, but sends its own domain as `Host`.
- `OriginCheck`: the page that a browser reports (`Origin` and `Sec-Fetch-Site`, which scripts
  cannot set) must be of this site or of one that the operator allows.

Programs other than browsers send neither header and are not affected.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from functools import lru_cache
from typing import ClassVar

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.addresses import ip_address, is_loopback
from mav_engine.server.http.problems import RequestRefused, problem_response
from mav_engine.wording import shown

ANY = "*"
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)\.?(:(?P<port>\d{0,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_LINKABLE = frozenset({"/api", "/", "/health", "/models", "/openapi.json", "/openapi-3.1.json"})
"""Paths that links on other sites may open: the page cannot read the answer, and no run starts."""


class HostRefused(RequestRefused):
    status: ClassVar[int] = 403
    code = "host_refused"
    title = "The host name is not allowed"


class OriginRefused(RequestRefused):
    status: ClassVar[int] = 403
    code = "origin_refused"
    title = "Pages of other sites may not call this API"


class HostCheck:
    """Middleware for the whole application."""

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str]) -> None:
        self._app = app
        self._allowed = {name.lower().rstrip(".") for name in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "http":
            for host in Headers(scope=scope).getlist("host"):
                if not self._is_allowed(host, scope):
                    await problem_response(_host_refused(host))(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _is_allowed(self, host: str, scope: Scope) -> bool:
        if ANY in self._allowed:
            return True
        found = _HOST.fullmatch(host.lower())
        if found is None:
            return False
        name = found["name"].strip("[]")
        if name in self._allowed or _is_local(name) or name in _own_names():
            return True
        # DNS rebinding does not work with IP addresses, so requests from the network may use any,
        # such as that of a router or container host.
        return ip_address(name) is not None and not _is_local(_server_of(scope))


class OriginCheck:
    """Middleware for the API.

    Raises:
        OriginRefused: the request comes from a page of another site.
    """

    def __init__(self, app: ASGIApp, allowed_origins: Collection[str]) -> None:
        self._app = app
        self._allowed = {origin.lower().rstrip("/") for origin in allowed_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise."""
        if scope["type"] == "http" and not self._is_allowed(scope):
            raise _origin_refused(Headers(scope=scope))
        await self._app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if ANY in self._allowed or site == "same-origin":
            return True
        if origin is not None:
            # A page of another site cannot send X-Forwarded-Host without a preflight.
            hosts = headers.getlist("host") + headers.getlist("x-forwarded-host")
            own = any(_is_same(origin.lower(), host.lower()) for host in hosts)
            return own or origin.lower() in self._allowed
        return site in (None, "none") or _is_harmless_link(scope, headers)


def _is_harmless_link(scope: Scope, headers: Headers) -> bool:
    return (
        headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and scope["method"] in ("GET", "HEAD")
        and get_route_path(scope) in _LINKABLE
    )


def _is_same(origin: str, host: str) -> bool:
    """Whether an origin has this host and port; the scheme may differ behind a proxy."""
    scheme, separator, named = origin.partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    if not separator or default is None:
        return False
    return _with_port(named, default) == _with_port(host, default)


def _with_port(host: str, default: str) -> str | None:
    found = _HOST.fullmatch(host)
    return f"{found['name']}:{found['port'] or default}" if found else None


def _is_local(host: str) -> bool:
    """Whether a host is a name or address of loopback."""
    address = ip_address(host)
    if address is not None:
        return address.is_loopback or address.is_unspecified
    # Browsers resolve .localhost names to loopback without DNS.
    return is_loopback(host) or host.endswith(".localhost")


def _server_of(scope: Scope) -> str:
    """The local address at which a request arrived."""
    server = scope.get("server")
    return str(server[0]) if server else ""


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    """The host names of this machine."""
    name = socket.gethostname().lower()
    return frozenset({name, f"{name.partition('.')[0]}.local"} - {""})


def _host_refused(host: str) -> HostRefused:
    if not host.strip():
        return HostRefused(
            "The Host header is empty. Send the name or address under which the server is reached, "
            "such as Host: localhost:8000.",
            field="Host",
        )
    return HostRefused(
        f"This server does not accept the host {shown(host)}. Use localhost or its IP address, or "
        "ask its operator to add the name to MAV_ALLOWED_HOSTS.",
        field="Host",
    )


def _origin_refused(headers: Headers) -> OriginRefused:
    origin = headers.get("origin")
    who = (
        f"The page's origin is {shown(origin)}"
        if origin
        else "The request comes from a page of another site"
    )
    return OriginRefused(
        f"{who}, which may not call this API. Ask its operator to add the origin to "
        "MAV_ALLOWED_ORIGINS, or open this address directly.",
        field="Origin",
    )
