"""Serving the application with uvicorn, as `mav serve` does."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import threading

import uvicorn
from uvicorn.supervisors import ChangeReload

from api.operator_settings import ROOT

END_S = 2
"""Seconds that open connections have when the server is stopped."""


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
    """Serve an application, given by its import name, until the process is told to stop."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="on",
        reload=reload,
        reload_dirs=[str(ROOT / "api"), str(ROOT / "mav_engine")] if reload else None,
        timeout_graceful_shutdown=END_S,
    )
    server = _Server(config, root_path)
    try:
        if reload:
            ChangeReload(config, target=server.run, sockets=[listener]).run()
        else:
            server.run([listener])
    except KeyboardInterrupt:
        pass
    _leave()


class _Server(uvicorn.Server):
    """Prints its address once it listens."""

    def __init__(self, config: uvicorn.Config, root_path: str) -> None:
        super().__init__(config)
        self._root_path = root_path

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            print(f"MAV is at {_address(listener)}{self._root_path} (Ctrl-C ends it)", flush=True)


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
    if any(thread.daemon and thread.is_alive() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
