"""The number of threads that a model without torch may use."""

from __future__ import annotations

import os
import re


def usable_threads() -> int:
    """OMP_NUM_THREADS, as for torch, or the number of processors that this process may use."""
    wanted = re.match(r"\s*([1-9]\d{0,3})\s*(,|$)", os.environ.get("OMP_NUM_THREADS", ""))
    if wanted is not None:
        return int(wanted[1])
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
