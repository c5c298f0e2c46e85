"""One upstream server: its address, its models, and requests to it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

import anyio
import httpx2

from mav_engine import __version__
from mav_engine.addresses import is_loopback
from mav_engine.errors import InvalidSettings
from mav_engine.server.http.problems import RequestRefused
from mav_engine.server.relay.offer import NotAnOffer, Offer, parse_offer

LOG = logging.getLogger("mav.relay")
# httpx2 logs each request at INFO.
logging.getLogger("httpx2").setLevel(logging.WARNING)

CONNECT_S = 3.0
"""Seconds within which a connection must be open."""
LIST_S = 5.0
"""Seconds within which the list of models must arrive."""
FIRST_BYTE_S = 60.0
"""Seconds within which an answer must begin; a server tokenizes a prompt before."""
RETRY_AFTER_S = 10.0
"""The Retry-After for models of a server that cannot be reached."""
MAX_LIST_BYTES = 8_000_000
"""Most bytes of a list of models."""
MAX_REFUSAL_BYTES = 100_000
"""Most bytes of the problem with which a server refuses a request."""
REFUSES_SITE = frozenset({401, 403})
"""Statuses that are about this site and not about a client's request."""


class UpstreamAway(RequestRefused):
    status: ClassVar[int] = 503
    code = "upstream_unreachable"
    title = "The server of this model cannot be reached"


class UpstreamRefuses(RequestRefused):
    status: ClassVar[int] = 502
    code = "upstream_refused"
    title = "The server of this model does not accept requests of this site"


@dataclass(frozen=True, slots=True)
class RelayedRequest:
    """A request to an upstream server."""

    method: str
    path: str
    """One of the API's paths, such as /api/run."""
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Answer:
    """The answer to a request, from its first bytes on; must be closed."""

    status: int
    headers: Mapping[str, str]
    first: bytes
    """The first chunk of its body."""
    rest: AsyncIterator[bytes]
    """Further chunks; raises Interrupted."""
    _response: httpx2.Response

    async def close(self) -> None:
        """Close the connection, which ends the run if it has not ended."""
        with anyio.CancelScope(shield=True):
            await self._response.aclose()

    @property
    def kind(self) -> str:
        """The media type of the body."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def whole(self) -> Refusal:
        """The answer with its whole body, up to a limit; closes the connection.

        Raises:
            Interrupted: the body is incomplete.
        """
        body = bytearray(self.first)
        try:
            with anyio.fail_after(LIST_S):
                async for chunk in self.rest:
                    body += chunk
                    if len(body) > MAX_REFUSAL_BYTES:
                        break
        except TimeoutError:
            raise Interrupted(f"no complete answer within {LIST_S:g} s") from None
        finally:
            await self.close()
        given = self.headers.get("retry-after", "")
        return Refusal(
            status=self.status,
            kind=self.kind,
            body=bytes(body[:MAX_REFUSAL_BYTES]),
            retry_after_s=float(given) if given.isascii() and given.isdigit() else None,
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A complete answer without a stream: in most cases the problem of a request."""

    status: int
    kind: str
    """Its media type; empty if there is no body."""
    body: bytes
    retry_after_s: float | None
    """Its Retry-After."""


class Interrupted(Exception):
    """The server cannot be reached, does not answer, or stopped in the middle of an answer."""


