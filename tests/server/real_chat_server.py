"""Starts a real server with OpenAI's API as a process, on a free port, and ends it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

START_S = 120.0
"""How long a server may take to answer; it is never waited for in vain."""


@contextmanager
def real_server(
    command: Sequence[str], health: str, log: Path, **environment: str
) -> Iterator[str]:
    """The address of a server up to /v1.

    Args:
        command: its program, to which `--port PORT` is added.
        health: a path that it answers when it is ready.
        log: where its output goes.
        environment: further variables.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port)], stdout=out, stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(process, url + health, log)
            yield f"{url}/v1"
        finally:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_S
    transport = httpx2.HTTPTransport(retries=3)
    with httpx2.Client(transport=transport, trust_env=False, timeout=5.0) as client:
        while time.monotonic() < end:
            if process.poll() is not None:
                break
            try:
                client.get(url).raise_for_status()
            except httpx2.HTTPError:
                continue
            return
    pytest.fail(f"the server did not start: {log.read_text(encoding='utf-8')[-2000:]}")
