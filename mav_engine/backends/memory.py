"""Whether a model fits in the free memory."""

from __future__ import annotations

from pathlib import Path

from mav_engine.errors import UnusableModel

_GB = 1e9


def check_memory(needed: float) -> None:
    """Compare the bytes that a model needs with the free memory.

    Raises:
        UnusableModel: there is too little.
    """
    free = free_memory()
    if free is not None and needed > free:
        raise UnusableModel(
            f"it needs {needed / _GB:,.1f} GB of memory, and {free / _GB:,.1f} GB are free. Use a "
            "smaller model or dtype (bfloat16), or a machine with more memory.",
            field="model",
        )


def free_memory() -> int | None:
    """Free bytes of main memory, swap included; None if the system does not report them."""
    found = {}
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                found[name] = 1024 * int(rest.split()[0])
        free = found["MemAvailable"] + found.get("SwapFree", 0)
    except (OSError, ValueError, KeyError):
        return None
    limit = _number_in("/sys/fs/cgroup/memory.max")
    used = _number_in("/sys/fs/cgroup/memory.current")
    # Cached files count as used, but are released when memory is needed.
    return free if limit is None or used is None else min(free, max(limit - used, limit // 2))


def _number_in(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
