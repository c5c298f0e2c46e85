"""HTTP connections within bounds: how many there are, and how long a client may take.

uvicorn bounds neither. Clients that send half a request, a body that does not end, or that do not
read what they asked for would hold connections, and with them file handles, for ever.
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
"""Connections that are accepted before the ones accepted last are counted."""
RESERVED_HANDLES = 128
"""File handles that are left to all else: models, the site's files, connections not counted yet."""
OWN_PROXIES = "127.0.0.0/8,::1,::ffff:127.0.0.0/104"
"""Proxies whose X-Forwarded-For is trusted unless FORWARDED_ALLOW_IPS is set: those of this
machine, in every spelling of their address."""
LINGER_S = 30.0
"""Seconds for which a closed connection reads on, so that its client can read the response."""
LINGER_IDLE_S = 5.0
"""Seconds without data after which it does no longer."""
LINGER_BYTES = 64 * 1024**2
"""Bytes after which it does no longer."""
UNSENT_BYTES = 16 * 1024
"""Bytes that the kernel takes ahead of the client; more would hide how fast the client reads."""
READ_RATE_WINDOW_S = 30.0
"""Seconds over which a client's reading is measured."""
_FRAMING = ("Host", "Content-Length", "Transfer-Encoding")
"""Headers without which a request cannot be read."""
BODY_GRACE_S = 5.0
"""Seconds by which the routes, which answer a late body with 408, are ahead of the connection."""


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
    title = "The head of the request is too large"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What the connections of one process may be."""

    connections: int
    """Open at the same time."""
    header_s: float
    """Seconds within which the head of a request must arrive."""
    body_s: float
    """Seconds within which its body must arrive."""
    read_rate: int
    """Bytes a second that a client must read while something waits for it; 0 is any."""

    @classmethod
    def of(cls, config: ServerConfig) -> ConnectionLimits:
        """The limits that an operator sets, below the process's limit of file handles."""
        possible = max(file_handle_limit() - RESERVED_HANDLES, ACCEPTED_AT_ONCE)
        return cls(
            connections=min(config.max_connections, possible),
            header_s=config.header_timeout_s,
            body_s=config.body_timeout_s,
            read_rate=config.min_read_rate,
        )


def file_handle_limit() -> int:
    """How many files and sockets this process may have open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 8192
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 65_536 if soft == resource.RLIM_INFINITY else soft


class UvicornConfig(uvicorn.Config):
    """uvicorn's configuration with these connections."""

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
    """What a connection waits for, in the order in which it is given up for another one."""

    LINGERING = 0
    """Its client is to read the response and close."""
    IDLE = 1
    """The next request."""
    HEAD = 2
    """The rest of a request's head."""
    BODY = 3
    """The rest of a request's body."""
    RESPONSE = 4
    """The response; never given up."""


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
        """Count the connection, and make room for it."""
        assert isinstance(transport, asyncio.Transport)
        wrapped = ClientTransport(transport, self.loop, self._limits.read_rate, self._has_unread)
        super().connection_made(wrapped)
        self._enter(Phase.HEAD)
        if not self._make_room():
            self._refuse(
                TooManyConnections(
                    f"{self._limits.connections} connections are open, as many as this server "
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
        """The client is behind: something waits to be sent."""
        super().pause_writing()
        self.transport.behind()

    def resume_writing(self) -> None:
        """All has been sent."""
        super().resume_writing()
        self.transport.caught_up()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP; uvicorn calls it while it handles h11's error."""
        if self.cycle is not None:
            # What was being answered on this connection ends as if the client had left.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._refuse(_refusal_of(sys.exc_info()[1], msg))
        else:
            self.transport.abort()

    def shutdown(self) -> None:
        """Close the connection as soon as its response is complete, and without lingering."""
        self.transport.linger_s = 0
        if self.transport.is_closing():
            self.transport.abort()
        else:
            super().shutdown()

    async def _respond(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Call the application; where it answers before the body was received, close afterwards.

        The connection could be used again only once the body, however long, was received.
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
        """Whether the client may be sending something that is not going to be read."""
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
        # A head that comes byte by byte has no more time than one that comes at once.
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
                f"The head of the request did not arrive within {self._limits.header_s:g} s "
                "(MAV_HEADER_TIMEOUT_S). Send the request again."
            )
        )

    def _body_is_late(self) -> None:
        # A response that has begun is not cut; the connection closes at its end.
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
        """Whether there is room for this connection, if need be in place of an idle one."""
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
    """A transport that ends connections of clients that do not read, and closes gently.

    Where a socket is closed while the client still sends, the client's system throws the response
    away unread. So, as RFC 9112, 9.6 asks, only the sending side is closed at first, and what
    comes is discarded until the client closes too, within bounds.
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
        """Seconds for which it lingers at most."""
        self._transport = transport
        self._loop = loop
        self._read_rate = read_rate
        self._has_unread = has_unread
        self._written = 0
        self._pace: asyncio.TimerHandle | None = None
        self._lingering_since: float | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._discarded = 0
        # Writing pauses as soon as the kernel takes no more, and resumes when it has taken all.
        transport.set_write_buffer_limits(high=0)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            _limit_unsent(connection)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Facts about the connection, as asyncio has them."""
        return self._transport.get_extra_info(name, default)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that this transport serves."""
        return self._transport.get_protocol()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Serve another protocol."""
        self._transport.set_protocol(protocol)

    def is_closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._lingering_since is not None or self._transport.is_closing()

    def pause_reading(self) -> None:
        """Receive nothing for a while."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Receive again."""
        self._transport.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._transport.get_write_buffer_size()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send data; dropped once the connection is closed."""
        if not self.is_closing():
            self._written += len(data)
            self._transport.write(data)

    def abort(self) -> None:
        """Close at once, whatever waits to be sent."""
        self._transport.abort()

    def close(self, *, linger: bool = False) -> None:
        """Close, once all is sent and, if the client may be sending, once it can have read it."""
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
        """So many bytes were received after the connection was closed."""
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
        """The connection is gone."""
        self.caught_up()
        if self._linger is not None:
            self._linger.cancel()

    def behind(self) -> None:
        """Something waits to be sent: begin to measure how fast the client reads."""
        if self._read_rate and self._pace is None:
            self._measure_from(self._taken)

    def caught_up(self) -> None:
        """Nothing waits any more."""
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
            LOG.info("a client that reads too slowly was disconnected")
            self._transport.abort()
        else:
            self._measure_from(taken)


def _refusal_of(fault: BaseException | None, otherwise: str) -> RequestRefused:
    if getattr(fault, "error_status_hint", 400) == 431:
        return HeadTooLarge(
            "The address and the headers of the request are too long. Send a long prompt in the "
            "body of a POST request."
        )
    reason = str(fault) if fault is not None else otherwise
    header = next((each for each in _FRAMING if each.lower() in reason.lower()), None)
    remedy = "Correct it, or use another client."
    if "request line" in reason:
        remedy = (
            "Percent-encode all of the address that is not ASCII, as UTF-8. This server speaks "
            "HTTP, not HTTPS."
        )
    return NotHttp(
        f"The request is not valid HTTP/1.1: {shortened(reason)}. {remedy}",
        field=header,
    )


def _limit_unsent(connection: socket.socket) -> None:
    """Let the kernel take little ahead of the client, so that a slow client is noticed early."""
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if option is not None:
        connection.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)
