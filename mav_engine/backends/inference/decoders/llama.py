"""The decode step of models that are built like Llama."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch

from mav_engine.backends.inference.decoders.layer_outputs import CollectedOutputs, LayerOutputs
from mav_engine.backends.inference.decoders.rotary import Rotary
from mav_engine.backends.inference.kernels.linear import joined, product
from mav_engine.backends.inference.kernels.ops import Arithmetic, Row, unembedding
from mav_engine.backends.inference.kv_pool import KVShape
from mav_engine.backends.inference.kv_view import KVView


class LlamaDecoder:
    """RMS norm, rotary positions, grouped queries, gated MLP."""

    def __init__(self, model: Any, config: Any, arithmetic: Arithmetic) -> None:
        base = model.model
        self.arithmetic = arithmetic
        self._weight = base.embed_tokens.weight
        self._embedding = arithmetic.constant(self._weight)
        self._blocks = [_LlamaBlock(block, arithmetic) for block in base.layers]
        self._unembedded = unembedding(arithmetic.rms_norm(base.norm), model.lm_head, arithmetic)
        first = self._blocks[0]
        # Queries are scaled as they are turned, for all layers at once.
        factors = torch.ones(first.heads + first.kv_heads, 1, device=self._weight.device)
        factors[: first.heads] = first.scaling
        self._factors = arithmetic.constant(factors)
        self._rotary = Rotary(base.rotary_emb, self._weight, config.max_position_embeddings)
        self.shape = KVShape(len(self._blocks), first.kv_heads, first.head_dim, self._weight.device)

    def step(self, ids: Sequence[int], seen: KVView, looked: Collection[int]) -> LayerOutputs:
        trace = CollectedOutputs(self.arithmetic.stacked)
        cosines, sines, rows = self._rotary.lookup(seen)
        at = self.arithmetic.indices(rows, self.shape.device)
        cos, sin = (
            self.arithmetic.constant(table)[at][:, None] * self._factors
            for table in (cosines, sines)
        )
        x = self._embedding[self.arithmetic.indices(ids, self.shape.device)]
        for layer, block in enumerate(self._blocks):
            trace.resid.append(x)
            attended, pattern = block.attend(x, cos, sin, seen, layer)
            x = x + attended
            written = block.think(x)
            x = x + written
            trace.add(attended, written, pattern)
        trace.resid.append(x)
        return trace.ending_in(self._unembedded, looked, self.arithmetic.joined)


class _LlamaBlock:
    """The weights of one block, joined where they read the same input."""

    def __init__(self, block: Any, arithmetic: Arithmetic) -> None:
        attention, mlp = block.self_attn, block.mlp
        of = arithmetic.function
        self._arithmetic = arithmetic
        self._qkv = of(joined([attention.q_proj, attention.k_proj, attention.v_proj]))
        self.head_dim: int = attention.head_dim
        self.kv_heads: int = attention.k_proj.out_features // self.head_dim
        self.heads = attention.q_proj.out_features // self.head_dim
        self.scaling = float(attention.scaling)
        self._out = of(product(attention.o_proj))
        self._gate_up = of(joined([mlp.gate_proj, mlp.up_proj]))
        self._down = of(product(mlp.down_proj))
        self._gated = arithmetic.gated(mlp.act_fn)
        self._before_attention = arithmetic.rms_norm(block.input_layernorm)
        self._before_mlp = arithmetic.rms_norm(block.post_attention_layernorm)
        self._has_norms = hasattr(attention, "q_norm")
        if self._has_norms:
            self._q_norm = arithmetic.rms_norm(attention.q_norm)
            self._k_norm = arithmetic.rms_norm(attention.k_norm)

    def attend(self, x: Row, cos: Row, sin: Row, seen: KVView, layer: int) -> tuple[Row, list[Row]]:
        """attn_out [rows, d_model] of x [rows, d_model], and the patterns."""
        heads, turned, dim = self.heads, self.heads + self.kv_heads, self.head_dim
        qkv = self._qkv(self._before_attention(x)).reshape(len(x), -1, dim)
        if self._has_norms:
            qkv[:, :heads] = self._q_norm(qkv[:, :heads])
            qkv[:, heads:turned] = self._k_norm(qkv[:, heads:turned])
        # Written over what was turned, so that keys and values lie together.
        self._arithmetic.turn(qkv[:, :turned], cos, sin)
        keys_values = qkv[:, heads:].reshape(len(x), 2, -1, dim)
        outputs, patterns = seen.attend(layer, qkv[:, :heads], keys_values)
        output = outputs[0] if len(outputs) == 1 else self._arithmetic.joined(outputs)
        return self._out(output), patterns

    def think(self, x: Row) -> Row:
        """mlp_out [rows, d_model]."""
        return self._down(self._gated(self._gate_up(self._before_mlp(x))))
