"""int8 weights and, for each row, int8 activations, by numpy: how both are rounded, and the product
where none was compiled for the processor.

Weights have one scale for each output (symmetric, 127 steps each way), activations one for each
row, so that a row does not depend on the other rows of its batch.
"""

from __future__ import annotations

import numpy as np

from mav_engine.contract.arrays import Floats

STEPS = 127
_EXACT_INPUTS = 2**24 // STEPS**2
"""Most inputs of a product whose integer sums float32 holds exactly."""


def quantized(weight: Floats) -> tuple[np.ndarray, Floats]:
    """int8 weights [out, in] and scales [out] of float32 weights [out, in]."""
    scales = np.abs(weight).max(axis=1) / np.float32(STEPS)
    scales[scales == 0] = 1
    with np.errstate(invalid="ignore"):  # the run reports weights that are not finite
        return np.rint(weight / scales[:, None]).astype(np.int8), scales


class NumpyInt8Product:
    """The same product as that of native/int8.c, to the last bit.

    Args:
        numbers: int8 [outputs, inputs].
        scales: [outputs] float value of one step of each output.
        bias: [outputs] or None.
    """

    def __init__(self, numbers: np.ndarray, scales: Floats, bias: Floats | None) -> None:
        self._numbers, self._scales, self._bias = numbers, scales, bias

    def __call__(self, x: Floats) -> Floats:
        """[rows, outputs] of rows [rows, inputs]."""
        whole, steps = _rounded(x)
        sums = np.zeros((len(x), len(self._numbers)), np.float64)
        for begin in range(0, x.shape[1], _EXACT_INPUTS):
            part = slice(begin, begin + _EXACT_INPUTS)
            sums += whole[:, part] @ self._numbers[:, part].astype(np.float32).T
        y: Floats = sums.astype(np.float32) * (steps[:, None] * self._scales)
        return y if self._bias is None else y + self._bias


def _rounded(x: Floats) -> tuple[Floats, Floats]:
    """Whole numbers of each row, and the size of its steps: NaN where a number is not finite."""
    steps = np.abs(x).max(axis=1) / np.float32(STEPS)
    steps[steps == 0] = 1
    steps[~np.isfinite(steps)] = np.nan
    whole = np.rint(x * (np.float32(1) / steps)[:, None])
    return np.nan_to_num(np.clip(whole, -STEPS, STEPS), copy=False), steps
