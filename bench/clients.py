"""Runs as clients have them: `mav serve` in a process of its own, and streams over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Client:
    """Asks a server for runs, and reads no more of their events than when each came."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid
        """The process of the server."""

    def token_times(self, prompt: str, length: int) -> list[float]:
        """When each token of a run came, in seconds."""
        asked = {"prompt": prompt, "max_new_tokens": length, "min_new_tokens": length}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/run", json.dumps(asked), headers)
            lines = connection.getresponse()
            return [time.perf_counter() for line in lines if line == b"event: token\n"]
        finally:
            connection.close()


@contextmanager
def served(threads: int, port: int | None = None, **settings: str) -> Iterator[Client]:
    """A client of a server that has loaded its model.

    Args:
        threads: how many the model may use there.
        port: the server's; a free one where not given.
        settings: environment variables of the server.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "mav_engine", "serve", "--port", str(port)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), **settings}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        client = Client(port, server.pid)
        _until_it_serves(server, lambda: client.token_times("Once", 2))
        yield client
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _until_it_serves(server: subprocess.Popen[bytes], ask: Callable[[], object]) -> None:
    while server.poll() is None:
        try:
            ask()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise RuntimeError("mav serve ended before it served")
