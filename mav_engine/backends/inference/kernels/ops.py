"""The small operations of the decoders: by numpy on the CPU, by torch elsewhere.

A step of one row is a chain of some hundred operations on a few hundred numbers. What each of them
costs is the call, and a call of numpy costs a third of one of torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional

from mav_engine.backends.inference.kernels.batched_attention import (
    BatchAttention,
    ChunkAttention,
    CompiledBatchAttention,
    NumpyChunkAttention,
    TorchBatchAttention,
    TorchChunkAttention,
)
from mav_engine.backends.inference.kernels.linear import Product, product
from mav_engine.backends.inference.kernels.rms_norm import RmsNorm
from mav_engine.contract.arrays import Floats

Row = Any
"""Floats [rows, …], numpy's or torch's."""
Function = Callable[[Row], Row]


class Arithmetic(Protocol):
    """The operations of a decoder, by numpy or by torch."""

    range: type[BatchAttention]
    """The attention of several texts, a query each."""
    passage: type[ChunkAttention]
    """The attention of several tokens of one text."""

    def constant(self, values: torch.Tensor) -> Row:
        """A table or a weight, in numpy or torch."""

    def indices(self, places: Sequence[int], device: torch.device) -> Row:
        """Places in such a table."""

    def function(self, made: Callable[[torch.Tensor], torch.Tensor]) -> Function:
        """A function of torch, of and to these numbers."""

    def rms_norm(self, norm: Any) -> Function:
        """x / sqrt(mean(x^2) + eps) * weight over the last axis."""

    def layer_norm(self, norm: Any) -> Function:
        """(x - mean(x)) / sqrt(var(x) + eps) * weight + bias over the last axis."""

    def gated(self, act: Any) -> Function:
        """act(gate) * up of both side by side [rows, 2 n]."""

    def turn(self, heads: Row, cos: Row, sin: Row) -> None:
        """Turn heads [rows, heads, head_dim] in place by tables of their positions, which are as
        large; the first half of sin is negative."""

    def joined(self, parts: Sequence[Row]) -> Row:
        """Rows below each other."""

    def stacked(self, layers: Sequence[Row]) -> Floats:
        """[layers, rows, …] of what each layer left."""


class ByTorch:
    range: type[BatchAttention] = TorchBatchAttention
    passage: type[ChunkAttention] = TorchChunkAttention

    def constant(self, values: torch.Tensor) -> torch.Tensor:
        return values.detach()

    def indices(self, places: Sequence[int], device: torch.device) -> torch.Tensor:
        return torch.tensor(places, device=device)

    def function(self, made: Product) -> Product:
        return made

    def rms_norm(self, norm: Any) -> Product:
        return RmsNorm(norm)

    def layer_norm(self, norm: Any) -> Product:
        given = (norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        return lambda x: functional.layer_norm(x, *given)

    def gated(self, act: Any) -> Product:
        def gated(both: torch.Tensor) -> torch.Tensor:
            gate, up = both.chunk(2, dim=-1)
            product: torch.Tensor = act.forward(gate) * up
            return product

        return gated

    def turn(self, heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
        torch.addcmul(heads * cos, heads.roll(heads.shape[-1] // 2, -1), sin, out=heads)

    def joined(self, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.cat(list(parts))

    def stacked(self, layers: Sequence[torch.Tensor]) -> Floats:
        stacked: Floats = torch.stack(list(layers)).cpu().numpy()
        return stacked


class ByNumpy:
    range: type[BatchAttention] = CompiledBatchAttention
    passage: type[ChunkAttention] = NumpyChunkAttention

    def constant(self, values: torch.Tensor) -> Floats:
        constant: Floats = values.detach().numpy()
        return constant

    def indices(self, places: Sequence[int], device: torch.device) -> np.ndarray:  # noqa: ARG002
        return np.array(places)

    def function(self, made: Product) -> Callable[[Floats], Floats]:
        of_numbers: Callable[[Floats], Floats] | None = getattr(made, "of_numbers", None)
        if of_numbers is not None:
            return of_numbers

        def function(x: Floats) -> Floats:
            values: Floats = made(torch.from_numpy(x)).numpy()
            return values

        return function

    def rms_norm(self, norm: Any) -> Callable[[Floats], Floats]:
        short = RmsNorm(norm)
        size = len(norm.weight)
        # The mean's division is spared: the sum of squares has n times the epsilon.
        weight = short.weight.detach().numpy() * np.float32(size**0.5)
        eps = np.float32(size * short.eps)

        def normed(x: Floats) -> Floats:
            made: Floats = x / np.sqrt(np.vecdot(x, x)[..., None] + eps)
            made *= weight
            return made

        return normed

    def layer_norm(self, norm: Any) -> Callable[[Floats], Floats]:
        weight, bias = norm.weight.detach().numpy(), norm.bias.detach().numpy()
        size, eps = np.float32(weight.size), np.float32(norm.eps)

        def normed(x: Floats) -> Floats:
            made: Floats = x - np.add.reduce(x, axis=-1, keepdims=True) / size  # type: ignore[assignment]
            made /= np.sqrt(np.vecdot(made, made)[..., None] / size + eps)
            made *= weight
            made += bias
            return made

        return normed

    def gated(self, act: Any) -> Callable[[Floats], Floats]:
        if type(act).__name__ not in {"SiLU", "SiLUActivation"}:
            return self.function(BY_TORCH.gated(act))

        def gated(both: Floats) -> Floats:
            n = both.shape[-1] // 2
            gate = both[..., :n]
            made = np.negative(gate)
            np.exp(made, made)
            made += 1
            np.divide(gate, made, made)
            made *= both[..., n:]
            return made

        return gated

    def turn(self, heads: Floats, cos: Floats, sin: Floats) -> None:
        halves = (*heads.shape[:-1], 2, heads.shape[-1] // 2)
        swapped = heads.reshape(halves)[..., ::-1, :] * sin.reshape(halves)
        heads *= cos
        heads += swapped.reshape(heads.shape)

    def joined(self, parts: Sequence[Floats]) -> Floats:
        return np.concatenate(parts)

    def stacked(self, layers: Sequence[Floats]) -> Floats:
        if len(layers) == 1:
            return layers[0][None]
        # Rather than np.stack, which makes a view of each first.
        return np.concatenate(layers).reshape(len(layers), *layers[0].shape)


BY_TORCH, BY_NUMPY = ByTorch(), ByNumpy()


def unembedding(norm: Function, head: Any, arithmetic: Arithmetic) -> Function:
    """From rows of a residual stream to logits, by a norm and an unembedding."""
    unembedded = arithmetic.function(product(head))
    return lambda resid: unembedded(norm(resid))
