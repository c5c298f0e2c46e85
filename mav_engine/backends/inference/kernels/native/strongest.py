"""Compiled search for what attention attends to most, where there is a build for this processor.

Otherwise numpy searches.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import builds
from mav_engine.contract.arrays import Floats
from mav_engine.generation.capture import Reduction
from mav_engine.probes.attention_sources import MAX_SOURCES, columns, strongest


class StrongestBuild:
    """One build; called as `strongest`, with weights [n_layers, runs, n_heads, n_keys]."""

    def __init__(self, library: ctypes.CDLL) -> None:
        address, count = ctypes.c_void_p, ctypes.c_int64
        self._find = library.mav_strongest
        self._find.argtypes = (address, count, count, count, count, address)
        self._find.restype = None

    def __call__(self, pattern: Floats) -> Floats:
        if not pattern.flags.c_contiguous:
            return strongest(pattern)
        layers, runs, heads, keys = pattern.shape
        width = columns(heads, keys)
        size = (layers + 1) * runs * width
        # One array for both, since looking up an address takes longer than the search.
        room = np.empty(size + 2 * keys, np.float32)
        self._find(pattern.ctypes.data, layers, runs, heads, keys, room.ctypes.data)
        return room[:size].reshape(layers + 1, runs, width)


@cache
def compiled_reductions() -> Mapping[Reduction, Reduction]:
    """The compiled form of `strongest`, by the fastest build for this processor, if there is one.

    For patterns without missing layers and heads.
    """
    build = next(iter(strongest_builds().values()), None)
    return {} if build is None or MAX_SOURCES != 4 else {strongest: build}


def strongest_builds() -> dict[str, StrongestBuild]:
    """Every build that this processor can run, the fastest first."""
    return {name: StrongestBuild(library) for name, library in builds("strongest").items()}
