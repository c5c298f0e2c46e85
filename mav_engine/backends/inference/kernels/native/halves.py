"""Compiled products of few rows and 16-bit weights, where there is a build for this processor.

Otherwise numpy computes them.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import builds
from mav_engine.backends.inference.kernels.native.products import WeightProduct
from mav_engine.contract.arrays import Floats


class _Weight(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_int64), ("outputs", ctypes.c_int64), ("brain", ctypes.c_int64),
        ("numbers", ctypes.c_void_p), ("bias", ctypes.c_void_p),
    )  # fmt: skip


class HalvesBuild:
    """One build."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.multiply = library.mav_halves_product
        self.multiply.restype = None
        self.multiply.argtypes = (
            ctypes.POINTER(_Weight), ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
        )  # fmt: skip


class CompiledHalvesProduct(WeightProduct):
    """The product with a weight of 16-bit numbers.

    Args:
        numbers: uint16 [outputs, inputs], the bits of float16 or bfloat16 numbers.
        brain: whether they are bfloat16.
        bias: [outputs] or None.
    """

    def __init__(
        self,
        build: HalvesBuild,
        numbers: np.ndarray,
        bias: Floats | None,
        threads: int,
        *,
        brain: bool,
    ) -> None:
        outputs, inputs = numbers.shape
        place = None if bias is None else bias.ctypes.data
        described = _Weight(inputs, outputs, brain, numbers.ctypes.data, place)
        super().__init__(build.multiply, described, (numbers, bias), threads)


@cache
def halves_build() -> HalvesBuild | None:
    """The fastest build for this processor; None where there is none."""
    return next(iter(halves_builds().values()), None)


def halves_builds() -> dict[str, HalvesBuild]:
    """Every build that this processor can run, the fastest first."""
    return {name: HalvesBuild(library) for name, library in builds("halves").items()}
