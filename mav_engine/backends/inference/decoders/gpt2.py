"""The decoder of models that are built like GPT-2."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mav_engine.backends.inference.decoders.layer_outputs import CollectedOutputs, LayerOutputs
from mav_engine.backends.inference.kernels.arithmetic import Function, Operations
from mav_engine.backends.inference.kv_pool import Array, KVShape, Zeros
from mav_engine.backends.inference.kv_view import KVView


@dataclass(frozen=True, slots=True)
class Gpt2Block:
    """The functions of one block, each of [rows, …]."""

    before_attention: Function
    qkv: Function
    """Queries, keys and values, concatenated."""
    out: Function
    before_mlp: Function
    up: Function
    act: Function
    down: Function


@dataclass(frozen=True, slots=True)
class Gpt2Parts:
    """The parts of a model, on numpy arrays or on tensors."""

    embedding: Array
    """[vocabulary, d_model]"""
    positions: Array
    """[positions, d_model]"""
    blocks: Sequence[Gpt2Block]
    unembedded: Function
    """Maps residual streams [n, d_model] to logits [n, vocabulary]."""
    scaling: float
    """Factor of the attention scores."""
    shape: KVShape
    operations: Operations
    indices: Callable[[Sequence[int]], Array]
    """Indices into the embeddings."""
    zeros: Zeros


class Gpt2Decoder:
    """Layer norm, learned positions, one attention group a head, GELU MLP."""

    begin = None

    def __init__(self, parts: Gpt2Parts) -> None:
        self._parts = parts
        self.operations = parts.operations
        self.shape, self.zeros = parts.shape, parts.zeros

    def step(self, ids: Sequence[int], view: KVView, lens_rows: Collection[int]) -> LayerOutputs:
        parts = self._parts
        outputs = CollectedOutputs(self.operations.stack)
        x = parts.embedding[parts.indices(ids)] + parts.positions[parts.indices(view.positions)]
        for layer, block in enumerate(parts.blocks):
            outputs.resid.append(x)
            attn_out, pattern = self._attend(block, x, view, layer)
            x = x + attn_out
            mlp_out = block.down(block.act(block.up(block.before_mlp(x))))
            x = x + mlp_out
            outputs.add(attn_out, mlp_out, pattern)
        outputs.resid.append(x)
        return outputs.ending_in(parts.unembedded, lens_rows, self.operations.concatenate)

    def _attend(
        self, block: Gpt2Block, x: Array, view: KVView, layer: int
    ) -> tuple[Array, list[Array]]:
        """attn_out [rows, d_model] of x [rows, d_model], and the patterns."""
        qkv = block.qkv(block.before_attention(x))
        split = qkv.reshape(len(x), 3, self.shape.kv_heads, -1)
        outputs, patterns = view.attend(layer, split[:, 0] * self._parts.scaling, split[:, 1:])
        output = outputs[0] if len(outputs) == 1 else self.operations.concatenate(outputs)
        return block.out(output), patterns
