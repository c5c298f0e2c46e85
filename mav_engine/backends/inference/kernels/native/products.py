"""Compiled products of few rows: the build of them that this processor can run, if there is one.

Where there is none, torch does the same.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import builds
from mav_engine.contract.arrays import Floats


class Weight(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_int64), ("outputs", ctypes.c_int64),
        ("numbers", ctypes.c_void_p), ("bias", ctypes.c_void_p),
    )  # fmt: skip


class Products:
    """One build of the products."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.multiply = library.mav_product
        self.multiply.restype = None
        self.multiply.argtypes = (
            ctypes.POINTER(Weight), ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
        )  # fmt: skip


class Reading:
    """The product with one weight [outputs, inputs], read where it lies by so many threads."""

    def __init__(self, build: Products, weight: Floats, bias: Floats | None, threads: int) -> None:
        self._multiply = build.multiply
        self._kept = (weight, bias)
        self._outputs, inputs = weight.shape
        place = None if bias is None else bias.ctypes.data
        self._weight = Weight(inputs, self._outputs, weight.ctypes.data, place)
        self._threads = threads

    def __call__(self, x: Floats) -> Floats:
        """[rows, outputs] of rows [rows, inputs]."""
        x = np.ascontiguousarray(x)
        y = np.empty((len(x), self._outputs), np.float32)
        self._multiply(self._weight, len(x), x.ctypes.data, y.ctypes.data, self._threads)
        return y


@cache
def compiled_products() -> Products | None:
    """The products for this processor; None where none were built for it."""
    return next(iter(product_builds().values()), None)


def product_builds() -> dict[str, Products]:
    """Every build that this processor can run, the fastest first."""
    return {name: Products(library) for name, library in builds("products").items()}
