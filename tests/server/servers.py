"""Fake models that tests hold back and let go, a real server, and readers of streams."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import orjson
from starlette.applications import Starlette

from mav_engine.backends.fake import FakeBackend
from mav_engine.config import ServerConfig
from mav_engine.server.http.connections import ConnectionLimits, UvicornConfig
from mav_engine.server.serve import Server, bind
from mav_engine.server.service import Service

LOCAL = "http://127.0.0.1:8000"
"""The address of an application in this process."""
AS_JSON = {"Content-Type": "application/json"}
PATIENCE_S = 30.0
"""How long a test waits for what must happen; it is never waited for in vain."""


class Gate:
    """Lets steps pass one by one, and counts them."""

    def __init__(self) -> None:
        self.passed = 0
        self._allowed = threading.Semaphore(0)
        self._open = threading.Event()
        self._counting = threading.Lock()

    def __call__(self) -> None:
        while not self._open.is_set() and not self._allowed.acquire(timeout=0.01):
            pass
        with self._counting:
            self.passed += 1

    def allow(self, steps: int) -> None:
        self._allowed.release(steps)

    def open(self) -> None:
        self._open.set()


class Models:
    """Loads fake models; `on_load` may wait or raise, `on_step` may wait."""

    def __init__(
        self,
        *,
        on_load: Callable[[str], None] = lambda _: None,
        on_step: Callable[[], None] = lambda: None,
        context: int | None = 4096,
        memory_bytes: int = 1000,
    ) -> None:
        self.loads: list[str] = []
        self.dtypes: list[str] = []
        self.backends: list[FakeBackend] = []
        self._on_load = on_load
        self._on_step = on_step
        self._context = context
        self._memory_bytes = memory_bytes

    def __call__(self, source: str, *, name: str, device: str, dtype: str) -> FakeBackend:
        del source, device
        self.loads.append(name)
        self.dtypes.append(dtype)
        self._on_load(name)
        backend = FakeBackend(name, context=self._context, on_step=self._on_step)
        backend.memory_bytes = self._memory_bytes
        self.backends.append(backend)
        return backend


class RealServer:
    """uvicorn on a free port, or this one, on a thread of this process."""

    def __init__(self, app: Starlette, port: int = 0) -> None:
        self.service: Service = app.state.service
        self._socket = bind("127.0.0.1", port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = UvicornConfig(
            app,
            ConnectionLimits.of(self.service.config if self.service else ServerConfig()),
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()
        assert self._server.listening.wait(PATIENCE_S)
        self.client = httpx2.Client(base_url=self.url, timeout=PATIENCE_S)

    def stop(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        self._socket.close()


class _Server(Server):
    def __init__(self, config: UvicornConfig) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    def on_listening(self, listener: socket.socket) -> None:
        del listener
        self.listening.set()


def read_events(response: httpx2.Response) -> list[dict[str, Any]]:
    """The events of a response that was read whole."""
    assert response.status_code == 200, response.text
    return list(events_in(response.iter_lines()))


def events_in(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The data of each server-sent event, as it comes."""
    for line in lines:
        if line.startswith("data: "):
            yield orjson.loads(line.removeprefix("data: "))


def ids_of(events: list[dict[str, Any]]) -> list[int]:
    return [event["token"]["id"] for event in events if event["type"] == "token"]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def until(condition: Callable[[], bool]) -> None:
    """Wait until something that another thread does is so."""
    tick = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError("it did not happen in time")


def problem(response: httpx2.Response) -> dict[str, Any]:
    """The problem of a response, with what holds for all of them."""
    assert response.headers["content-type"] == "application/problem+json"
    error: dict[str, Any] = response.json()
    assert set(error) == {"type", "status", "code", "title", "detail", "field", "retry_after_s"}
    assert error["status"] == response.status_code
    assert "Traceback" not in error["detail"]
    return error


def runs_of(server: RealServer) -> tuple[int, int]:
    """How many runs are active and how many wait."""
    found = server.client.get("/api/health").json()
    return found["runs_active"], found["runs_waiting"]
