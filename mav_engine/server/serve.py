"""Serves the application with uvicorn."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import ChangeReload

from mav_engine.config import ROOT, read_environment
from mav_engine.server.http.connections import ConnectionLimits, HttpConnection, UvicornConfig
from mav_engine.server.logs import configure_logs

if TYPE_CHECKING:
    from mav_engine.server.stopping import Stopping

END_S = 2
"""Seconds that open connections have when the server stops."""
CUT_S = 1.5
"""Seconds after which remaining connections are closed; uvicorn would log each as an error."""
BACKLOG = 1024
"""Connections that wait in the kernel to be accepted."""


class PortTaken(Exception):
    """Another program uses the port; the message says what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on this address; port 0 picks a free one.

    Raises:
        PortTaken: another program uses the port.
        OSError: the address is not one of this machine, or not permitted.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With an explicit protocol, asyncio disables Nagle's algorithm; otherwise small events would
    # wait about 40 ms for the client's delayed acknowledgement.
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

    Connection limits are read from the environment.
    """
    settings = read_environment(os.environ)
    configure_logs(settings)
    config = UvicornConfig(
        app,
        ConnectionLimits.of(settings),
        log_config=None,
        access_log=False,
        lifespan="on",
        reload=reload,
        reload_dirs=[str(ROOT / "mav_engine")] if reload else None,
        timeout_graceful_shutdown=END_S,
    )
    server = Server(config, root_path, settings.drain_s)
    # uvicorn raises the signal again after its shutdown; SIGTERM then ends the process like Ctrl-C.
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
    """uvicorn's server with limited connections.

    Args:
        config: uvicorn's configuration.
        root_path: path prefix of the printed address.
        drain_s: seconds that active runs have to finish after the first signal.
    """

    def __init__(self, config: UvicornConfig, root_path: str = "", drain_s: float = 0) -> None:
        super().__init__(config)
        self._root_path = root_path
        self._drain_s = drain_s
        self._draining_since: float | None = None
        self._signal: signal.Signals | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Let active runs finish; a second signal ends them."""
        if self._signal is None and self._drain_s > 0:
            # uvicorn's handler would end all streams.
            self._signal = signal.Signals(sig)
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; returns whether to stop."""
        if self._signal is not None and not self.should_exit:
            now = time.monotonic()
            stopping = self._stopping
            if stopping is not None and self._draining_since is None:
                self._draining_since = now
                stopping.refuse()
            waited_s = now - (self._draining_since or now)
            if stopping is None or not stopping.active or waited_s >= self._drain_s:
                super().handle_exit(self._signal, None)
        return await super().on_tick(counter)

    @property
    def _stopping(self) -> Stopping | None:
        found: Stopping | None = self.lifespan.state.get("stopping")
        return found

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        for listener in sockets or []:
            # asyncio has set the backlog to the number of connections accepted at once.
            listener.listen(BACKLOG)
            self.on_listening(listener)

    def on_listening(self, listener: socket.socket) -> None:
        """Print the address."""
        print(f"MAV is at {_address(listener)}{self._root_path} (Ctrl-C ends it)", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer pending requests, end streams, and close."""
        if stopping := self._stopping:
            stopping.end_runs()
        cut = asyncio.get_running_loop().call_later(CUT_S, self._cut_connections)
        await super().shutdown(sockets)
        cut.cancel()

    def _cut_connections(self) -> None:
        for connection in list(self.server_state.connections):
            assert isinstance(connection, HttpConnection)
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    local = host in ("127.0.0.1", "0.0.0.0", "::", "::1")
    shown = "localhost" if local else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _leave() -> None:
    """Exit without waiting for runs or loads in progress.

    Python would wait for their threads, or stop them inside native code, which aborts.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
