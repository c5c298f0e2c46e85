"""What broke a run or a load, in the words of the error tree."""

from __future__ import annotations

import errno

from mav_engine.errors import MavError, ModelLoadFailed, OutOfMemory, RunFailed, UnusableModel
from mav_engine.wording import shortened

_FULL = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")
"""What devices without an exception of their own say in a RuntimeError."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that there is no memory left, whoever raised it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    told = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in told for words in _FULL)


def run_fault(error: Exception, device: str | None) -> MavError:
    """Why a run broke off."""
    if isinstance(error, MavError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory(
            f"{device or 'The device'} has no memory left for this run: {brief(error)}. Use a "
            "shorter prompt, fewer tokens, fewer probes or a smaller model."
        )
    return RunFailed(f"The model failed with {type(error).__name__}: {brief(error)}")


def load_fault(error: Exception, name: str) -> ModelLoadFailed:
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


def brief(error: Exception) -> str:
    """The first line; what follows it are addresses and stacks."""
    return (str(error).strip().splitlines() or ["no more is known"])[0][:300]
