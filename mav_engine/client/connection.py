"""What both clients have in common: address, headers, and the arguments of a request."""

from __future__ import annotations

from typing import Any

import httpx2

from mav_engine.client.address import bearer, site_of, uses_environment
from mav_engine.client.asked import Ask
from mav_engine.errors import InvalidSettings

TIMEOUT_S = 60.0
"""Seconds of silence after which a connection counts as lost. Servers send a heartbeat at least
every 15 seconds."""


def options_of(url: str, key: str | None, timeout_s: float | None) -> dict[str, Any]:
    """The arguments of `httpx2.Client` and `httpx2.AsyncClient`.

    Raises:
        InvalidSettings: the address or key is invalid, or the environment names an unusable
            certificate file.
    """
    site = site_of(url, "url", "/api", "a key goes into key")
    headers = {"User-Agent": "mav-client"}
    if key:
        headers["Authorization"] = bearer(key, "key", "The key", "MAV_KEY")
    try:
        verify = httpx2.create_ssl_context() if site.scheme == "https" else False
    except (OSError, ValueError) as error:
        raise unusable_environment(error) from None
    return {
        "base_url": site,
        "headers": headers,
        "timeout": timeout_s,
        "trust_env": uses_environment(site),
        "verify": verify,
    }


def unusable_environment(error: Exception) -> InvalidSettings:
    """The error for a variable of the environment that httpx2 cannot use."""
    return InvalidSettings(
        "A variable of the environment such as HTTPS_PROXY or SSL_CERT_FILE cannot be used: "
        f"{error}",
        field="url",
    )


def request_of(ask: Ask, accept: str) -> dict[str, Any]:
    """The arguments of a request."""
    return {
        "method": ask.method,
        "url": ask.path,
        "json": ask.body,
        "headers": {"Accept": accept, **ask.headers},
    }
