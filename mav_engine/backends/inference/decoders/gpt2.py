"""The decode step of models that are built like GPT-2."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.decoders.layer_outputs import CollectedOutputs, LayerOutputs
from mav_engine.backends.inference.kernels.linear import product
from mav_engine.backends.inference.kernels.ops import Arithmetic, Row, unembedding
from mav_engine.backends.inference.kv_pool import KVShape
from mav_engine.backends.inference.kv_view import KVView


class Gpt2Decoder:
    """Layer norm, learned positions, one attention group a head, GELU MLP."""

    def __init__(self, model: Any, arithmetic: Arithmetic) -> None:
        base = model.transformer
        self.arithmetic = arithmetic
        self._tokens = arithmetic.constant(base.wte.weight)
        self._positions = arithmetic.constant(base.wpe.weight)
        self._blocks = [_Gpt2Block(block, arithmetic) for block in base.h]
        self._unembedded = unembedding(arithmetic.layer_norm(base.ln_f), model.lm_head, arithmetic)
        first = base.h[0].attn
        self.shape = KVShape(
            len(self._blocks), first.num_heads, first.head_dim, base.wte.weight.device
        )

    def step(self, ids: Sequence[int], seen: KVView, looked: Collection[int]) -> LayerOutputs:
        trace = CollectedOutputs(self.arithmetic.stacked)
        tokens = self.arithmetic.indices(ids, self.shape.device)
        positions = self.arithmetic.indices(seen.positions, self.shape.device)
        x = self._tokens[tokens] + self._positions[positions]
        for layer, block in enumerate(self._blocks):
            trace.resid.append(x)
            attended, pattern = block.attend(x, seen, layer)
            x = x + attended
            written = block.think(x)
            x = x + written
            trace.add(attended, written, pattern)
        trace.resid.append(x)
        return trace.ending_in(self._unembedded, looked, self.arithmetic.joined)


def _activation(act: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """The activation of an MLP; GELU's tanh form in one operation."""
    if type(act).__name__ in {"NewGELUActivation", "GELUTanh"}:
        return partial(nn.functional.gelu, approximate="tanh")
    given: Callable[[torch.Tensor], torch.Tensor] = act.forward
    return given


class _Gpt2Block:
    """One block; its products' weights stand as [in, out] in the model already."""

    def __init__(self, block: Any, arithmetic: Arithmetic) -> None:
        attention, mlp = block.attn, block.mlp
        of = arithmetic.function
        self._arithmetic = arithmetic
        self._qkv, self._out = of(product(attention.c_attn)), of(product(attention.c_proj))
        self._up, self._down = of(product(mlp.c_fc)), of(product(mlp.c_proj))
        self._act = of(_activation(mlp.act))
        self._before_attention = arithmetic.layer_norm(block.ln_1)
        self._before_mlp = arithmetic.layer_norm(block.ln_2)
        self.heads, self._scaling = attention.num_heads, float(attention.scaling)

    def attend(self, x: Row, seen: KVView, layer: int) -> tuple[Row, list[Row]]:
        """attn_out [rows, d_model] of x [rows, d_model], and the patterns."""
        qkv = self._qkv(self._before_attention(x))
        split = qkv.reshape(len(x), 3, self.heads, -1)
        outputs, patterns = seen.attend(layer, split[:, 0] * self._scaling, split[:, 1:])
        output = outputs[0] if len(outputs) == 1 else self._arithmetic.joined(outputs)
        return self._out(output), patterns

    def think(self, x: Row) -> Row:
        """mlp_out [rows, d_model]."""
        return self._down(self._act(self._up(self._before_mlp(x))))
