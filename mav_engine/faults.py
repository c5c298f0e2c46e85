"""What broke a run or a load, in the words of the error tree."""

from __future__ import annotations

import errno
import logging
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
"""What devices without an exception of their own say in a RuntimeError."""


def is_deliberate(error: BaseException) -> bool:
    """Whether an exception ends a program or a generator on purpose, and so is no fault.

    Handlers of signals run in the main thread and often raise SystemExit, so there it ends the
    program. In other threads it would end the thread without a word, so there it is a fault, as is
    everything else that is no `Exception`, such as a panic of the tokenizers library.
    """
    if isinstance(error, SystemExit):
        return threading.current_thread() is threading.main_thread()
    return isinstance(error, KeyboardInterrupt | GeneratorExit)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that there is no memory left, whoever raised it."""
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
    """Turn whatever is raised within into an error that names the setting.

    Args:
        field: the setting.
        what: what failed, as the subject of a sentence.

    Raises:
        InvalidSettings: something failed that is no `MavError` already.
        OutOfMemory: there was no memory left.
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
    """Why a run broke off."""
    if isinstance(error, MavError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory(
            f"{device or 'The device'} has no memory left for this run: {brief(error)}. Use a "
            "shorter prompt, fewer tokens, fewer probes or a smaller model."
        )
    return RunFailed(f"The model failed with {type(error).__name__}: {brief(error)}")


def load_fault(error: BaseException, name: str) -> ModelLoadFailed:
    """Why a model could not be loaded, where a library raised the error."""
    reason = f"{shortened(name)} could not be loaded: {type(error).__name__}: {brief(error)}"
    if is_out_of_memory(error):
        return ModelLoadFailed(
            f"{reason}. It does not fit into memory: use a smaller model or number type.",
            field="model",
        )
    if isinstance(error, ImportError):
        reason = f"{shortened(name)} needs a package that is not installed: {brief(error)}"
    return UnusableModel(reason)


def brief(error: BaseException) -> str:
    """The first line; what follows it are addresses and stacks."""
    return (_text_of(error).strip().splitlines() or ["no more is known"])[0][:300]


def _text_of(error: BaseException) -> str:
    """The message; empty where an exception of a plugin cannot say it."""
    try:
        return str(error)
    except Exception:
        return ""
