"""Products of numpy on the calling thread.

numpy's OpenBLAS starts threads for larger products. They wait for their work in a busy loop, as do
those of the compiled code, so that on few cores each keeps the other from the processor for
milliseconds: a prompt of 400 tokens took three times as long for a model of 135M parameters.
"""

from __future__ import annotations

import numpy as np

from mav_engine.contract.arrays import Floats

LARGEST = 2**18
"""Multiplications of the largest product that OpenBLAS computes on the calling thread."""
_FEWEST_ROWS = 2
"""A single row is another operation, for which fewer multiplications start threads."""


def multiplied(x: Floats, y: Floats) -> Floats:
    """The product [n, rows, columns] of x [n, rows, k] and y [n, k, columns].

    It is computed in parts that are small enough for OpenBLAS to stay on the calling thread. For
    large k * columns, such as more than about 2,000 keys of 64 numbers, it is computed at once.
    """
    n, rows, k = x.shape
    size = LARGEST // (k * y.shape[-1])
    if not _FEWEST_ROWS <= size < rows:
        whole: Floats = x @ y
        return whole
    made = np.empty((n, rows, y.shape[-1]), np.float32)
    even = rows // size * size
    shape = (n, -1, size)
    np.matmul(
        x[:, :even].reshape(*shape, k), y[:, None], out=made[:, :even].reshape(*shape, y.shape[-1])
    )
    np.matmul(x[:, even:], y, out=made[:, even:])
    return made
