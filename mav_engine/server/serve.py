"""Serving the application with uvicorn, as `mav serve` does."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import sys

import uvicorn
from uvicorn.supervisors import ChangeReload

from mav_engine.config import ROOT, read_environment
from mav_engine.server.http.connections import ConnectionLimits, HttpConnection, UvicornConfig
from mav_engine.server.http.log_limit import RateLimit

END_S = 2
"""Seconds that open connections have when the server is stopped."""
CUT_S = 1.5
"""Seconds after which those that are left are cut; uvicorn would log each as a fault."""
BACKLOG = 1024
"""Connections that the system holds until they are accepted."""


class PortTaken(Exception):
    """Another program listens where this server should; the message says what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A socket on this address; port 0 takes any free one.

    Raises:
        PortTaken: somebody else has it.
        OSError: the address is not one of this machine, or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off for what connects; else every
    # small event would wait some 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(
            f"Port {port} on {host} is taken by another program. Stop that program, or choose "
            f"another port: mav serve --port {port + 1}"
        ) from None
    listener.set_inheritable(True)
    return listener


def serve(app: str, listener: socket.socket, *, root_path: str = "", reload: bool = False) -> None:
    """Serve an application, given by its import name, until SIGINT or SIGTERM; ends the process.

    The limits of connections are those of the environment.
    """
    _log_to_stderr()
    config = UvicornConfig(
        app,
        ConnectionLimits.of(read_environment(os.environ)),
        log_config=None,
        access_log=False,
        lifespan="on",
        reload=reload,
        reload_dirs=[str(ROOT / "mav_engine")] if reload else None,
        timeout_graceful_shutdown=END_S,
    )
    server = Server(config, root_path)
    # uvicorn repeats the signal once it has shut down; SIGTERM then ends the process like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if reload:
            ChangeReload(config, target=server.run, sockets=[listener]).run()
        else:
            server.run([listener])
    except KeyboardInterrupt:
        pass
    _leave()


class Server(uvicorn.Server):
    """uvicorn's server with bounded connections.

    Args:
        config: what it serves, and how.
        root_path: the path at which clients reach it, for the address that is printed.
    """

    def __init__(self, config: UvicornConfig, root_path: str = "") -> None:
        super().__init__(config)
        self._root_path = root_path

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        for listener in sockets or []:
            # asyncio has set this to the few connections that are accepted at once.
            listener.listen(BACKLOG)
            self.on_listening(listener)

    def on_listening(self, listener: socket.socket) -> None:
        """Print the address."""
        print(f"MAV is at {_address(listener)}{self._root_path} (Ctrl-C ends it)", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what waits, end the streams, and close."""
        if stop := self.lifespan.state.get("stop"):
            stop()
        cut = asyncio.get_running_loop().call_later(CUT_S, self._cut_connections)
        await super().shutdown(sockets)
        cut.cancel()

    def _cut_connections(self) -> None:
        for connection in list(self.server_state.connections):
            assert isinstance(connection, HttpConnection)
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(RateLimit())


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    local = host in ("127.0.0.1", "0.0.0.0", "::", "::1")
    shown = "localhost" if local else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _leave() -> None:
    """End now: a run or a load that is deep in a computation must not hold the process.

    Python would wait in vain for such a thread to notice, or end it in the middle of native
    code, which aborts.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
