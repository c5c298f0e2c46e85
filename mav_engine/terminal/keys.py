"""Reads single keys from a terminal; a resize or Ctrl-Z also wakes the reader."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

RESIZED = "resized"
SUSPENDED = "suspended"
_SEQUENCES = {"\x1b[C": "right", "\x1b[D": "left", "\x1bOC": "right", "\x1bOD": "left"}
_NAMED = {"\n": "enter", "\r": "enter", " ": "space", "\x7f": "left", "\x04": "q"}


def names_of(typed: str) -> list[str]:
    """The typed keys: `enter`, `space`, `left`, `right`, or the character."""
    keys = []
    while typed:
        if typed[:3] in _SEQUENCES:
            keys.append(_SEQUENCES[typed[:3]])
            typed = typed[3:]
        elif typed[0] == "\x1b":
            # The sequence of another key, whose letters are not commands.
            break
        else:
            keys.append(_NAMED.get(typed[0], typed[0].lower()))
            typed = typed[1:]
    return keys


@contextmanager
def undisturbed() -> Iterator[None]:
    """Defer SIGINT and SIGTERM, so that no output is left half written.

    This replaces the handlers, since a signal mask of this thread would let another thread receive
    the signal, and Python would still handle it here.
    """
    came: list[int] = []
    numbers = signal.SIGINT, signal.SIGTERM
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])


class Keyboard:
    """Reads keys from standard input while the context is open."""

    def __init__(self) -> None:
        self._leave = ExitStack()
        self._waiting: deque[str] = deque()
        self._typing = sys.stdin is not None and sys.stdin.isatty()
        self._woken = -1
        self._usual: list[Any] = []
        """The terminal's previous mode."""

    def __enter__(self) -> Keyboard:
        if self._typing:
            self._one_key_at_a_time()
        self._woken, waking = os.pipe()
        self._leave.callback(os.close, self._woken)
        self._leave.callback(os.close, waking)
        os.set_blocking(waking, False)
        before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        self._leave.callback(signal.set_wakeup_fd, before)
        heard = ((signal.SIGWINCH, _go_on), (signal.SIGTSTP, _go_on), (signal.SIGTERM, end))
        for number, handler in heard:
            self._leave.callback(signal.signal, number, signal.signal(number, handler))
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.close()

    def wait(self, seconds: float | None) -> str | None:
        """The next key, `resized`, `suspended`, or None after this many seconds; None waits
        forever.
        """
        if self._waiting:
            return self._waiting.popleft()
        typing = [sys.stdin.fileno()] if self._typing else []
        ready, _, _ = select.select([*typing, self._woken], [], [], seconds)
        if self._woken in ready:
            numbers = os.read(self._woken, 512)
            return SUSPENDED if signal.SIGTSTP in numbers else RESIZED
        if not ready:
            return None
        typed = os.read(ready[0], 512)
        if not typed:  # the terminal has hung up
            return "q"
        self._waiting.extend(names_of(typed.decode(errors="ignore")))
        return self._waiting.popleft() if self._waiting else None

    def suspend(self) -> None:
        """Suspend the process with the terminal restored, until the shell continues it."""
        ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        with ExitStack() as again:
            again.callback(signal.signal, signal.SIGTSTP, ours)
            if self._typing:
                import termios

                where = sys.stdin.fileno()
                again.callback(termios.tcsetattr, where, termios.TCSADRAIN, self._mode())
                self._usual_keys()
            os.kill(os.getpid(), signal.SIGTSTP)

    def _one_key_at_a_time(self) -> None:
        import termios
        import tty

        self._usual = self._mode()
        self._leave.callback(self._usual_keys)
        tty.setcbreak(sys.stdin.fileno())
        mode = self._mode()
        # Otherwise the terminal drops pending output at Ctrl-C and Ctrl-Z.
        mode[tty.LFLAG] |= termios.NOFLSH
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, mode)

    def _mode(self) -> list[Any]:
        import termios

        return termios.tcgetattr(sys.stdin.fileno())

    def _usual_keys(self) -> None:
        import termios

        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._usual)


def _go_on(_: int, __: FrameType | None) -> None:
    """Does nothing: the signal has woken the reader."""


def end(number: int, _: FrameType | None) -> None:
    """A signal handler that exits with an exception, so that cleanup runs."""
    raise SystemExit(128 + number)
