"""The small operations of the decoders by numpy, for float32 on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mav_engine.backends.inference.kernels.batched_attention import (
    BatchAttention,
    ChunkAttention,
    CompiledBatchAttention,
    NumpyChunkAttention,
)
from mav_engine.contract.arrays import Floats

FloatFunction = Callable[[Floats], Floats]
_CUBIC, _SLOPE, _HALF = np.float32(0.044715), np.float32((2 / np.pi) ** 0.5), np.float32(0.5)


class NumpyOperations:
    """`Operations` by numpy."""

    batch_attention: type[BatchAttention] = CompiledBatchAttention
    chunk_attention: type[ChunkAttention] = NumpyChunkAttention

    def rotate(self, heads: Floats, cos: Floats, sin: Floats) -> None:
        halves = (*heads.shape[:-1], 2, heads.shape[-1] // 2)
        swapped = heads.reshape(halves)[..., ::-1, :] * sin.reshape(halves)
        heads *= cos
        heads += swapped.reshape(heads.shape)

    def concatenate(self, parts: Sequence[Floats]) -> Floats:
        return np.concatenate(parts)

    def stack(self, layers: Sequence[Floats]) -> Floats:
        if len(layers) == 1:
            return layers[0][None]
        # np.stack would make a view of each first.
        return np.concatenate(layers).reshape(len(layers), *layers[0].shape)


def rms_norm(weight: Floats, epsilon: float) -> FloatFunction:
    """x / sqrt(mean(x^2) + epsilon) * weight over the last axis."""
    size = len(weight)
    # Without the division of the mean: n times the epsilon is added to the sum of squares.
    scaled = weight * np.float32(size**0.5)
    added = np.float32(size * epsilon)

    def normed(x: Floats) -> Floats:
        made: Floats = x / np.sqrt(np.vecdot(x, x)[..., None] + added)
        made *= scaled
        return made

    return normed


def layer_norm(weight: Floats, bias: Floats, epsilon: float) -> FloatFunction:
    """(x - mean(x)) / sqrt(var(x) + epsilon) * weight + bias over the last axis."""
    size, eps = np.float32(weight.size), np.float32(epsilon)

    def normed(x: Floats) -> Floats:
        made: Floats = x - np.add.reduce(x, axis=-1, keepdims=True) / size  # type: ignore[assignment]
        made /= np.sqrt(np.vecdot(made, made)[..., None] / size + eps)
        made *= weight
        made += bias
        return made

    return normed


def silu_gated(both: Floats) -> Floats:
    """silu(gate) * up of both, concatenated as [rows, 2 n]."""
    n = both.shape[-1] // 2
    gate = both[..., :n]
    made = np.negative(gate)
    np.exp(made, made)
    made += 1
    np.divide(gate, made, made)
    made *= both[..., n:]
    return made


def gelu_tanh(x: Floats) -> Floats:
    """x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), the tanh form of GELU."""
    made = x * x
    made *= _CUBIC
    made += 1
    made *= x
    made *= _SLOPE
    np.tanh(made, made)
    made += 1
    made *= x
    made *= _HALF
    return made


def relu(x: Floats) -> Floats:
    """max(x, 0)."""
    return np.maximum(x, np.float32(0))
