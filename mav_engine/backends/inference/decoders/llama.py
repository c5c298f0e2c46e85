"""The decoder of models that are built like Llama."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mav_engine.backends.inference.decoders.layer_outputs import CollectedOutputs, LayerOutputs
from mav_engine.backends.inference.decoders.rotary import Rotary
from mav_engine.backends.inference.kernels.arithmetic import Function, Operations
from mav_engine.backends.inference.kv_pool import Array, KVShape, Zeros
from mav_engine.backends.inference.kv_view import KVView


@dataclass(frozen=True, slots=True)
class LlamaBlock:
    """The functions of one block, each of [rows, …]."""

    before_attention: Function
    qkv: Function
    """Queries, keys and values, concatenated."""
    out: Function
    before_mlp: Function
    gate_up: Function
    """Gate and up, concatenated."""
    gated: Function
    """act(gate) * up of both."""
    down: Function
    q_norm: Function | None = None
    k_norm: Function | None = None


@dataclass(frozen=True, slots=True)
class LlamaParts:
    """The parts of a model, on numpy arrays or on tensors."""

    embedding: Array
    """[vocabulary, d_model]"""
    blocks: Sequence[LlamaBlock]
    unembedded: Function
    """Maps residual streams [n, d_model] to logits [n, vocabulary]."""
    rotary: Rotary
    query_scaling: Array
    """[heads + kv_heads, 1] the factor of the attention scores for each query head, 1 for keys."""
    heads: int
    shape: KVShape
    operations: Operations
    indices: Callable[[Sequence[int]], Array]
    """Indices into the embedding and the rotary tables."""
    zeros: Zeros


class LlamaDecoder:
    """RMS norm, rotary positions, grouped queries, gated MLP."""

    begin = None

    def __init__(self, parts: LlamaParts) -> None:
        self._parts = parts
        self.operations = parts.operations
        self.shape, self.zeros = parts.shape, parts.zeros

    def step(self, ids: Sequence[int], view: KVView, lens_rows: Collection[int]) -> LayerOutputs:
        parts = self._parts
        outputs = CollectedOutputs(self.operations.stack)
        cosines, sines, rows = parts.rotary.lookup(view)
        at = parts.indices(rows)
        # The rotary tables scale the queries too, for all layers at once.
        cos, sin = (table[at][:, None] * parts.query_scaling for table in (cosines, sines))
        x = parts.embedding[parts.indices(ids)]
        for layer, block in enumerate(parts.blocks):
            outputs.resid.append(x)
            attn_out, pattern = self._attend(block, x, cos, sin, view, layer)
            x = x + attn_out
            mlp_out = block.down(block.gated(block.gate_up(block.before_mlp(x))))
            x = x + mlp_out
            outputs.add(attn_out, mlp_out, pattern)
        outputs.resid.append(x)
        return outputs.ending_in(parts.unembedded, lens_rows, self.operations.concatenate)

    def _attend(
        self, block: LlamaBlock, x: Array, cos: Array, sin: Array, view: KVView, layer: int
    ) -> tuple[Array, list[Array]]:
        """attn_out [rows, d_model] of x [rows, d_model], and the patterns."""
        heads, dim = self._parts.heads, self.shape.head_dim
        rotated = heads + self.shape.kv_heads
        qkv = block.qkv(block.before_attention(x)).reshape(len(x), -1, dim)
        if block.q_norm is not None and block.k_norm is not None:
            qkv[:, :heads] = block.q_norm(qkv[:, :heads])
            qkv[:, heads:rotated] = block.k_norm(qkv[:, heads:rotated])
        # In place, so that keys and values stay contiguous.
        self.operations.rotate(qkv[:, :rotated], cos, sin)
        keys_values = qkv[:, heads:].reshape(len(x), 2, -1, dim)
        outputs, patterns = view.attend(layer, qkv[:, :heads], keys_values)
        output = outputs[0] if len(outputs) == 1 else self.operations.concatenate(outputs)
        return block.out(output), patterns
