"""The linear products of the decoders, for each kind of weights.

A product of few rows is bound by the reading of its weights. The compiled products read them as
fast as memory gives them; where none were built, it is torch that multiplies. On some processors it
gives the product of one row to a function that reads with one thread; cut into a batch of blocks,
all threads read. Of many rows it shares the work among them by itself.

Weights that half precision holds exactly, as those of a model that was saved in it, are read in it:
half the bytes, and the same numbers, since the products and their sums stay float32.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.kernels.int8 import Int8Linear, together
from mav_engine.backends.inference.kernels.layers import is_conv1d
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.products import (
    Products,
    Reading,
    compiled_products,
)
from mav_engine.contract.arrays import Floats

Product = Callable[[torch.Tensor], torch.Tensor]
"""x [rows, in] to [rows, out]."""

_TALL = 16
"""A matrix with this many times more outputs than inputs is an unembedding: it is larger than
the processor's caches, and is read fastest with the weights of one input side by side."""
_SMALLEST_BLOCK = 16
_WIDTH = 64
"""Outputs of such a matrix are held in multiples of this: of GPT-2's 50257, say, no few blocks
are equal."""
_MANY_ROWS = 4
"""From so many rows on torch shares the multiplications among its threads by itself."""
MOST_ROWS = 32
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
    return joined([layer])


def joined(layers: Sequence[Any]) -> Product:
    """One product for layers that read the same input: their outputs, one after the other.

    The layers' own weights become views of the joined ones, so that they are held once.
    """
    if all(isinstance(layer, Int8Linear) for layer in layers):
        return together(layers)
    weights = [outputs_first(layer) for layer in layers]
    weight = torch.cat(weights).contiguous()
    compiled = compiled_products() if _can_read(weight) else None
    if compiled is None and weight.shape[0] >= _TALL * weight.shape[1]:
        weight = _by_input(weight)
    parts: tuple[torch.Tensor, ...] = torch.split_with_sizes(weight, [len(w) for w in weights])
    for layer, part in zip(layers, parts, strict=True):
        layer.weight.data = part.t() if is_conv1d(layer) else part
    biases = [layer.bias for layer in layers]
    bias = None if biases[0] is None else torch.cat([each.detach() for each in biases])
    if not _can_halve(weight):
        return _Blocks(weight, bias) if compiled is None else ByReading(compiled, weight, bias)
    layers[0].packed_bytes = 2 * weight.numel()  # torch sees no parameter in them
    return _Halves(weight, bias)


def _can_read(weight: torch.Tensor) -> bool:
    """Whether the compiled products, where there are some, multiply with a weight."""
    here = weight.device.type == "cpu" and weight.dtype == torch.float32
    return here and weight.shape[1] % LANES == 0


def _can_halve(weight: torch.Tensor) -> bool:
    """Whether half precision holds a weight exactly, and can be multiplied with here."""
    small = weight.device.type == "cpu" and weight.numel() <= _MOST_HALVED
    return small and bool((weight.half().float() == weight).all()) and _multiplies_halves()


@cache
def _multiplies_halves() -> bool:
    """Whether this build of torch has the product of halves, and this processor can run it."""
    try:
        with warnings.catch_warnings():
            # torch says once that it wants to drop it; its successor costs three times as much
            # on a row, and without it there are blocks.
            warnings.filterwarnings("ignore", message="fbgemm_.* is deprecated")
            _Halves(torch.zeros(1, 1), None)(torch.zeros(1, 1))
    except (AttributeError, RuntimeError):
        return False
    return True


def outputs_first(layer: Any) -> torch.Tensor:
    """A layer's weight as [out, in]; a view."""
    weight: torch.Tensor = layer.weight.detach()
    return weight.t() if is_conv1d(layer) else weight


def _by_input(weight: torch.Tensor) -> torch.Tensor:
    """A weight [out, in] with the weights of one input side by side, on memory that goes on to a
    number of outputs that blocks can share."""
    outputs, inputs = weight.shape
    longer = weight.new_zeros(inputs, -(-outputs // _WIDTH) * _WIDTH)[:, :outputs]
    return longer.copy_(weight.t()).t()


class ByReading:
    """A product with a weight [out, in] by the compiled products."""

    def __init__(self, compiled: Products, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self._weight, self._bias = weight, bias
        numbers = None if bias is None else bias.numpy()
        self._read = Reading(compiled, weight.numpy(), numbers, torch.get_num_threads())

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > MOST_ROWS:
            return nn.functional.linear(x, self._weight, self._bias)
        return torch.from_numpy(self._read(x.numpy()))

    def of_numbers(self, x: Floats) -> Floats:
        """The same of numpy's numbers."""
        if len(x) > MOST_ROWS:
            return self(torch.from_numpy(x)).numpy()
        return self._read(x)


class _Blocks:
    """A product with a weight [out, in], cut into blocks of outputs that threads share."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self._whole, self._bias = weight, bias
        self._outputs, inputs = weight.shape
        # Outputs that nobody asks for, where memory goes on with them.
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
        # Of one row the blocks' outputs lie one after the other already.
        return made.transpose(0, 1).reshape(rows, -1)[:, : self._outputs]


class _Halves:
    """A product with a weight [out, in] that is read in half precision."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self._packed = torch.fbgemm_pack_gemm_matrix_fp16(weight)
        self._bias = weight.new_zeros(len(weight)) if bias is None else bias
        self._whole = _Blocks(weight, bias)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[0] > MOST_ROWS:
            return self._whole(x)
        return torch.fbgemm_linear_fp16_weight_fp32_activation(x, self._packed, self._bias)


def _blocks(outputs: int, threads: int) -> int:
    """The fewest equal blocks that occupy the threads; 1 where none fit."""
    counts = range(threads, outputs // _SMALLEST_BLOCK + 1)
    return next((count for count in counts if outputs % count == 0), 1)
