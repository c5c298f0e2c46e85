"""Linear layers of int8 weights and, for each row, int8 activations, on the CPU.

Weights have a scale for each output (symmetric, 127 steps each way), activations one for each
row, so that a row's numbers do not depend on what it is computed together with. The sums are
whole numbers; but the last bit of a float sum before them decides on which step an activation
falls, so the same text read in another order of operations may differ by a step here and there.
Where the processor adds two 8-bit products in 16 bits (x86 without VNNI), the
activations have 63 steps each way, which cannot overflow there; torch's own `reduce_range`.

A model with these layers is another model than its float original: what is measured of it is
true of the quantized one.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Sequence

import torch
from torch import nn

from mav_engine.backends.transformers.layers import is_conv1d

_WEIGHT_STEPS = 127


def can_multiply() -> bool:
    """Whether this build of torch has the packed int8 product, and this processor can run it."""
    return torch.backends.quantized.engine in {"x86", "fbgemm", "onednn"}


def activation_steps() -> int:
    """Steps of an activation's range, each way from zero, on this processor."""
    return 127 if torch.cpu._is_vnni_supported() else 63


class _Pack:
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

    def numbers(self) -> torch.Tensor:
        """The whole numbers themselves, int8 [out, in]."""
        unpacked: torch.Tensor = torch.ops.quantized.linear_unpack(self.numbers_packed)[0]
        return unpacked.int_repr()


class Int8Linear(nn.Module):
    """x [..., in] to [..., out], in the place of `nn.Linear`.

    Args:
        weight: [out, in] the float weights.
        bias: [out] or None.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.bias = None if bias is None else nn.Parameter(bias.detach(), requires_grad=False)
        numbers, scales = quantized(weight)
        self.scales = nn.Parameter(scales, requires_grad=False)
        self._product: _Pack | _Share = _Pack(numbers, self.scales, self.bias)
        self.packed_bytes = weight.numel() + 4 * self.out_features
        """What the packed weights and their scales take; torch sees no parameter in them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        product = self._product.multiply(x.reshape(-1, self.in_features))
        return product.view(*x.shape[:-1], self.out_features)

    def numbers(self) -> torch.Tensor:
        """The whole-number weights, int8 [out, in]."""
        return self._product.numbers()


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


class _Share:
    """One layer's outputs out of a product that several layers share.

    The model's own forward pass asks the layers one after the other for the product of the same
    rows, so the last one is remembered, with the rows that it is of.
    """

    _last = threading.local()

    def __init__(self, pack: _Pack, outputs: slice) -> None:
        self.pack, self._outputs = pack, outputs

    def multiply(self, rows: torch.Tensor) -> torch.Tensor:
        """[rows, out] of rows [rows, in]."""
        pack, known, product = getattr(self._last, "product", (None, None, None))
        if pack is not self.pack or known is None or not torch.equal(known, rows):
            product = self.pack.multiply(rows)
            self._last.product = (self.pack, rows.clone(), product)
        part: torch.Tensor = product[:, self._outputs]  # type: ignore[index]
        return part.contiguous()

    def numbers(self) -> torch.Tensor:
        """The layer's own whole numbers, int8 [out, in]."""
        return self.pack.numbers()[self._outputs]


def together(layers: Sequence[Int8Linear]) -> Callable[[torch.Tensor], torch.Tensor]:
    """The products of layers that read the same rows, side by side: rounded and read once.

    The layers take their outputs from it from now on, so that the weights are held once.
    """
    shared = _shared_by(layers)
    if shared is not None:
        return shared.multiply
    numbers = torch.cat([layer.numbers() for layer in layers])
    scales = torch.cat([layer.scales.detach() for layer in layers])
    biases = [layer.bias for layer in layers if layer.bias is not None]
    shared = _Pack(
        numbers, scales, torch.cat([each.detach() for each in biases]) if biases else None
    )
    begin = 0
    for layer in layers:
        layer._product = _Share(shared, slice(begin, begin + layer.out_features))
        begin += layer.out_features
    return shared.multiply


def _shared_by(layers: Sequence[Int8Linear]) -> _Pack | None:
    """The product that these layers share already."""
    packs = [layer._product.pack for layer in layers if isinstance(layer._product, _Share)]
    return packs[0] if len(packs) == len(layers) else None


def quantized(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Whole numbers [out, in] as int8 and scales [out] of float weights [out, in]."""
    weight = weight.detach().float()
    scales = weight.abs().amax(dim=1) / _WEIGHT_STEPS
    scales = scales.where(scales != 0, 1.0)
    return torch.round(weight / scales[:, None]).to(torch.int8), scales


def _pack(numbers: torch.Tensor, scales: torch.Tensor) -> torch.ScriptObject:
    zeros = torch.zeros(len(scales), dtype=torch.long)
    with warnings.catch_warnings():
        # torch wants quantized tensors gone; the packed product has no other way in.
        warnings.filterwarnings("ignore", message="torch.quantize_per_tensor, torch.quantize_per")
        tensor = torch._make_per_channel_quantized_tensor(numbers, scales.double(), zeros, 0)
        packed: torch.ScriptObject = torch.ops.quantized.linear_prepack(tensor, None)
    return packed


def replace_linears(model: nn.Module) -> int:
    """Put an `Int8Linear` in the place of each linear layer; how many there were."""
    layers = [
        (module, name, child)
        for module in model.modules()
        for name, child in module.named_children()
        if type(child) is nn.Linear or is_conv1d(child)
    ]
    for module, name, child in layers:
        weight: torch.Tensor = child.weight  # type: ignore[assignment]
        outputs_first = weight.t() if is_conv1d(child) else weight
        setattr(module, name, Int8Linear(outputs_first, child.bias))  # type: ignore[arg-type]
    return len(layers)


def rounds_activations(model: nn.Module) -> bool:
    """Whether a model has such layers."""
    return any(isinstance(module, Int8Linear) for module in model.modules())
