"""Addresses of MAV servers and the keys that are sent to them."""

from __future__ import annotations

import httpx2

from mav_engine.addresses import is_loopback
from mav_engine.errors import InvalidSettings


def site_of(url: str, name: str, path: str, hint: str) -> httpx2.URL:
    """The address of a site.

    Args:
        url: the address, with or without `path` at its end.
        name: what it is called in errors.
        path: the path of the API that is called there.
        hint: where a key or token goes instead, as the end of a sentence.

    Raises:
        InvalidSettings: it is no address of http or https, or has a user, a query or a fragment.
    """
    try:
        site = httpx2.URL(url)
        usable = site.scheme in ("http", "https") and bool(site.host)
        usable = usable and (site.port is None or 0 < site.port < 1 << 16)
        usable = usable and url.isascii() and " " not in url
    except httpx2.InvalidURL:
        usable = False
    if not usable:
        raise InvalidSettings(
            f"{name} is {url!r}; give the address of a site such as http://host:8000.",
            field=name,
        )
    if site.userinfo or site.query or site.fragment:
        raise InvalidSettings(
            f"{name} is the address of a site alone, such as http://host:8000; {hint}.",
            field=name,
        )
    short = site.path.rstrip("/").removesuffix(path)
    return site.copy_with(path=short or "/", query=None, fragment=None)


def bearer(key: str, name: str, what: str, setting: str) -> str:
    """The value of the header Authorization for a key.

    Args:
        key: the key.
        name: the argument that has it.
        what: what it is called in errors.
        setting: the server's setting of the same key.

    Raises:
        InvalidSettings: the key cannot be sent in a header.
    """
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InvalidSettings(
            f"{what} has letters that cannot be sent: use ASCII without spaces, as in {setting} of "
            "the server.",
            field=name,
        )
    return f"Bearer {key}"


def uses_environment(site: httpx2.URL) -> bool:
    """Whether the environment may name a proxy: local sites are never reached through one."""
    return not is_loopback(site.host)
