"""Compiled products of few rows, where there is a build for this processor.

Otherwise torch computes them.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import builds
from mav_engine.contract.arrays import Floats


class Weight(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_int64), ("outputs", ctypes.c_int64),
        ("numbers", ctypes.c_void_p), ("bias", ctypes.c_void_p),
    )  # fmt: skip


class ProductsBuild:
    """One build."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.multiply = library.mav_product
        self.multiply.restype = None
        self.multiply.argtypes = (
            ctypes.POINTER(Weight), ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
        )  # fmt: skip


class WeightProduct:
    """The product with a weight [outputs, inputs], which it reads in address with all threads.

    Args:
        multiply: the compiled product.
        weight: its description.
        arrays: the arrays whose memory it reads.
    """

    def __init__(
        self, multiply: Any, weight: ctypes.Structure, arrays: tuple[Any, ...], threads: int
    ) -> None:
        self._multiply, self._weight, self._arrays = multiply, weight, arrays
        self._outputs: int = weight.outputs
        self._threads = threads

    def __call__(self, x: Floats) -> Floats:
        """[rows, outputs] of rows [rows, inputs]."""
        x = np.ascontiguousarray(x)
        y = np.empty((len(x), self._outputs), np.float32)
        self._multiply(self._weight, len(x), x.ctypes.data, y.ctypes.data, self._threads)
        return y


class CompiledProduct(WeightProduct):
    """The product with a float32 weight [outputs, inputs]."""

    def __init__(
        self, build: ProductsBuild, weight: Floats, bias: Floats | None, threads: int
    ) -> None:
        outputs, inputs = weight.shape
        address = None if bias is None else bias.ctypes.data
        described = Weight(inputs, outputs, weight.ctypes.data, address)
        super().__init__(build.multiply, described, (weight, bias), threads)


@cache
def products_build() -> ProductsBuild | None:
    """The fastest build for this processor; None where there is none."""
    return next(iter(product_builds().values()), None)


def product_builds() -> dict[str, ProductsBuild]:
    """Every build that this processor can run, the fastest first."""
    return {name: ProductsBuild(library) for name, library in builds("products").items()}
