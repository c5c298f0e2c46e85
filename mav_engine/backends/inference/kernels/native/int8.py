"""The compiled product of int8 weights and activations, where it was built for this processor."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import builds
from mav_engine.contract.arrays import Floats

LANES = 64
"""The number of inputs must be a multiple of it."""


class _Weight(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_int64), ("outputs", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("numbers", "sums", "scales", "bias")),
    )  # fmt: skip


class Int8Build:
    """One build."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.multiply = library.mav_int8_product
        self.multiply.restype = None
        self.multiply.argtypes = (
            ctypes.POINTER(_Weight), ctypes.c_int64, *(4 * [ctypes.c_void_p]), ctypes.c_int,
        )  # fmt: skip


class CompiledInt8Product:
    """The product with a weight, which it reads in place.

    Args:
        numbers: int8 [outputs, inputs].
        scales: [outputs] float value of one step of each output.
        bias: [outputs] or None.
    """

    def __init__(
        self,
        build: Int8Build,
        numbers: np.ndarray,
        scales: Floats,
        bias: Floats | None,
        threads: int,
    ) -> None:
        self._multiply = build.multiply
        self._outputs, inputs = numbers.shape
        sums = numbers.sum(axis=1, dtype=np.int32)
        self._kept = [each for each in (numbers, sums, scales, bias) if each is not None]
        self._weight = _Weight(inputs, self._outputs, *(each.ctypes.data for each in self._kept))
        self._threads = threads

    def __call__(self, x: Floats) -> Floats:
        """[rows, outputs] of rows [rows, inputs]."""
        x = np.ascontiguousarray(x)
        whole = np.empty(x.shape, np.int16)  # as wide as any build needs
        y, scales = np.empty((len(x), self._outputs), np.float32), np.empty(len(x), np.float32)
        places = (each.ctypes.data for each in (x, whole, scales, y))
        self._multiply(self._weight, len(x), *places, self._threads)
        return y


@cache
def int8_build() -> Int8Build | None:
    """The fastest build for this processor; None where there is none."""
    return next(iter(int8_builds().values()), None)


def int8_builds() -> dict[str, Int8Build]:
    """Every build that this processor can run, the fastest first."""
    return {name: Int8Build(library) for name, library in builds("int8").items()}
