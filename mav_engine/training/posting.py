"""Looks sent to a site elsewhere, one HTTP request at a time, and what its answers mean."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import orjson

from mav_engine.addresses import is_loopback
from mav_engine.characters import legible
from mav_engine.errors import InvalidSettings

PATH = "/api/training"
TYPE = "application/x-ndjson"
TIMEOUT_S = 20.0
"""Seconds for which a server may say nothing."""
_READ_BYTES = 1 << 16
_TOLD_CHARACTERS = 400


class Unanswered(Exception):
    """The server cannot be reached, or broke off."""


class Refused(Exception):
    """The server answered, but did not take what it was sent."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Taken:
    """What the server says of what it took."""

    stored: int
    """Looks that it had not had yet."""
    most_bytes: int
    """The longest body that it takes."""


class Address:
    """Where a server takes trainings, and as whom.

    Raises:
        InvalidSettings: this is no address, or no token that can be sent.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = _parts(url)
        path = parts.path.rstrip("/").removesuffix(PATH)
        self.site = f"{parts.scheme}://{parts.netloc}{path}"
        """As people name it."""
        self._headers = {"Content-Type": TYPE, "Accept": "application/json"}
        if token:
            if not (token.isascii() and token.isprintable()) or " " in token:
                raise InvalidSettings(
                    "The token for the stream has letters that cannot be sent: use ASCII without "
                    "spaces, as in MAV_TRAINING_TOKEN of the server.",
                    field="stream_token",
                )
            self._headers["Authorization"] = f"Bearer {token}"
        # A site on this machine is never reached by way of a proxy.
        proxies: dict[str, str] | None = {} if is_loopback(parts.hostname or "") else None
        self._opener = urllib.request.build_opener(
            _NoRedirect, urllib.request.ProxyHandler(proxies)
        )

    def post(self, body: bytes, training: str, *, append: bool, end: bool) -> Taken:
        """Send looks, or nothing but a word that the training is there.

        Args:
            body: lines of whole looks; may be empty.
            training: an id of this training, the same from its beginning to its end.
            append: whether the looks go behind those that the site already shows.
            end: whether nothing more comes.

        Raises:
            Unanswered: it may work later.
            Refused: the server's own words.
        """
        asked = {"training": training, "append": append, "end": end}
        query = "&".join(f"{name}={str(value).lower()}" for name, value in asked.items())
        request = urllib.request.Request(
            f"{self.site}{PATH}?{query}", data=body, headers=self._headers, method="POST"
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return _taken(answer.read(_READ_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, _detail(error)) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Unanswered(_shown(str(reason) or type(reason).__name__)) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Following would send the token elsewhere, and the looks nowhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _parts(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        usable = False
    if not usable:
        raise InvalidSettings(
            f"stream is {url!r}; give the address of a site such as http://host:8000.",
            field="stream",
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidSettings(
            "stream is the address of a site alone, such as http://host:8000; a token goes into "
            "stream_token or MAV_TRAINING_TOKEN.",
            field="stream",
        )
    return parts


def _taken(answer: bytes) -> Taken:
    try:
        told = orjson.loads(answer)
        return Taken(int(told["stored"]), int(told["most_bytes"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise Refused(
            404, "What answers there is no MAV that receives trainings; check the address."
        ) from None


def _detail(error: urllib.error.HTTPError) -> str:
    if 300 <= error.code < 400:
        leads = _shown(error.headers.get("Location") or "elsewhere")
        return f"The address leads to {leads}: stream to that site itself."
    try:
        told = orjson.loads(error.read(_READ_BYTES))
        return _shown(str(told["detail"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, OSError, http.client.HTTPException):
        return f"It answers {error.code} {_shown(str(error.reason))}, not as MAV does."


def _shown(text: str) -> str:
    """Nothing that a server says may steer the terminal."""
    return " ".join(legible(text[:_TOLD_CHARACTERS]).split())
