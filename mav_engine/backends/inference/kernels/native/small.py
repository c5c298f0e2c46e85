"""Compiled attention of one query and RMS norm, where there is a build for this processor.

Otherwise torch computes them.
"""

from __future__ import annotations

import ctypes
from functools import cache

from mav_engine.backends.inference.kernels.native.builds import builds

MAX_HEAD_DIM = 512
"""The largest size of a head."""

_floats = ctypes.c_void_p


class AttentionArguments(ctypes.Structure):
    """Arguments of the attention of one query: sizes, strides of heads in floats, addresses."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in (
            "heads", "kv_heads", "head_dim", "keys", "key_stride", "value_stride", "pattern_stride",
        )),
        *((name, _floats) for name in ("query", "key", "value", "pattern", "output")),
    )  # fmt: skip


class SmallBuild:
    """One build."""

    def __init__(self, library: ctypes.CDLL) -> None:
        count, number = ctypes.c_int64, ctypes.c_float
        self.attend = library.mav_attend
        self.attend.argtypes, self.attend.restype = (
            (ctypes.POINTER(AttentionArguments), number),
            None,
        )
        self.rms_norm = library.mav_rms_norm
        self.rms_norm.argtypes = (_floats, count, count, _floats, number, _floats)
        self.rms_norm.restype = None


@cache
def small_build() -> SmallBuild | None:
    """The fastest build for this processor; None where there is none."""
    return next(iter(small_builds().values()), None)


def small_builds() -> dict[str, SmallBuild]:
    """Every build that this processor can run, the fastest first."""
    return {name: SmallBuild(library) for name, library in builds("small").items()}
