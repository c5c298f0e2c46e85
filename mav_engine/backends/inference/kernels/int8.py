"""Linear layers of int8 weights and, for each row, int8 activations, on the CPU.

Weights have a scale for each output (symmetric, 127 steps each way), activations one for each
row, so that a row's numbers do not depend on what it is computed together with. The sums are
whole numbers; but the last bit of a float sum before them decides on which step an activation
falls, so the same text read in another order of operations may differ by a step here and there.
The product is a compiled one where there is one for the processor, else torch's.

A model with these layers is another model than its float original: what is measured of it is
true of the quantized one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import torch
from torch import nn

from mav_engine.backends.inference.kernels import int8_torch
from mav_engine.backends.inference.kernels.int8_torch import Packed
from mav_engine.backends.inference.kernels.layers import is_conv1d
from mav_engine.backends.inference.kernels.native.int8 import (
    LANES,
    Int8Product,
    Int8Reading,
    int8_product,
)

_WEIGHT_STEPS = _COMPILED_STEPS = 127


class Read:
    """Whole-number weights [out, in], read where they lie by the compiled product."""

    def __init__(
        self,
        build: Int8Product,
        numbers: torch.Tensor,
        scales: torch.Tensor,
        bias: torch.Tensor | None,
    ) -> None:
        self._numbers = numbers.contiguous()
        added = None if bias is None else bias.detach().numpy()
        self.of_numbers = Int8Reading(
            build, self._numbers.numpy(), scales.detach().numpy(), added, torch.get_num_threads()
        )
        """[rows, out] of rows [rows, in] of numpy's numbers."""

    def multiply(self, rows: torch.Tensor) -> torch.Tensor:
        """[rows, out] of rows [rows, in]."""
        return torch.from_numpy(self.of_numbers(rows.detach().numpy()))

    __call__ = multiply

    def numbers(self) -> torch.Tensor:
        """The whole numbers themselves, int8 [out, in]."""
        return self._numbers


Whole = Packed | Read
"""The product with whole-number weights."""


def activation_steps(inputs: int) -> int:
    """Steps of an activation's range, each way from zero, in products of so many inputs."""
    return int8_torch.activation_steps() if _build_for(inputs) is None else _COMPILED_STEPS


def _build_for(inputs: int) -> Int8Product | None:
    return int8_product() if inputs % LANES == 0 else None


def _weights(numbers: torch.Tensor, scales: torch.Tensor, bias: torch.Tensor | None) -> Whole:
    build = _build_for(numbers.shape[1])
    if build is None:
        return Packed(numbers, scales, bias)
    return Read(build, numbers, scales, bias)


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
        self._product: Whole | _Share = _weights(numbers, self.scales, self.bias)
        self.packed_bytes = weight.numel() + 4 * self.out_features
        """What the packed weights and their scales take; torch sees no parameter in them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        product = self._product.multiply(x.reshape(-1, self.in_features))
        return product.view(*x.shape[:-1], self.out_features)

    def numbers(self) -> torch.Tensor:
        """The whole-number weights, int8 [out, in]."""
        return self._product.numbers()


class _Share:
    """One layer's outputs out of a product that several layers share.

    The model's own forward pass asks the layers one after the other for the product of the same
    rows, so the last one is remembered, with the rows that it is of.
    """

    _last = threading.local()

    def __init__(self, pack: Whole, outputs: slice) -> None:
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


def together(layers: Sequence[Int8Linear]) -> Whole:
    """The products of layers that read the same rows, side by side: rounded and read once.

    The layers take their outputs from it from now on, so that the weights are held once.
    """
    shared = _shared_by(layers)
    if shared is not None:
        return shared
    numbers = torch.cat([layer.numbers() for layer in layers])
    scales = torch.cat([layer.scales.detach() for layer in layers])
    biases = [layer.bias for layer in layers if layer.bias is not None]
    shared = _weights(
        numbers, scales, torch.cat([each.detach() for each in biases]) if biases else None
    )
    begin = 0
    for layer in layers:
        layer._product = _Share(shared, slice(begin, begin + layer.out_features))
        begin += layer.out_features
    return shared


def _shared_by(layers: Sequence[Int8Linear]) -> Whole | None:
    """The product that these layers share already, or that one layer has."""
    first = layers[0]._product
    if not isinstance(first, _Share):
        return first if len(layers) == 1 else None
    return first.pack if all(isinstance(layer._product, _Share) for layer in layers) else None


def quantized(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Whole numbers [out, in] as int8 and scales [out] of float weights [out, in]."""
    weight = weight.detach().float()
    scales = weight.abs().amax(dim=1) / _WEIGHT_STEPS
    scales = scales.where(scales != 0, 1.0)
    return torch.round(weight / scales[:, None]).to(torch.int8), scales


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
