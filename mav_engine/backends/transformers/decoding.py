"""A shorter way through one decode step, for models that are built like Llama or like GPT-2.

Small models are bound by the number of operations, so the step is written out: q, k and v in one
product, gate and up in another, rotary tables made once, no mask, no module calls. It reads one
token of each of several texts, a row each, or a few tokens of one text. Whether a model can take
it is decided by its class, its configuration (`decoder_support.py`) and its structure, and then by
verification: both ways run on a probe, and this one is kept only where every recorded tensor agrees
with the general path.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import nn

from mav_engine.backends.native.int8 import int8_product
from mav_engine.backends.transformers.arithmetic import BY_NUMPY, BY_TORCH, Arithmetic, unembedding
from mav_engine.backends.transformers.decoder_support import (
    unsupported_by_gpt2,
    unsupported_by_llama,
)
from mav_engine.backends.transformers.int8 import rounds_activations
from mav_engine.backends.transformers.native import native_llama
from mav_engine.backends.transformers.pasts import PastShape, Seen
from mav_engine.backends.transformers.products import is_linear, joined, product
from mav_engine.backends.transformers.rotary import Rotary
from mav_engine.backends.transformers.traces import LayerTrace, Row, Trace

_LLAMA_BLOCK = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
_LLAMA_ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
_LLAMA_MLP = {"gate_proj", "up_proj", "down_proj", "act_fn"}
_GPT2_BLOCK = {"ln_1", "attn", "ln_2", "mlp"}
_log = logging.getLogger(__name__)


class Decoder(Protocol):
    """One decode step, written out."""

    shape: PastShape
    """Of the keys and values that it reads and writes."""
    arithmetic: Arithmetic
    """What it computes with."""

    def step(self, ids: Sequence[int], seen: Seen, looked: Collection[int]) -> Trace:
        """Read tokens [rows] after what each looks at; those of `looked` through every layer."""


def decoder_for(model: Any, config: Any) -> Decoder | None:
    """The written-out step that a model's structure allows, not yet proven; or None."""
    devices = {each.device for each in model.parameters()}
    if model.dtype != torch.float32 or len(devices) > 1:
        return None
    on_cpu = devices == {torch.device("cpu")}
    # Between torch's int8 products, which open its threads, numpy was seen to be no faster.
    by_numpy = on_cpu and (not rounds_activations(model) or int8_product() is not None)
    arithmetic: Arithmetic = BY_NUMPY if by_numpy else BY_TORCH
    if _is_llama(model):
        refused = unsupported_by_llama(model, config)
        if refused is None:
            native = native_llama(model, config) if on_cpu else None
            return native or LlamaDecoder(model, config, arithmetic)
    elif _is_gpt2(model):
        refused = unsupported_by_gpt2(model, config)
        if refused is None:
            return Gpt2Decoder(model, arithmetic)
    else:
        refused = "it is not built like Llama or GPT-2"
    _log.info("%s takes the general path: %s", type(model).__name__, refused)
    return None


def _is_llama(model: Any) -> bool:
    base = getattr(model, "model", None)
    return (
        base is not None
        and _named(base) == {"embed_tokens", "layers", "norm", "rotary_emb"}
        and all(_is_llama_block(block) for block in base.layers)
        and is_linear(model.lm_head)
    )


def _is_gpt2(model: Any) -> bool:
    base = getattr(model, "transformer", None)
    return (
        base is not None
        and _named(base) == {"wte", "wpe", "drop", "h", "ln_f"}
        and all(_named(block) == _GPT2_BLOCK for block in base.h)
    )


def _is_llama_block(block: nn.Module) -> bool:
    attention: Any = getattr(block, "self_attn", None)
    mlp: Any = getattr(block, "mlp", None)
    if _named(block) != _LLAMA_BLOCK or attention is None or mlp is None:
        return False
    products = [getattr(attention, name, None) for name in _LLAMA_ATTENTION]
    products += [getattr(mlp, name, None) for name in _LLAMA_MLP - {"act_fn"}]
    return (
        _named(attention) in (_LLAMA_ATTENTION, _LLAMA_ATTENTION | {"q_norm", "k_norm"})
        and _named(mlp) == _LLAMA_MLP
        and all(is_linear(each) for each in products)
    )


def _named(module: nn.Module) -> set[str]:
    return {name for name, _ in module.named_children()}


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
        self.shape = PastShape(
            len(self._blocks), first.kv_heads, first.head_dim, self._weight.device
        )

    def step(self, ids: Sequence[int], seen: Seen, looked: Collection[int]) -> Trace:
        trace = LayerTrace(self.arithmetic.stacked)
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

    def attend(self, x: Row, cos: Row, sin: Row, seen: Seen, layer: int) -> tuple[Row, list[Row]]:
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
        self.shape = PastShape(
            len(self._blocks), first.num_heads, first.head_dim, base.wte.weight.device
        )

    def step(self, ids: Sequence[int], seen: Seen, looked: Collection[int]) -> Trace:
        trace = LayerTrace(self.arithmetic.stacked)
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

    def attend(self, x: Row, seen: Seen, layer: int) -> tuple[Row, list[Row]]:
        """attn_out [rows, d_model] of x [rows, d_model], and the patterns."""
        qkv = self._qkv(self._before_attention(x))
        split = qkv.reshape(len(x), 3, self.heads, -1)
        outputs, patterns = seen.attend(layer, split[:, 0] * self._scaling, split[:, 1:])
        output = outputs[0] if len(outputs) == 1 else self._arithmetic.joined(outputs)
        return self._out(output), patterns

    def think(self, x: Row) -> Row:
        """mlp_out [rows, d_model]."""
        return self._down(self._act(self._up(self._before_mlp(x))))
