"""The protocol of the small operations of the decoders, which `ops.py` implements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mav_engine.backends.inference.kernels.batched_attention import BatchAttention, ChunkAttention
from mav_engine.backends.inference.kv_pool import Array
from mav_engine.contract.arrays import Floats

if TYPE_CHECKING:
    import torch

Function = Callable[[Array], Array]
"""Of floats [rows, …]."""


class Operations(Protocol):
    """The operations of a pass, on numpy arrays or on tensors."""

    batch_attention: type[BatchAttention]
    """Attention of several texts with one query each."""
    chunk_attention: type[ChunkAttention]
    """Attention of several tokens of one text."""

    def rotate(self, heads: Array, cos: Array, sin: Array) -> None:
        """Apply rotary positions in place to heads [rows, heads, head_dim].

        The tables have the same shape; the first half of `sin` is negative.
        """

    def concatenate(self, parts: Sequence[Array]) -> Array:
        """The rows of all parts."""

    def stack(self, layers: Sequence[Array]) -> Floats:
        """The outputs of all layers [layers, rows, …], on the CPU."""


class Arithmetic(Operations, Protocol):
    """The same, with the conversion of torch's tensors and modules."""

    def constant(self, values: torch.Tensor) -> Array:
        """A table or weight as array or tensor."""

    def indices(self, places: Sequence[int], device: torch.device) -> Array:
        """Indices into such a table."""

    def function(self, made: Callable[[torch.Tensor], torch.Tensor]) -> Function:
        """A torch function for these arrays."""

    def rms_norm(self, norm: Any) -> Function:
        """x / sqrt(mean(x^2) + eps) * weight over the last axis."""

    def layer_norm(self, norm: Any) -> Function:
        """(x - mean(x)) / sqrt(var(x) + eps) * weight + bias over the last axis."""

    def gated(self, act: Any) -> Function:
        """act(gate) * up of both, concatenated as [rows, 2 n]."""
