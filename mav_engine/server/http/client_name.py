"""Who a client is: its API key, or the address it comes from."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

from mav_engine.addresses import ip_address
from mav_engine.api_keys import ApiKey

KEY = "mav.key"
"""The name under which a request's scope has its API key, after `KeyCheck`."""
OWN = "127.0.0.1"
"""Represents all loopback addresses, which have no limits."""


def client_of(scope: Scope) -> str:
    """The API key of a request, as `key ID`, or the address of its client.

    uvicorn takes the address from the headers of a trusted proxy.
    """
    key: ApiKey | None = scope.get(KEY)
    if key is not None:
        return f"key {key.id}"
    client = scope.get("client")
    return str(client[0]) if client else ""


def client_network(client: str) -> str:
    """The name under which a client is counted: of IPv6 its /64 network, `OWN` for loopback."""
    address = ip_address(client)
    if address is None:
        return client
    if address.is_loopback:
        return OWN
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)
