"""IP addresses and host names of this machine."""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def ip_address(host: str) -> IPAddress | None:
    """The IP address that a host is, with or without brackets; None where it is a name.

    An IPv6 address that stands for an IPv4 address, such as ::ffff:127.0.0.1, is that IPv4 address.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether a host, as an address names it, is this machine and no other reaches it."""
    address = ip_address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback
