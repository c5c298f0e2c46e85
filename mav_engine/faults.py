"""Converts exceptions of a run or a load to errors of MAV."""

from __future__ import annotations

import errno
import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mav_engine.errors import (
    InvalidSettings,
    MavError,
    ModelLoadFailed,
    OutOfMemory,
    RunFailed,
    UnusableModel,
)
from mav_engine.wording import shortened

_log = logging.getLogger(__name__)
_FULL = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")
"""Messages of RuntimeErrors by which devices report full memory."""
_LEFT_OUT = "…"
_PATH = re.compile(r"""(?<![\w.])(?:[A-Za-z]:|~|\.{1,2})?[\\/][^\s'"`:;,()<>\[\]]+""")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


def is_deliberate(error: BaseException) -> bool:
    """Whether an exception ends a program or a generator on purpose, and so is not a fault.

    Signal handlers run in the main thread and often raise SystemExit, which ends the program there.
    In other threads it would end the thread silently, so it counts as a fault, like every other
    exception that is not an `Exception`, such as a panic of the tokenizers library.
    """
    if isinstance(error, SystemExit):
        return threading.current_thread() is threading.main_thread()
    return isinstance(error, KeyboardInterrupt | GeneratorExit)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception reports full memory, from any library."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    if not isinstance(error, RuntimeError):
        return False
    said = _text_of(error).lower()
    return any(words in said for words in _FULL)


@contextmanager
def refused_for(field: str, what: str) -> Iterator[None]:
    """Convert any exception of the block to an error that names a setting.

    Args:
        field: the setting.
        what: what failed, as the subject of a sentence.

    Raises:
        InvalidSettings: the block raised something other than a `MavError`.
        OutOfMemory: memory is full.
    """
    try:
        yield
    except MavError:
        raise
    except BaseException as error:
        if is_deliberate(error):
            raise
        _log.warning("%s failed", what, exc_info=True)
        said = f"{what} failed with {type(error).__name__}: {brief(error)}"
        if is_out_of_memory(error):
            raise OutOfMemory(f"{said}. Shorten the {field}.", field=field) from None
        raise InvalidSettings(f"{said}.", field=field) from None


def run_fault(error: BaseException, device: str | None) -> MavError:
    """The error of a run that raised an exception."""
    if isinstance(error, MavError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory(
            f"{device or 'The device'} has no memory left for this run: {brief(error)}. Use a "
            "shorter prompt, fewer tokens, fewer probes or a smaller model."
        )
    return RunFailed(f"The model failed with {type(error).__name__}: {brief(error)}")


def load_fault(error: BaseException, name: str) -> ModelLoadFailed:
    """The error of a load in which a library raised an exception."""
    reason = f"{shortened(name)} could not be loaded: {type(error).__name__}: {brief(error)}"
    if is_out_of_memory(error):
        return ModelLoadFailed(
            f"{reason}. It does not fit into memory: use a smaller model or dtype.",
            field="model",
        )
    if isinstance(error, ImportError):
        reason = f"{shortened(name)} needs a package that is not installed: {brief(error)}"
    return UnusableModel(reason)


def brief(error: BaseException) -> str:
    """The first line of the message, without stack traces.

    Clients see it, so paths and names and addresses of machines are left out.
    """
    line = (_text_of(error).strip().splitlines() or ["without a message"])[0]
    name = re.escape(socket.gethostname())
    line = re.sub(rf"\b{name}(\.[\w-]+)*\b", _LEFT_OUT, line) if name else line
    return _ADDRESS.sub(_LEFT_OUT, _PATH.sub(_LEFT_OUT, line))[:300]


def _text_of(error: BaseException) -> str:
    """The message; empty if `str` of the exception fails."""
    try:
        return str(error)
    except Exception:
        return ""
