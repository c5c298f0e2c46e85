"""The operator's chat servers: `name=https://host/v1`, comma-separated, with a key for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mav_engine.addresses import is_loopback
from mav_engine.backends.chat_server.dialect import DIALECTS
from mav_engine.models.precision import PRECISIONS
from mav_engine.wording import listed, shown

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
EXAMPLE = "ollama=http://127.0.0.1:11434/v1"


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """A chat server as the operator names it."""

    name: str
    url: str = field(repr=False)
    """Its address up to and including /v1, without a slash at the end."""
    kind: str | None = None
    """Which program it is; None if that is to be found out."""
    key: str | None = field(default=None, repr=False)
    models: tuple[str, ...] = ()
    """The models to offer; all that it lists if empty."""

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")


def addresses_of(
    servers: Sequence[str], keys: Iterable[str], models: Iterable[str]
) -> list[ChatAddress]:
    """The chat servers of the three settings.

    Args:
        servers: `name=https://host/v1`, or `name=ollama+http://host/v1` with the kind of server.
        keys: `name=key`.
        models: `MODEL@name`.

    Raises:
        ValueError: one of them is not usable; the message never holds a key or an address.
    """
    found: dict[str, ChatAddress] = {}
    for given in servers:
        each = _address(given)
        if each.name in found:
            raise ValueError(f"two servers are named {each.name}")
        found[each.name] = each
    known = dict(_keys(keys, found))
    offered: dict[str, list[str]] = {}
    for given in models:
        model, _, name = given.rpartition("@")
        if not model or name not in found:
            raise ValueError(f"{shown(given)} is not MODEL@SERVER with one of {_names(found)}")
        offered.setdefault(name, []).append(model)
    return [
        ChatAddress(
            each.name, each.url, each.kind, known.get(each.name), tuple(offered.get(each.name, ()))
        )
        for each in found.values()
    ]


def _address(given: str) -> ChatAddress:
    name, equals, url = given.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise ValueError(
            f"each server is NAME=ADDRESS with a name of letters, digits, . _ -, such as {EXAMPLE}"
        )
    if name in PRECISIONS:
        raise ValueError(f"{name} is the name of a precision; choose another name")
    kind, plus, rest = url.partition("+")
    if plus and "/" not in kind:
        if kind not in DIALECTS:
            raise ValueError(f"{name}: {shown(kind)} is not one of {listed(sorted(DIALECTS))}")
        url = rest
    else:
        kind = ""
    return ChatAddress(name, _checked(name, url), kind or None)


def _checked(name: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or re.search(r"[\s?#]", url):
        raise ValueError(f"the address of {name} is not a URL such as https://host/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"the address of {name} holds a name or password; use MAV_CHAT_KEYS")
    return url.rstrip("/")


def _keys(keys: Iterable[str], found: dict[str, ChatAddress]) -> Iterable[tuple[str, str]]:
    for given in keys:
        name, equals, key = given.partition("=")
        # The message must not hold what may be a key.
        if not equals or name not in found:
            raise ValueError(f"each key is NAME=KEY with one of {_names(found)}")
        if not re.fullmatch("[!-~]+", key):
            raise ValueError(f"the key of {name} has characters other than visible ASCII")
        yield name, key


def _names(found: dict[str, ChatAddress]) -> str:
    return listed(sorted(found)) if found else "the names in MAV_CHAT_SERVERS, which is empty"
