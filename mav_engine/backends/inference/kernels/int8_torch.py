"""torch's product of int8 weights and activations, where none was compiled for the processor.

x86 processors without VNNI add two 8-bit products in 16 bits. There the activations have 63 steps
each way, which cannot overflow, as with torch's `reduce_range`.
"""

from __future__ import annotations

import math
import warnings

import torch


def can_multiply() -> bool:
    """Whether this build of torch has the packed int8 product, and this processor can run it."""
    return torch.backends.quantized.engine in {"x86", "fbgemm", "onednn"}


def activation_steps() -> int:
    """Steps from zero to the largest activation, on this processor."""
    return 127 if torch.cpu._is_vnni_supported() else 63


class TorchWeights:
    """int8 weights [out, in], packed as torch's product needs them."""

    def __init__(self, integers: torch.Tensor, scales: torch.Tensor, bias: torch.Tensor | None):
        self.packed = _pack(integers, scales)
        self.scales, self.bias = scales, bias
        self._steps = activation_steps()

    def multiply(self, rows: torch.Tensor) -> torch.Tensor:
        """[rows, out] of rows [rows, in]."""
        rounding = _Rounding(rows, self._steps)
        # Named, since finding the overload takes as long as a small product.
        multiply = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32.default
        product: torch.Tensor = multiply(
            rounding.rows, rounding.scale, self._steps + 1, self.packed
        )
        if rounding.factors is not None:
            product.mul_(rounding.factors)
        return product if self.bias is None else product.add_(self.bias)

    __call__ = multiply

    def integers(self) -> torch.Tensor:
        """The weights, int8 [out, in]."""
        unpacked: torch.Tensor = torch.ops.quantized.linear_unpack(self.packed)[0]
        return unpacked.int_repr()


class _Rounding:
    """How to round rows [rows, in] to integers: `rows / scale`. `factors` scale the product's rows.

    Each row has its own scale, so that its numbers do not depend on the other rows.
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
    """The largest absolute value; NaN if any value is NaN."""
    # One call for both ends; a norm takes longer.
    lowest, highest = torch.aminmax(rows)
    return max(-float(lowest), float(highest))


def _pack(integers: torch.Tensor, scales: torch.Tensor) -> torch.ScriptObject:
    zeros = torch.zeros(len(scales), dtype=torch.long)
    with warnings.catch_warnings():
        # torch wants quantized tensors gone; the packed product has no other way in.
        warnings.filterwarnings("ignore", message="torch.quantize_per_tensor, torch.quantize_per")
        tensor = torch._make_per_channel_quantized_tensor(integers, scales.double(), zeros, 0)
        packed: torch.ScriptObject = torch.ops.quantized.linear_prepack(tensor, None)
    return packed
