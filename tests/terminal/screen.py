"""A real terminal for tests: a command on a pty, and a screen that shows what it writes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence

import pyte

from tests.mav_command import MAV, PATIENCE_S

_PICTURE_BEGINS, _PICTURE_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"


class Terminal:
    """A command, `mav` if no other is named, that believes to run on somebody's terminal."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        command: Sequence[str] = MAV,
        width: int = 100,
        height: int = 30,
        **environment: str,
    ) -> None:
        self.screen = pyte.HistoryScreen(width, height, history=1000)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        """All bytes that the command wrote."""
        self._unseen = b""
        self._in_picture = False
        self._status: int | None = None
        defaults = {
            "TERM": "xterm", "COLUMNS": "", "LINES": "", "COLORTERM": "", "NO_COLOR": "",
            "LC_ALL": "C.UTF-8", "LANGUAGE": "", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        self.pid, self._file = pty.fork()
        if self.pid == 0:  # the command's own process
            kept = {**os.environ, **defaults, **environment}
            # A background job of a shell ignores Ctrl-C, and so would the command.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            variables = {key: value for key, value in kept.items() if value}
            os.execvpe(command[0], [*command, *arguments], variables)
        self.resize(width, height)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._file)

    def resize(self, width: int, height: int) -> None:
        """The window gets another size, and the command is notified."""
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(height, width)

    def press(self, keys: str) -> None:
        """Type these."""
        os.write(self._file, keys.encode())

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, shown: str | Callable[[str], bool]) -> str:
        """Read until the screen shows this; the screen then."""
        seen = shown if callable(shown) else lambda text: shown in text
        deadline = time.monotonic() + PATIENCE_S
        while self._in_picture or not seen(self.text):
            if self._see():
                continue
            assert time.monotonic() < deadline, f"not shown in time: {shown!r}\n{self.text}"
            assert self._read(), f"ended before it showed {shown!r}\n{self.text}"
        return self.text

    def ended(self) -> int:
        """Read until the command has ended; its exit status."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < deadline, f"did not end in time\n{self.text}"
        while self._see():
            pass
        _, status = os.waitpid(self.pid, 0)
        self._status = os.waitstatus_to_exitcode(status)
        return self._status

    @property
    def settings(self) -> list[object]:
        """How the terminal treats what is typed."""
        return termios.tcgetattr(self._file)

    def _read(self) -> bool:
        """Take what the command has written; False once it has ended."""
        ready, _, _ = select.select([self._file], [], [], 1.0)
        if not ready:
            return True
        try:
            data = os.read(self._file, 65536)
        except OSError:  # on Linux the end of the other side
            return False
        self.raw += data
        self._unseen += data
        return bool(data)

    def _see(self) -> bool:
        """Draw what was read up to the end of the next whole picture; False where all is drawn."""
        if not self._unseen:
            return False
        drawn, end, self._unseen = self._unseen.partition(_PICTURE_ENDS)
        self._stream.feed(drawn + end)
        self._in_picture = (drawn.rfind(_PICTURE_BEGINS) >= 0 or self._in_picture) and not end
        return True
