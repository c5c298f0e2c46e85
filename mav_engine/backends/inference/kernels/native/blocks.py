"""Compiled products of few rows and weights in the blocks of GGUF files, where there is a build for
this processor.

Otherwise numpy computes them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache

import numpy as np

from mav_engine.backends.inference.kernels.native.builds import builds
from mav_engine.contract.arrays import Floats

KINDS = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K")
"""The types that are compiled, in the order of their numbers in blocks.c."""


class _Weight(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_int64), ("outputs", ctypes.c_int64), ("kind", ctypes.c_int64),
        ("row_bytes", ctypes.c_int64), ("blocks", ctypes.c_void_p), ("bias", ctypes.c_void_p),
    )  # fmt: skip


class BlocksBuild:
    """One build."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.multiply = library.mav_blocks_product
        self.multiply.restype = None
        self.multiply.argtypes = (
            ctypes.POINTER(_Weight), ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p,
            ctypes.c_int64, ctypes.c_int,
        )  # fmt: skip


class CompiledBlocksProduct:
    """The product with weights that have the same input: their outputs, concatenated.

    Args:
        build: the build.
        weights: the kind, one of `KINDS`, and the blocks, uint8 [outputs, bytes of a row], of each.
        inputs: the number of inputs.
        bias: [outputs of all] or None.
        threads: number of threads.
    """

    def __init__(
        self,
        build: BlocksBuild,
        weights: Sequence[tuple[str, np.ndarray]],
        inputs: int,
        bias: Floats | None,
        threads: int,
    ) -> None:
        self._multiply, self._threads = build.multiply, threads
        self._kept = weights, bias
        """What the addresses refer to, kept so that it is not freed."""
        self._weights: list[tuple[int, _Weight]] = []
        self._outputs = 0
        for kind, blocks in weights:
            outputs, row_bytes = blocks.shape
            added = None if bias is None else bias.ctypes.data + 4 * self._outputs
            described = _Weight(
                inputs, outputs, KINDS.index(kind), row_bytes, blocks.ctypes.data, added
            )
            self._weights.append((self._outputs, described))
            self._outputs += outputs

    def __call__(self, x: Floats) -> Floats:
        """[rows, outputs] of rows [rows, inputs]."""
        x = np.ascontiguousarray(x, np.float32)
        y = np.empty((len(x), self._outputs), np.float32)
        for begin, weight in self._weights:
            place = y.ctypes.data + 4 * begin
            self._multiply(weight, len(x), x.ctypes.data, place, self._outputs, self._threads)
        return y


@cache
def blocks_build() -> BlocksBuild | None:
    """The fastest build for this processor; None where there is none."""
    return next(iter(blocks_builds().values()), None)


def blocks_builds() -> dict[str, BlocksBuild]:
    """Every build that this processor can run, the fastest first."""
    return {name: BlocksBuild(library) for name, library in builds("blocks").items()}
