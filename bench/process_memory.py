"""Memory of this process, as the kernel counts it."""

from __future__ import annotations

import re
from pathlib import Path


def megabytes(field: str) -> float:
    """A figure of this process from the kernel: VmRSS is now, VmHWM the peak."""
    match = re.search(
        rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8")
    )
    if match is None:
        raise LookupError(f"the kernel does not report {field}")
    return int(match[1]) / 1000
