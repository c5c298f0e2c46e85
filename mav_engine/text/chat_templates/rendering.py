"""Renders chat templates in separate processes, with limits of time, memory and size.

Each process renders a single template, so that a model cannot affect conversations of another.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_SECONDS = 5
"""Time limit of a rendering."""
MAX_BYTES = 512 * 1024**2
"""Memory limit of a process, jinja2 included."""
MAX_CHARACTERS = 4_000_000
"""Size limit of a rendered conversation."""
START_SECONDS = 60
"""Time limit for the start of a process, which typically takes 0.05 seconds."""
_MOST_IDLE = 4
_EXHAUSTED = ("MemoryError", "RecursionError")
_WORKER = Path(__file__).with_name("worker.py")


class RenderingFailed(Exception):
    """The template exceeded the time or memory limit, or its process ended."""


def render(
    template: str,
    variables: Mapping[str, Any],
    conversations: Sequence[Sequence[Mapping[str, Any]]],
) -> list[dict[str, str]]:
    """Render conversations with a template; safe to use from any thread.

    Returns:
        For each conversation `{"text": …}`, or `{"error": type, "detail": message}` where the
        template raised an error.

    Raises:
        RenderingFailed: it exceeded a limit, or its process ended.
    """
    request = {"template": template, "variables": variables, "conversations": conversations}
    process = _taken(template)
    try:
        reply: list[dict[str, str]] = process.ask(json.dumps(request).encode())
    except BaseException:
        process.end()
        raise
    if any(each.get("error") in _EXHAUSTED for each in reply):
        process.end()
    else:
        _keep(process)
    return reply


class _Process:
    """A process that renders one template; used by one thread at a time."""

    def __init__(self, template: str) -> None:
        self.template = template
        limits = [MAX_BYTES, MAX_SECONDS, MAX_CHARACTERS]
        path = [each for each in sys.path if each]
        # Isolated mode: imports nothing from the user's environment or this folder.
        command = [sys.executable, "-I", "-S", str(_WORKER), *map(str, limits), *path]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise RenderingFailed(f"its process cannot be started: {error}") from None
        self._read(START_SECONDS)

    def ask(self, request: bytes) -> Any:
        """Send a request and wait for its reply."""
        return self._read(MAX_SECONDS, request)

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.communicate()  # waits, and closes its pipes

    def has_ended(self) -> bool:
        """Whether the system has ended it."""
        return self._process.poll() is not None

    def _read(self, seconds: float, request: bytes | None = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            if request is not None:
                self._process.stdin.write(request + b"\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:  # it ended before it read the request
            line = b""
        finally:
            timer.cancel()
        if late.is_set():
            raise RenderingFailed(f"it took longer than {seconds} seconds")
        if not line.endswith(b"\n"):
            raise RenderingFailed("its process ended because of the memory or time it used")
        return json.loads(line)


_idle: list[_Process] = []
_lock = threading.Lock()


def _taken(template: str) -> _Process:
    while (process := _idle_process(template)) is not None:
        if not process.has_ended():
            return process
        process.end()  # such as by a system that lacks memory
    return _Process(template)


def _idle_process(template: str) -> _Process | None:
    with _lock:
        for process in _idle:
            if process.template == template:
                _idle.remove(process)
                return process
    return None


def _keep(process: _Process) -> None:
    with _lock:
        _idle.append(process)
        surplus = _idle.pop(0) if len(_idle) > _MOST_IDLE else None
    if surplus is not None:
        surplus.end()


def _end_all() -> None:
    with _lock:
        while _idle:
            _idle.pop().end()


def _forget() -> None:
    """Drop the processes after a fork, since they belong to the parent."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _idle.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
