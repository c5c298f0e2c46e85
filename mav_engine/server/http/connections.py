"""Limits of HTTP connections: their number, and how long a client may take.

uvicorn limits neither. Clients that send incomplete requests, or do not read responses, would hold
connections and file handles forever.
"""

from __future__ import annotations

import asyncio
import http
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import h11
import uvicorn
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from mav_engine.config import ServerConfig
from mav_engine.errors import MavError
from mav_engine.server.http.problems import RequestRefused, TooSlow, problem_response
from mav_engine.wording import shortened

LOG = logging.getLogger("mav.api")

ACCEPTED_AT_ONCE = 16
"""Connections that asyncio accepts before they are counted."""
RESERVED_HANDLES = 128
"""File handles reserved for models, the site's files and connections not counted yet."""
OWN_PROXIES = "127.0.0.0/8,::1,::ffff:127.0.0.0/104"
"""Proxies whose X-Forwarded-For is trusted unless FORWARDED_ALLOW_IPS is set: those of this
machine, in every spelling of their address."""
LINGER_S = 30.0
"""Seconds for which a closed connection keeps reading, so that its client can read the response."""
LINGER_IDLE_S = 5.0
"""Seconds without data after which it stops."""
LINGER_BYTES = 64 * 1024**2
"""Bytes after which it stops."""
UNSENT_BYTES = 16 * 1024
"""Size of the kernel's send buffer; a larger one would hide how fast the client reads."""
READ_RATE_WINDOW_S = 30.0
"""Seconds over which a client's read rate is measured."""
_FRAMING = ("Host", "Content-Length", "Transfer-Encoding")
"""Headers that are required to parse a request."""
BODY_GRACE_S = 5.0
"""Seconds that a connection allows beyond the body timeout, so that routes can answer with 408."""


class TooManyConnections(RequestRefused):
    status = 503
    code = "too_many_connections"
    title = "Too many connections are open"


class NotHttp(RequestRefused):
    code = "not_http"
    title = "The request is not valid HTTP"


class HeadTooLarge(RequestRefused):
    status = 431
    code = "head_too_large"
    title = "The request headers are too large"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of the connections of one process."""

    connections: int
    """Most open connections."""
    header_s: float
    """Seconds within which the headers of a request must arrive."""
    body_s: float
    """Seconds within which its body must arrive."""
    read_rate: int
    """Bytes per second that a client must read while data is waiting; 0 is no limit."""

    @classmethod
    def of(cls, config: ServerConfig) -> ConnectionLimits:
        """The configured limits, reduced to the process's limit of file handles."""
        possible = max(file_handle_limit() - RESERVED_HANDLES, ACCEPTED_AT_ONCE)
        return cls(
            connections=min(config.max_connections, possible),
            header_s=config.header_timeout_s,
            body_s=config.body_timeout_s,
            read_rate=config.min_read_rate,
        )


def file_handle_limit() -> int:
    """Most files and sockets that this process may open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 8192
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 65_536 if soft == resource.RLIM_INFINITY else soft


class UvicornConfig(uvicorn.Config):
    """uvicorn's configuration with limited connections."""

    def __init__(self, app: Any, limits: ConnectionLimits, **options: Any) -> None:
        # asyncio accepts as many connections at a time as the backlog is long; without a moment
        # to count them they could take all file handles.
        super().__init__(
            app,
            http=HttpConnection,
            ws="none",
            backlog=ACCEPTED_AT_ONCE,
            forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", OWN_PROXIES),
            **options,
        )
        self.limits = limits


class Phase(IntEnum):
    """State of a connection, in the order in which connections are closed to make room."""

    LINGERING = 0
    """Waits for the client to read the response and close."""
    IDLE = 1
    """Waits for the next request."""
    HEAD = 2
    """Waits for the rest of a request's headers."""
    BODY = 3
    """Waits for the rest of a request's body."""
    RESPONSE = 4
    """Sends a response; never closed to make room."""


