"""The HTTP client that sends snapshots of a training to another site."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import httpx2
import orjson

from mav_engine.characters import legible
from mav_engine.client.address import bearer, site_of, uses_environment
from mav_engine.errors import InvalidSettings

PATH = "/api/training"
THREAD_NAME = "mav-training-stream"
"""The thread that sends."""
TIMEOUT_S = 20.0
"""Seconds of silence after which a request fails."""
HEADERS = {
    "Content-Type": "application/x-ndjson",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    # Snapshots are seconds apart, so the server might close a kept connection during the next one.
    "Connection": "close",
}
_READ_BYTES = 1 << 16
_TOLD_CHARACTERS = 400


# httpx2 logs each request at INFO; a line for each snapshot and keep-alive.
logging.getLogger("httpx2").addFilter(lambda record: record.threadName != THREAD_NAME)


class Unanswered(Exception):
    """The server cannot be reached, or closed the connection."""


class Refused(Exception):
    """The server refused the request."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Taken:
    """The server's response to accepted snapshots."""

    stored: int
    """Snapshots that were new to the server."""
    most_bytes: int
    """The largest body that the server accepts."""


class Address:
    """The address of a server that receives trainings, and the token for it.

    Raises:
        InvalidSettings: the address or token is invalid, or the environment names an unusable proxy
            or certificate file.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        hint = "a token goes into stream_token or MAV_TRAINING_TOKEN"
        site = site_of(url, "stream", PATH, hint)
        self.site = str(site).rstrip("/")
        """The site's address for messages."""
        self._client = _client(site)
        if token:
            self._client.headers["Authorization"] = bearer(
                token, "stream_token", "The token for the stream", "MAV_TRAINING_TOKEN"
            )

    def post(self, body: bytes, training: str, *, append: bool, end: bool) -> Taken:
        """Send snapshots; an empty body is a keep-alive.

        Args:
            body: lines of complete snapshots; may be empty.
            training: an id of this training, the same in all requests.
            append: whether to add the snapshots to those that the site already has.
            end: whether this is the last request.

        Raises:
            Unanswered: the server cannot be reached.
            Refused: the server refused the request; the message is the server's.
        """
        query: dict[str, str | bool] = {"training": training, "append": append, "end": end}
        try:
            with self._client.stream("POST", PATH, params=query, content=body) as response:
                if not response.is_success:
                    raise Refused(response.status_code, _detail(response))
                return _taken(response)
        except httpx2.HTTPError as error:
            raise Unanswered(_shown(str(error) or type(error).__name__)) from None


def _client(site: httpx2.URL) -> httpx2.Client:
    try:
        return httpx2.Client(
            base_url=site,
            headers=HEADERS,
            timeout=TIMEOUT_S,
            trust_env=uses_environment(site),
            verify=httpx2.create_ssl_context(),
        )
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        raise InvalidSettings(
            "Nothing can be streamed: a variable of the environment such as HTTPS_PROXY or "
            f"SSL_CERT_FILE cannot be used: {error}",
            field="stream",
        ) from None


def _taken(response: httpx2.Response) -> Taken:
    try:
        told = orjson.loads(_start_of(response))
        return Taken(int(told["stored"]), int(told["most_bytes"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise Refused(
            404, "What answers there is no MAV that receives trainings; check the address."
        ) from None


def _detail(response: httpx2.Response) -> str:
    if 300 <= response.status_code < 400:
        leads = _shown(response.headers.get("Location") or "elsewhere")
        return f"The address leads to {leads}: stream to that site itself."
    try:
        return _shown(str(orjson.loads(_start_of(response))["detail"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, httpx2.HTTPError):
        said = f"{response.status_code} {_shown(response.reason_phrase)}"
        return f"It answers {said}, not as MAV does."


def _start_of(response: httpx2.Response) -> bytes:
    return next(response.iter_raw(_READ_BYTES), b"")


def _shown(text: str) -> str:
    """The text without control characters."""
    return " ".join(legible(text[:_TOLD_CHARACTERS]).split())
