"""The compiled product of int8 weights and activations, where it was built for this processor."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import builds
from mav_engine.contract.arrays import Floats

LANES = 64
"""A row's inputs are a whole number of these."""


class _Weight(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_int64), ("outputs", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("numbers", "sums", "scales", "bias")),
    )  # fmt: skip


class Int8Product:
    """The build of the product."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.multiply = library.mav_int8_product
        self.multiply.restype = None
        self.multiply.argtypes = (
            ctypes.POINTER(_Weight), ctypes.c_int64, *(4 * [ctypes.c_void_p]), ctypes.c_int,
        )  # fmt: skip


class Int8Reading:
    """The product with one weight, read where it lies by so many threads.

    Args:
        numbers: int8 [outputs, inputs].
        scales: [outputs] what a step of each output's numbers is worth.
        bias: [outputs] or None.
    """

    def __init__(
        self,
        build: Int8Product,
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
def int8_product() -> Int8Product | None:
    """The product for this processor; None where none was built for it."""
    return next(iter(int8_builds().values()), None)


def int8_builds() -> dict[str, Int8Product]:
    """Every build that this processor can run, the fastest first."""
    return {name: Int8Product(library) for name, library in builds("int8").items()}
