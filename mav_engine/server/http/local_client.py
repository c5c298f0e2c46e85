"""Whether a request comes from a program or page of this machine."""

from __future__ import annotations

import urllib.parse

from starlette.datastructures import Headers
from starlette.types import Scope

from mav_engine.addresses import is_loopback

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_local(scope: Scope) -> bool:
    """Whether client, Host and Origin are of this machine, and no proxy is between.

    A page of another site may make a local browser send requests here; then Host or Origin is that
    site's. Requests through a proxy may come from anywhere.
    """
    headers = Headers(scope=scope)
    client = scope.get("client")
    named = [str(client[0]) if client else "", _host(f"//{headers.get('host', '')}")]
    if "origin" in headers:
        named.append(_host(headers["origin"]))
    return not any(name in headers for name in _FORWARDED) and all(map(is_loopback, named))


def _host(address: str) -> str:
    try:
        return urllib.parse.urlsplit(address).hostname or ""
    except ValueError:
        return ""