class HttpConnection(H11Protocol):
    """One connection of a client."""

    transport: ClientTransport

    def __init__(
        self,
        config: UvicornConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.app = self._respond
        self._limits = config.limits
        self._phase = Phase.HEAD
        self._request: object = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, and make room for it if necessary."""
        assert isinstance(transport, asyncio.Transport)
        wrapped = ClientTransport(transport, self.loop, self._limits.read_rate, self._has_unread)
        super().connection_made(wrapped)
        self._enter(Phase.HEAD)
        if not self._make_room():
            self._refuse(
                TooManyConnections(
                    f"{self._limits.connections} connections are open, the most that this server "
                    "allows. Try again in 5 seconds.",
                    retry_after_s=5,
                )
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._cancel_timer()
        self.transport.lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        if self.transport.is_closing():
            self.transport.discard(len(data))
            return
        super().data_received(data)
        self._update_phase()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._update_phase()

    def pause_writing(self) -> None:
        """Data is waiting to be sent."""
        super().pause_writing()
        self.transport.behind()

    def resume_writing(self) -> None:
        """All data has been sent."""
        super().resume_writing()
        self.transport.caught_up()

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP; uvicorn calls this while it handles h11's error."""
        if self.cycle is not None:
            # A response in progress on this connection ends as if the client had disconnected.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._refuse(_refusal_of(sys.exc_info()[1], msg))
        else:
            self.transport.abort()

    def shutdown(self) -> None:
        """Close the connection, without lingering, as soon as its response is complete."""
        self.transport.linger_s = 0
        if self.transport.is_closing():
            self.transport.abort()
        else:
            super().shutdown()

    async def _respond(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Call the application; close afterwards if it answers before the body has been received.

        Otherwise the rest of the body, however long, would have to be received first.
        """

        async def closing(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start" and self._body_is_missing:
                headers = [each for each in message.get("headers", ()) if each[0] != b"connection"]
                message["headers"] = [*headers, CLOSE_HEADER]
            await send(message)

        await self.config.loaded_app(scope, receive, closing)

    @property
    def _body_is_missing(self) -> bool:
        return self.conn.their_state is h11.SEND_BODY

    def _has_unread(self) -> bool:
        """Whether the client may be sending data that will not be read."""
        broken = self.conn.their_state is h11.ERROR
        return self._body_is_missing or broken or bool(self.conn.trailing_data[0])

    def _update_phase(self) -> None:
        if self.transport.is_closing():
            self._enter(Phase.LINGERING)
        elif self._body_is_missing:
            self._enter(Phase.BODY)
        elif self.cycle is not None and not self.cycle.response_complete:
            self._enter(Phase.RESPONSE)
        elif self.timeout_keep_alive_task is not None and not self.conn.trailing_data[0]:
            self._enter(Phase.IDLE)
        else:
            self._unset_keepalive_if_required()
            self._enter(Phase.HEAD)

    def _enter(self, phase: Phase) -> None:
        # Headers that arrive byte by byte get no more time.
        if phase == self._phase and self.cycle is self._request and self._since:
            return
        self._cancel_timer()
        self._phase, self._request, self._since = phase, self.cycle, time.monotonic()
        if phase == Phase.HEAD:
            self._timer = self.loop.call_later(self._limits.header_s, self._head_is_late)
        elif phase == Phase.BODY:
            after = self._limits.body_s + BODY_GRACE_S
            self._timer = self.loop.call_later(after, self._body_is_late)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        if self.transport.is_closing():
            return
        if not self.conn.trailing_data[0]:
            self.transport.close()
            return
        self._refuse(
            TooSlow(
                f"The headers of the request did not arrive within {self._limits.header_s:g} s "
                "(MAV_HEADER_TIMEOUT_S). Send the request again."
            )
        )

    def _body_is_late(self) -> None:
        # A response in progress is completed; then the connection closes.
        if not self.cycle.response_started:
            self.transport.abort()

    def _refuse(self, error: MavError) -> None:
        """Answer without calling the application, and close."""
        response = problem_response(error, {"Connection": "close"})
        status = http.HTTPStatus(response.status_code)
        for event in (
            h11.Response(
                status_code=status,
                headers=[*self.server_state.default_headers, *response.raw_headers],
                reason=status.phrase.encode(),
            ),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close(linger=True)
        self._enter(Phase.LINGERING)

    def _make_room(self) -> bool:
        """Whether there is room for this connection, after closing an idle one if necessary."""
        while len(self.connections) > self._limits.connections:
            others = (each for each in self.connections if isinstance(each, HttpConnection))
            waiting = [each for each in others if each is not self and each._phase < Phase.RESPONSE]
            if not waiting:
                return False
            victim = min(waiting, key=lambda each: (each._phase, each._since))
            self.connections.discard(victim)
            victim.transport.abort()
        return True


class ClientTransport(asyncio.Transport):
    """A transport that disconnects clients that do not read, and that lingers on close.

    If a socket is closed while the client is sending, the client's system may discard the response.
    So, as RFC 9112, 9.6 recommends, only the sending side is closed at first, and incoming data is
    discarded until the client closes too, within limits.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        read_rate: int,
        has_unread: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.linger_s = LINGER_S
        """Most seconds to linger."""
        self._transport = transport
        self._loop = loop
        self._read_rate = read_rate
        self._has_unread = has_unread
        self._written = 0
        self._pace: asyncio.TimerHandle | None = None
        self._lingering_since: float | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._discarded = 0
        # Writing pauses when the kernel's buffer is full, and resumes when all data is in it.
        transport.set_write_buffer_limits(high=0)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            _limit_unsent(connection)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Information about the connection, as in asyncio."""
        return self._transport.get_extra_info(name, default)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol of this transport."""
        return self._transport.get_protocol()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Replace the protocol."""
        self._transport.set_protocol(protocol)

    def is_closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._lingering_since is not None or self._transport.is_closing()

    def pause_reading(self) -> None:
        """Pause receiving."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Resume receiving."""
        self._transport.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Bytes waiting to be sent."""
        return self._transport.get_write_buffer_size()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send data; dropped once the connection is closed."""
        if not self.is_closing():
            self._written += len(data)
            self._transport.write(data)

    def abort(self) -> None:
        """Close at once and drop unsent data."""
        self._transport.abort()

    def close(self, *, linger: bool = False) -> None:
        """Close when all data is sent; with `linger`, wait until the client can have read it."""
        if self.is_closing():
            return
        if self.linger_s == 0 or not (linger or self._has_unread()):
            self._transport.close()
            return
        self._lingering_since = self._loop.time()
        self._transport.write_eof()
        self._transport.resume_reading()
        self._linger = self._loop.call_later(LINGER_IDLE_S, self._transport.close)

    def discard(self, size: int) -> None:
        """Count bytes that arrive after the connection was closed."""
        if self._lingering_since is None or self._linger is None:
            return
        self._discarded += size
        self._linger.cancel()
        left = self._lingering_since + self.linger_s - self._loop.time()
        if left <= 0 or self._discarded > LINGER_BYTES:
            self._transport.close()
        else:
            self._linger = self._loop.call_later(min(left, LINGER_IDLE_S), self._transport.close)

    def lost(self) -> None:
        """Note that the connection is lost."""
        self.caught_up()
        if self._linger is not None:
            self._linger.cancel()

    def behind(self) -> None:
        """Start to measure how fast the client reads."""
        if self._read_rate and self._pace is None:
            self._measure_from(self._taken)

    def caught_up(self) -> None:
        """Stop measuring: nothing is waiting to be sent."""
        if self._pace is not None:
            self._pace.cancel()
            self._pace = None

    @property
    def _taken(self) -> int:
        return self._written - self._transport.get_write_buffer_size()

    def _measure_from(self, taken: int) -> None:
        self._pace = self._loop.call_later(READ_RATE_WINDOW_S, self._check_pace, taken)

    def _check_pace(self, before: int) -> None:
        taken = self._taken
        if taken - before < self._read_rate * READ_RATE_WINDOW_S:
            LOG.info("disconnected a client that reads too slowly")
            self._transport.abort()
        else:
            self._measure_from(taken)


def _refusal_of(fault: BaseException | None, otherwise: str) -> RequestRefused:
    if getattr(fault, "error_status_hint", 400) == 431:
        return HeadTooLarge(
            "The address and headers of the request are too long. Send a long prompt in the body "
            "of a POST request."
        )
    reason = str(fault) if fault is not None else otherwise
    header = next((each for each in _FRAMING if each.lower() in reason.lower()), None)
    remedy = "Correct it, or use another client."
    if "request line" in reason:
        remedy = (
            "Percent-encode non-ASCII characters of the address as UTF-8. This server speaks "
            "HTTP, not HTTPS."
        )
    return NotHttp(
        f"The request is not valid HTTP/1.1: {shortened(reason)}. {remedy}",
        field=header,
    )


def _limit_unsent(connection: socket.socket) -> None:
    """Limit the kernel's send buffer, so that a slow client is noticed early."""
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if option is not None:
        connection.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)
