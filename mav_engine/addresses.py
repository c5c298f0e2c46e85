"""IP addresses and host names of this machine."""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def ip_address(host: str) -> IPAddress | None:
    """The IP address of a host, with or without brackets; None if it is a name.

    An IPv4-mapped IPv6 address such as ::ffff:127.0.0.1 is returned as IPv4.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether a host name or address is a loopback address."""
    address = ip_address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback
