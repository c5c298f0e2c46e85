"""The product of int8 weights and activations by torch, where none was compiled for the processor.

Where the processor adds two 8-bit products in 16 bits (x86 without VNNI), the activations have 63
steps each way, which cannot overflow there; torch's own `reduce_range`.
"""

from __future__ import annotations

import math
import warnings

import torch


def can_multiply() -> bool:
    """Whether this build of torch has the packed int8 product, and this processor can run it."""
    return torch.backends.quantized.engine in {"x86", "fbgemm", "onednn"}


def activation_steps() -> int:
    """Steps of an activation's range, each way from zero, on this processor."""
    return 127 if torch.cpu._is_vnni_supported() else 63


class Packed:
    """Whole-number weights [out, in] in the order that the packed product reads them."""

    def __init__(self, numbers: torch.Tensor, scales: torch.Tensor, bias: torch.Tensor | None):
        self.numbers_packed = _pack(numbers, scales)
        self.scales, self.bias = scales, bias
        self._steps = activation_steps()

    def multiply(self, rows: torch.Tensor) -> torch.Tensor:
        """[rows, out] of rows [rows, in]."""
        rounding = _Rounding(rows, self._steps)
        # The overload by its name: looking it up among others costs as much as a small product.
        multiply = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32.default
        product: torch.Tensor = multiply(
            rounding.rows, rounding.scale, self._steps + 1, self.numbers_packed
        )
        if rounding.factors is not None:
            product.mul_(rounding.factors)
        return product if self.bias is None else product.add_(self.bias)

    __call__ = multiply

    def numbers(self) -> torch.Tensor:
        """The whole numbers themselves, int8 [out, in]."""
        unpacked: torch.Tensor = torch.ops.quantized.linear_unpack(self.numbers_packed)[0]
        return unpacked.int_repr()


class _Rounding:
    """How rows [rows, in] become whole numbers: rows / scale, and what follows the product.

    Rows of one peak share one scale, so among others each gets the numbers that it has alone.
    """

    def __init__(self, rows: torch.Tensor, steps: int) -> None:
        self.rows = rows
        self.factors: torch.Tensor | None = None
        alone = rows.shape[0] == 1
        peak = _peak(rows) if alone else 0.0
        if 0 < peak < math.inf:
            self.scale = peak / steps
            return
        scales = rows.abs().amax(dim=-1, keepdim=True) / steps
        self.factors = scales.where(scales != 0, 1.0)
        self.rows, self.scale = rows * self.factors.reciprocal(), 1.0


def _peak(rows: torch.Tensor) -> float:
    """The largest size of a number; NaN where there is one."""
    # Both ends in one call, which is less than that of a norm.
    lowest, highest = torch.aminmax(rows)
    return max(-float(lowest), float(highest))


def _pack(numbers: torch.Tensor, scales: torch.Tensor) -> torch.ScriptObject:
    zeros = torch.zeros(len(scales), dtype=torch.long)
    with warnings.catch_warnings():
        # torch wants quantized tensors gone; the packed product has no other way in.
        warnings.filterwarnings("ignore", message="torch.quantize_per_tensor, torch.quantize_per")
        tensor = torch._make_per_channel_quantized_tensor(numbers, scales.double(), zeros, 0)
        packed: torch.ScriptObject = torch.ops.quantized.linear_prepack(tensor, None)
    return packed
