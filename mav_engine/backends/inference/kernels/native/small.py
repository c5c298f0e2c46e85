"""Compiled small operations of a step: the build of them that this processor can run, if any.

Where there is none, torch does the same.
"""

from __future__ import annotations

import ctypes
from functools import cache

from mav_engine.backends.inference.kernels.native.builds import builds

WIDEST = 512
"""Numbers of a head."""

_floats = ctypes.c_void_p


class CachedKeys(ctypes.Structure):
    """One query, what it sees, and where what it saw is to be written: lengths, how far heads stand
    apart, in numbers, and addresses."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in (
            "heads", "kv_heads", "head_dim", "keys", "key_stride", "value_stride", "pattern_stride",
        )),
        *((name, _floats) for name in ("query", "key", "value", "pattern", "output")),
    )  # fmt: skip


class SmallOperations:
    """One build of them."""

    def __init__(self, library: ctypes.CDLL) -> None:
        count, number = ctypes.c_int64, ctypes.c_float
        self.attend = library.mav_attend
        self.attend.argtypes, self.attend.restype = (ctypes.POINTER(CachedKeys), number), None
        self.rms_norm = library.mav_rms_norm
        self.rms_norm.argtypes = (_floats, count, count, _floats, number, _floats)
        self.rms_norm.restype = None


@cache
def small_operations() -> SmallOperations | None:
    """Those for this processor; None where none were built for it."""
    return next(iter(small_builds().values()), None)


def small_builds() -> dict[str, SmallOperations]:
    """Every build that this processor can run, the fastest first."""
    return {name: SmallOperations(library) for name, library in builds("small").items()}
