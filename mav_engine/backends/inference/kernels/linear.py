"""The linear products of the decoders, for each kind of weights.

Products of few rows are limited by the time to read the weights. The compiled products read them at
memory speed; without them torch multiplies. On some processors torch reads the weights for one row
with a single thread. Cut into a batch of blocks, they are read by all threads. With many rows torch
uses all threads anyway.

Weights that float16 represents exactly, as in models that were saved in it, are stored in float16:
half the bytes and the same results, since products and sums are float32.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.kernels.int8 import Int8Linear, joint_int8_product
from mav_engine.backends.inference.kernels.layers import is_conv1d
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.products import (
    CompiledProduct,
    ProductsBuild,
    products_build,
)
from mav_engine.contract.arrays import Floats

Product = Callable[[torch.Tensor], torch.Tensor]
"""x [rows, in] to [rows, out]."""

_TALL = 16
"""A matrix with this many times more outputs than inputs is an unembedding: it is larger than
the processor's caches, and is read fastest with the weights of one input side by side."""
_SMALLEST_BLOCK = 16
_WIDTH = 64
"""Outputs of such a matrix are held in multiples of this: GPT-2's 50257, for example, cannot be
divided into a few equal blocks."""
_MANY_ROWS = 4
"""Fewest rows for which torch divides the multiplications among its threads by itself."""
MAX_ROWS = 32
"""From more rows on the time goes into multiplying, which torch does faster."""
_MOST_HALVED = 2**24
"""Weights of a product that are held in half precision beside the layers' own: those of large
models are too much to hold one and a half times."""


def is_linear(layer: Any) -> bool:
    """Whether a layer is a linear product whose weights can be read here."""
    if type(layer) is nn.Linear or is_conv1d(layer):
        return type(layer.weight) is nn.Parameter  # not a tensor that only looks like one
    return type(layer) is Int8Linear


def product(layer: Any) -> Product:
    """The product of one layer, without the cost of calling a module."""
    return joint_product([layer])


def joint_product(layers: Sequence[Any]) -> Product:
    """One product for layers with the same input: their outputs, concatenated.

    The weights of the layers become views of the joined weight, so that they are in memory once.
    """
    if all(isinstance(layer, Int8Linear) for layer in layers):
        return joint_int8_product(layers)
    weights = [outputs_first(layer) for layer in layers]
    weight = torch.cat(weights).contiguous()
    compiled = products_build() if _can_read(weight) else None
    if compiled is None and weight.shape[0] >= _TALL * weight.shape[1]:
        weight = _by_input(weight)
    parts: tuple[torch.Tensor, ...] = torch.split_with_sizes(weight, [len(w) for w in weights])
    for layer, part in zip(layers, parts, strict=True):
        layer.weight.data = part.t() if is_conv1d(layer) else part
    biases = [layer.bias for layer in layers]
    bias = None if biases[0] is None else torch.cat([each.detach() for each in biases])
    if not _can_halve(weight):
        return (
            _BlockedLinear(weight, bias)
            if compiled is None
            else CompiledLinear(compiled, weight, bias)
        )
    layers[0].packed_bytes = 2 * weight.numel()  # not a parameter that torch counts
    return _HalfPrecisionLinear(weight, bias)


def _can_read(weight: torch.Tensor) -> bool:
    """Whether the compiled products can use a weight."""
    here = weight.device.type == "cpu" and weight.dtype == torch.float32
    return here and weight.shape[1] % LANES == 0


def _can_halve(weight: torch.Tensor) -> bool:
    """Whether float16 represents a weight exactly, and can be multiplied here."""
    small = weight.device.type == "cpu" and weight.numel() <= _MOST_HALVED
    return small and bool((weight.half().float() == weight).all()) and _multiplies_halves()


@cache
def _multiplies_halves() -> bool:
    """Whether this build of torch has a float16 product that this processor can run."""
    try:
        with warnings.catch_warnings():
            # Deprecated, but its successor takes three times as long for one row. Once torch has
            # removed it, blocks are used.
            warnings.filterwarnings("ignore", message="fbgemm_.* is deprecated")
            _HalfPrecisionLinear(torch.zeros(1, 1), None)(torch.zeros(1, 1))
    except (AttributeError, RuntimeError):
        return False
    return True


def outputs_first(layer: Any) -> torch.Tensor:
    """A layer's weight as [out, in]; a view."""
    weight: torch.Tensor = layer.weight.detach()
    return weight.t() if is_conv1d(layer) else weight


def _by_input(weight: torch.Tensor) -> torch.Tensor:
    """A weight [out, in] stored by input, padded to a number of outputs that splits into blocks."""
    outputs, inputs = weight.shape
    longer = weight.new_zeros(inputs, -(-outputs // _WIDTH) * _WIDTH)[:, :outputs]
    return longer.copy_(weight.t()).t()


class CompiledLinear:
    """A compiled product with a weight [out, in]."""

    def __init__(
        self, compiled: ProductsBuild, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> None:
        self._weight, self._bias = weight, bias
        numbers = None if bias is None else bias.numpy()
        self._read = CompiledProduct(compiled, weight.numpy(), numbers, torch.get_num_threads())

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > MAX_ROWS:
            return nn.functional.linear(x, self._weight, self._bias)
        return torch.from_numpy(self._read(x.numpy()))

    def on_numpy(self, x: Floats) -> Floats:
        """The same for numpy arrays."""
        if len(x) > MAX_ROWS:
            return self(torch.from_numpy(x)).numpy()
        return self._read(x)


class _BlockedLinear:
    """A product with a weight [out, in], cut into blocks of outputs for the threads."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self._whole, self._bias = weight, bias
        self._outputs, inputs = weight.shape
        # Includes the padding of `_by_input`.
        reached = max(self._outputs, weight.stride(1)) if weight.stride(0) == 1 else self._outputs
        longer = weight.as_strided((reached, inputs), weight.stride())
        self._count = _blocks(reached, torch.get_num_threads())
        self._weight = longer.view(self._count, -1, inputs).transpose(1, 2)
        self._biases = None
        if bias is not None:
            padded = nn.functional.pad(bias, (0, reached - self._outputs))
            self._biases = padded.view(self._count, 1, -1)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.shape[0]
        if rows >= _MANY_ROWS:
            return nn.functional.linear(x, self._whole, self._bias)
        given = x.expand(self._count, -1, -1)
        if self._biases is None:
            made = torch.bmm(given, self._weight)
        else:
            made = torch.baddbmm(self._biases, given, self._weight)
        # With one row the outputs of the blocks are already in order.
        return made.transpose(0, 1).reshape(rows, -1)[:, : self._outputs]


class _HalfPrecisionLinear:
    """A product with a weight [out, in] that is stored in float16."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self._packed = torch.fbgemm_pack_gemm_matrix_fp16(weight)
        self._bias = weight.new_zeros(len(weight)) if bias is None else bias
        self._whole = _BlockedLinear(weight, bias)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[0] > MAX_ROWS:
            return self._whole(x)
        return torch.fbgemm_linear_fp16_weight_fp32_activation(x, self._packed, self._bias)


def _blocks(outputs: int, threads: int) -> int:
    """The smallest number of equal blocks, at least one for each thread; 1 where there is none."""
    counts = range(threads, outputs // _SMALLEST_BLOCK + 1)
    return next((count for count in counts if outputs % count == 0), 1)
