"""Linear layers of int8 weights and, for each row, int8 activations, on the CPU.

Weights have one scale for each output (symmetric, 127 steps each way), activations one for each
row, so that a row does not depend on the other rows of its batch. The sums are exact integers. The
activations are rounded from float sums, though, so another order of operations may move some of
them by one step. The compiled product is used where there is one for the processor, else torch's.

Measurements of a model with these layers are those of the quantized model, not of its original.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import torch
from torch import nn

from mav_engine.backends.inference.kernels import int8_numpy, int8_torch
from mav_engine.backends.inference.kernels.int8_torch import TorchWeights
from mav_engine.backends.inference.kernels.layers import is_conv1d
from mav_engine.backends.inference.kernels.native.int8 import (
    LANES,
    CompiledInt8Product,
    Int8Build,
    int8_build,
)


class CompiledWeights:
    """int8 weights [out, in] of the compiled product, which reads them in place."""

    def __init__(
        self,
        build: Int8Build,
        integers: torch.Tensor,
        scales: torch.Tensor,
        bias: torch.Tensor | None,
    ) -> None:
        self._numbers = integers.contiguous()
        added = None if bias is None else bias.detach().numpy()
        self.on_numpy = CompiledInt8Product(
            build, self._numbers.numpy(), scales.detach().numpy(), added, torch.get_num_threads()
        )
        """`multiply` for numpy arrays."""

    def multiply(self, rows: torch.Tensor) -> torch.Tensor:
        """[rows, out] of rows [rows, in]."""
        return torch.from_numpy(self.on_numpy(rows.detach().numpy()))

    __call__ = multiply

    def integers(self) -> torch.Tensor:
        """The weights, int8 [out, in]."""
        return self._numbers


Int8Weights = TorchWeights | CompiledWeights
"""int8 weights with their product."""


def activation_steps(inputs: int) -> int:
    """Steps from zero to the largest activation, in products of `inputs` inputs."""
    return int8_torch.activation_steps() if _build_for(inputs) is None else int8_numpy.STEPS


def _build_for(inputs: int) -> Int8Build | None:
    return int8_build() if inputs % LANES == 0 else None


def _weights(
    integers: torch.Tensor, scales: torch.Tensor, bias: torch.Tensor | None
) -> Int8Weights:
    build = _build_for(integers.shape[1])
    if build is None:
        return TorchWeights(integers, scales, bias)
    return CompiledWeights(build, integers, scales, bias)


class Int8Linear(nn.Module):
    """x [..., in] to [..., out], in place of `nn.Linear`.

    Args:
        weight: [out, in] the float weights.
        bias: [out] or None.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.bias = None if bias is None else nn.Parameter(bias.detach(), requires_grad=False)
        integers, scales = quantized(weight)
        self.scales = nn.Parameter(scales, requires_grad=False)
        self._product: Int8Weights | _OutputSlice = _weights(integers, self.scales, self.bias)
        self.packed_bytes = weight.numel() + 4 * self.out_features
        """Bytes of the weights and scales, which are not parameters that torch counts."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        product = self._product.multiply(x.reshape(-1, self.in_features))
        return product.view(*x.shape[:-1], self.out_features)

    def integers(self) -> torch.Tensor:
        """The weights, int8 [out, in]."""
        return self._product.integers()


class _OutputSlice:
    """The outputs of one layer in a product that several layers share.

    The model's own forward pass calls these layers one after the other with the same rows, so the
    last product is kept, with its rows.
    """

    _last = threading.local()

    def __init__(self, pack: Int8Weights, outputs: slice) -> None:
        self.pack, self._outputs = pack, outputs

    def multiply(self, rows: torch.Tensor) -> torch.Tensor:
        """[rows, out] of rows [rows, in]."""
        pack, known, product = getattr(self._last, "product", (None, None, None))
        if pack is not self.pack or known is None or not torch.equal(known, rows):
            product = self.pack.multiply(rows)
            self._last.product = (self.pack, rows.clone(), product)
        part: torch.Tensor = product[:, self._outputs]  # type: ignore[index]
        return part.contiguous()

    def integers(self) -> torch.Tensor:
        """The weights of the layer, int8 [out, in]."""
        return self.pack.integers()[self._outputs]


def joint_int8_product(layers: Sequence[Int8Linear]) -> Int8Weights:
    """One product for layers with the same input, which is rounded and read once.

    The layers then use this product too, so that their weights are in memory once.
    """
    shared = _shared_by(layers)
    if shared is not None:
        return shared
    integers = torch.cat([layer.integers() for layer in layers])
    scales = torch.cat([layer.scales.detach() for layer in layers])
    biases = [layer.bias for layer in layers if layer.bias is not None]
    shared = _weights(
        integers, scales, torch.cat([each.detach() for each in biases]) if biases else None
    )
    begin = 0
    for layer in layers:
        layer._product = _OutputSlice(shared, slice(begin, begin + layer.out_features))
        begin += layer.out_features
    return shared


def _shared_by(layers: Sequence[Int8Linear]) -> Int8Weights | None:
    """The product that these layers already share, or that of a single layer."""
    first = layers[0]._product
    if not isinstance(first, _OutputSlice):
        return first if len(layers) == 1 else None
    return first.pack if all(isinstance(layer._product, _OutputSlice) for layer in layers) else None


def quantized(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """int8 weights [out, in] and scales [out] of float weights [out, in]."""
    integers, scales = int8_numpy.quantized(weight.detach().float().numpy())
    return torch.from_numpy(integers), torch.from_numpy(scales)


def replace_linears(model: nn.Module) -> int:
    """Replace each linear layer with an `Int8Linear`; returns how many there were."""
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