class Upstream:
    """A MAV server that runs models for this one. Used on the event loop only.

    Args:
        url: its address, without a slash at the end.
        key: its MAV_KEY; None if it has none.

    Raises:
        InvalidSettings: the environment names an unusable proxy or certificate file.
    """

    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc + parts.path
        """Its name in messages and lists: host, port and path of the address."""
        self.offer = Offer()
        """The models that it offered last; empty before it has answered."""
        self.problem: str | None = None
        """Why it cannot be used; None if the last answer was right, or before the first one."""
        self._url = url
        is_local = is_loopback(parts.hostname or "")
        self.is_private = is_local or parts.scheme == "https"
        """Whether others cannot read what is sent there."""
        self._client = _client_of(url, key, is_local=is_local)
        self._asked_at = -math.inf
        self._asking = asyncio.Lock()

    @property
    def was_asked(self) -> bool:
        """Whether it has been asked for its models."""
        return self._asked_at > -math.inf

    @property
    def away(self) -> UpstreamAway:
        """The error for a model of this server while it cannot be reached."""
        return UpstreamAway(
            f"The model runs on {self.host}, which cannot be reached. Try again in "
            f"{RETRY_AFTER_S:.0f} seconds, or choose a model of another server.",
            field="model",
            retry_after_s=RETRY_AFTER_S,
        )

    @property
    def refuses(self) -> UpstreamRefuses:
        """The error for a model of this server while it refuses all requests of this site."""
        return UpstreamRefuses(
            f"The model runs on {self.host}, which does not accept requests of this site. Choose a "
            "model of another server; the operator of this site finds the reason in its log.",
            field="model",
        )

    async def refresh(self, max_age_s: float) -> None:
        """Ask for the models, unless that was done in the last `max_age_s` seconds."""
        async with self._asking:
            if time.monotonic() - self._asked_at < max_age_s:
                return
            try:
                with anyio.fail_after(LIST_S):
                    await self._ask()
            except (Interrupted, TimeoutError) as error:
                self.note_away(error)
            self._asked_at = time.monotonic()

    async def open(self, request: RelayedRequest) -> Answer:
        """Send a request; returns when the first bytes of the answer have arrived.

        Raises:
            Interrupted: none arrived.
        """
        given = self._client.build_request(
            request.method,
            self._url + request.path + (f"?{request.query}" if request.query else ""),
            headers=request.headers,
            content=request.body or None,
        )
        try:
            with anyio.fail_after(FIRST_BYTE_S):
                response = await self._client.send(given, stream=True)
                chunks = _chunks(response)
                try:
                    first = await anext(chunks, b"")
                except BaseException:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
                    raise
        except httpx2.TransportError as error:
            raise Interrupted(_reason(error)) from None
        except TimeoutError:
            raise Interrupted(f"no answer within {FIRST_BYTE_S:g} s") from None
        return Answer(response.status_code, response.headers, first, chunks, response)

    def note_away(self, why: Exception) -> None:
        """Note that the server cannot be reached."""
        self._note(
            f"{self.host} cannot be reached, so its models do not run. Check that MAV runs there "
            "and that MAV_UPSTREAM has its address.",
            str(why) or f"no answer within {LIST_S:g} s",
        )

    def note_refused(self, status: int) -> None:
        """Note that the server refuses requests of this site."""
        if status == 401:
            what = "does not accept the key: set MAV_UPSTREAM_KEY to the MAV_KEY of that server"
        elif status == 403:
            what = "refuses requests of this site: set MAV_KEY there and MAV_UPSTREAM_KEY here"
        else:
            what = "does not answer like MAV: check MAV_UPSTREAM"
        self._note(f"{self.host} {what}.", f"status {status}")

    def note_answered(self) -> None:
        """Note that the server can be used."""
        if self.problem is not None:
            LOG.warning("%s can be used again", self.host)
        self.problem = None

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _ask(self) -> None:
        listing = RelayedRequest("GET", "/api/models", "", {"Accept": "application/json"}, b"")
        answer = await self.open(listing)
        try:
            if answer.status != 200:
                if answer.status in (429, 500, 502, 503, 504):
                    raise Interrupted(f"status {answer.status}")
                self.note_refused(answer.status)
                return
            body = bytearray(answer.first)
            async for chunk in answer.rest:
                body += chunk
                if len(body) > MAX_LIST_BYTES:
                    raise NotAnOffer("too long")
            self.offer = parse_offer(bytes(body))
        except NotAnOffer:
            self.note_refused(answer.status)
        else:
            self.note_answered()
        finally:
            await answer.close()

    def _note(self, problem: str, why: str) -> None:
        if problem != self.problem:
            LOG.error("%s (%s)", problem, why)
        self.problem = problem


def _client_of(url: str, key: str | None, *, is_local: bool) -> httpx2.AsyncClient:
    headers = {"User-Agent": f"mav/{__version__}", "Accept-Encoding": "identity"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        return httpx2.AsyncClient(
            headers=headers,
            timeout=httpx2.Timeout(connect=CONNECT_S, read=None, write=FIRST_BYTE_S, pool=None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=16),
            follow_redirects=False,
            # Servers of this machine are never reached through a proxy.
            trust_env=not is_local,
            # Reading the certificates of authorities takes a while.
            verify=url.startswith("https:"),
        )
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        raise InvalidSettings(
            "MAV_UPSTREAM: a variable of the environment such as HTTPS_PROXY or SSL_CERT_FILE "
            f"cannot be used: {error}",
            field="MAV_UPSTREAM",
        ) from None


async def _chunks(response: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_bytes():
            if chunk:
                yield chunk
    except httpx2.HTTPError as error:
        raise Interrupted(_reason(error)) from None


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
