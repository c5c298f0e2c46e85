"""Compiled figures of predictions, where there is a build for this processor.

Otherwise numpy computes them.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import LANES, builds
from mav_engine.contract.arrays import Floats


class PredictionBuild:
    """One build: the `CompiledFigures` of generation/prediction.py; each row of the logits is in C
    order."""

    def __init__(self, library: ctypes.CDLL) -> None:
        address, count = ctypes.c_void_p, ctypes.c_int64
        logits = (address, count, count, count)
        self._sums, self._top = library.mav_sums, library.mav_top
        self._rank_mass = library.mav_rank_mass
        self._sums.argtypes = (*logits, address)
        self._top.argtypes = (*logits, count, address, address)
        self._rank_mass.argtypes = (*logits, address, count, address, address, address)
        for each in (self._sums, self._top, self._rank_mass):
            each.restype = None

    def takes(self, logits: Floats) -> bool:
        """Whether it can compute with these numbers."""
        return logits.dtype == np.float32 and logits.strides[1] == 4 and logits.size > 0

    def sums(self, logits: Floats) -> np.ndarray:
        """[rows, 3] float64, as `CompiledFigures.sums`."""
        sums = np.empty((len(logits), 3))
        self._sums(*_given(logits), sums.ctypes.data)
        return sums

    def top(self, logits: Floats, count: int) -> tuple[np.ndarray, Floats]:
        """Ids and logits [rows, count], as `CompiledFigures.top`."""
        rows = len(logits)
        ids, best = np.empty((rows, count), np.int64), np.empty((rows, count), np.float32)
        self._top(*_given(logits), count, best.ctypes.data, ids.ctypes.data)
        return ids, best

    def rank_mass(self, logits: Floats, sums: np.ndarray, begins: np.ndarray) -> Floats:
        """[rows, len(begins)], as `CompiledFigures.rank_mass`."""
        rows, vocabulary = logits.shape
        masses = np.empty((rows, len(begins)), np.float32)
        room = np.empty(3 * (vocabulary + LANES), np.float32)
        begins = np.ascontiguousarray(begins, np.int64)
        addresses = (each.ctypes.data for each in (begins, room, masses))
        self._rank_mass(*_given(logits), sums.ctypes.data, len(begins), *addresses)
        return masses


def _given(logits: Floats) -> tuple[int, int, int, int]:
    rows, vocabulary = logits.shape
    return logits.ctypes.data, logits.strides[0] // logits.itemsize, rows, vocabulary


@cache
def prediction_build() -> PredictionBuild | None:
    """The fastest build for this processor; None where there is none."""
    return next(iter(prediction_builds().values()), None)


def prediction_builds() -> dict[str, PredictionBuild]:
    """Every build that this processor can run, the fastest first."""
    return {name: PredictionBuild(library) for name, library in builds("prediction").items()}
