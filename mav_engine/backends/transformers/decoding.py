"""A shorter way through one decode step, for models that are built like Llama or like GPT-2.

Small models are bound by the number of operations, so the step is written out: q, k and v in one
product, gate and up in another, rotary tables made once, no mask, no module calls. It reads one
token of each of several texts, a row each. Whether a model can take it is decided by its
structure, and then by proof: both ways run on a probe, and this one is kept only where every
recorded tensor agrees with the general path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional

from mav_engine.backends.transformers.norms import RmsNorm
from mav_engine.backends.transformers.pasts import Pasts, PastShape
from mav_engine.backends.transformers.products import Product, is_linear, joined, product

_LLAMA_BLOCK = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
_LLAMA_ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
_LLAMA_MLP = {"gate_proj", "up_proj", "down_proj", "act_fn"}
_GPT2_BLOCK = {"ln_1", "attn", "ln_2", "mlp"}
_STEADY_ROPE = {"default", "linear", "llama3"}
"""Rotary kinds whose tables do not change with the length of the text."""


class Trace:
    """What one step of several texts leaves at each layer; a row a text."""

    def __init__(self) -> None:
        self.resid: list[torch.Tensor] = []
        """[n_layers + 1] of [rows, d_model]."""
        self.attn_out: list[torch.Tensor] = []
        self.mlp_out: list[torch.Tensor] = []
        self.pattern: list[list[torch.Tensor]] = []
        """[n_layers] of what `Pasts.attend` gives."""

    def add(
        self, attn_out: torch.Tensor, mlp_out: torch.Tensor, pattern: list[torch.Tensor]
    ) -> None:
        """The outputs of the next layer."""
        self.attn_out.append(attn_out)
        self.mlp_out.append(mlp_out)
        self.pattern.append(pattern)


class Decoder(Protocol):
    """One decode step, written out."""

    shape: PastShape
    """Of the keys and values that it reads and writes."""
    head: Product
    """The unembedding."""

    def step(self, ids: torch.Tensor, pasts: Pasts, trace: Trace) -> torch.Tensor:
        """Read one token [rows] of each text after its past; give logits [rows, vocabulary]."""


def decoder_for(model: Any, config: Any) -> Decoder | None:
    """The written-out step that a model's structure allows, not yet proven; or None."""
    if model.dtype != torch.float32 or len({each.device for each in model.parameters()}) > 1:
        return None
    base = getattr(model, "model", None)
    if _is_llama(model, base, config):
        return LlamaDecoder(model, config)
    base = getattr(model, "transformer", None)
    if base is not None and _named(base) == {"wte", "wpe", "drop", "h", "ln_f"}:
        return Gpt2Decoder(model) if _named(base.h[0]) == _GPT2_BLOCK else None
    return None


def _is_llama(model: Any, base: Any, config: Any) -> bool:
    if base is None or _named(base) != {"embed_tokens", "layers", "norm", "rotary_emb"}:
        return False
    rope = getattr(config, "rope_parameters", None) or {}
    # Layers that hide what is out of a window need a mask, which this step does not have.
    windowed = any("sliding" in kind for kind in getattr(config, "layer_types", None) or [])
    windowed = windowed or bool(getattr(config, "sliding_window", None))
    return (
        not windowed
        and rope.get("rope_type") in _STEADY_ROPE
        and all(_is_llama_block(block) for block in base.layers)
        and is_linear(model.lm_head)
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

    def __init__(self, model: Any, config: Any) -> None:
        base = model.model
        self.head = product(model.lm_head)
        self._embedding = base.embed_tokens.weight
        self._rotary = base.rotary_emb
        self._blocks = [_LlamaBlock(block) for block in base.layers]
        self._norm = RmsNorm(base.norm)
        self._tables = self._make_tables(0)
        self._steps_of_tables = max(64, min(4096, config.max_position_embeddings))
        first = self._blocks[0]
        self.shape = PastShape(
            len(self._blocks), first.kv_heads, first.head_dim, self._embedding.device
        )

    def step(self, ids: torch.Tensor, pasts: Pasts, trace: Trace) -> torch.Tensor:
        while pasts.longest >= self._tables[0].shape[0]:
            self._tables = self._make_tables(self._tables[0].shape[0] + self._steps_of_tables)
        cos, sin = (table.index_select(0, pasts.positions)[:, None] for table in self._tables)
        x = self._embedding.index_select(0, ids)
        for layer, block in enumerate(self._blocks):
            trace.resid.append(x)
            attended, pattern = block.attend(x, cos, sin, pasts, layer)
            x = x + attended
            written = block.think(x)
            x = x + written
            trace.add(attended, written, pattern)
        trace.resid.append(x)
        return self.head(self._norm(x))

    def _make_tables(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """cos and sin [length, head_dim]; sin has the signs of the rotated half."""
        weight = self._embedding
        cos, sin = self._rotary(weight[:1], torch.arange(length, device=weight.device)[None])
        first = sin.shape[-1] // 2
        return cos[0], torch.cat([-sin[0, :, :first], sin[0, :, first:]], dim=-1)


class _LlamaBlock:
    """The weights of one block, joined where they read the same input."""

    def __init__(self, block: Any) -> None:
        attention, mlp = block.self_attn, block.mlp
        self._qkv = joined([attention.q_proj, attention.k_proj, attention.v_proj])
        self.head_dim: int = attention.head_dim
        self.kv_heads: int = attention.k_proj.out_features // self.head_dim
        self.heads = attention.q_proj.out_features // self.head_dim
        self._scaling = attention.scaling
        self._out = product(attention.o_proj)
        self._gate_up = joined([mlp.gate_proj, mlp.up_proj])
        self._down = product(mlp.down_proj)
        self._act: Callable[[torch.Tensor], torch.Tensor] = mlp.act_fn.forward
        self._before_attention = RmsNorm(block.input_layernorm)
        self._before_mlp = RmsNorm(block.post_attention_layernorm)
        has_norms = hasattr(attention, "q_norm")
        self._q_norm = RmsNorm(attention.q_norm) if has_norms else None
        self._k_norm = RmsNorm(attention.k_norm) if has_norms else None

    def attend(
        self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, pasts: Pasts, layer: int
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """attn_out [rows, d_model] of x [rows, d_model], and the patterns."""
        heads, turned_heads, dim = self.heads, self.heads + self.kv_heads, self.head_dim
        qkv = self._qkv(self._before_attention(x)).view(x.shape[0], -1, dim)
        turning = qkv[:, :turned_heads]
        if self._q_norm is not None and self._k_norm is not None:
            q, k = turning.split_with_sizes([heads, self.kv_heads], dim=1)
            turning = torch.cat([self._q_norm(q), self._k_norm(k)], dim=1)
        # Written over what was turned, so that keys and values lie together.
        torch.addcmul(turning * cos, turning.roll(dim // 2, -1), sin, out=qkv[:, :turned_heads])
        keys_values = qkv[:, heads:].view(x.shape[0], 2, -1, dim)
        output, patterns = pasts.attend(layer, qkv[:, :heads], keys_values, self._scaling)
        return self._out(output), patterns

    def think(self, x: torch.Tensor) -> torch.Tensor:
        """mlp_out [rows, d_model]."""
        gate, up = self._gate_up(self._before_mlp(x)).chunk(2, dim=-1)
        return self._down(self._act(gate) * up)


class Gpt2Decoder:
    """Layer norm, learned positions, one attention group a head, GELU MLP."""

    def __init__(self, model: Any) -> None:
        base = model.transformer
        self.head = product(model.lm_head)
        self._tokens, self._positions = base.wte.weight, base.wpe.weight
        self._blocks = [_Gpt2Block(block) for block in base.h]
        self._norm = base.ln_f
        first = base.h[0].attn
        self.shape = PastShape(
            len(self._blocks), first.num_heads, first.head_dim, self._tokens.device
        )

    def step(self, ids: torch.Tensor, pasts: Pasts, trace: Trace) -> torch.Tensor:
        x = self._tokens.index_select(0, ids) + self._positions.index_select(0, pasts.positions)
        for layer, block in enumerate(self._blocks):
            trace.resid.append(x)
            attended, pattern = block.attend(x, pasts, layer)
            x = x + attended
            written = block.think(x)
            x = x + written
            trace.add(attended, written, pattern)
        trace.resid.append(x)
        return self.head(_normed(self._norm, x))


class _Gpt2Block:
    """One block; its products' weights stand as [in, out] in the model already."""

    def __init__(self, block: Any) -> None:
        attention, mlp = block.attn, block.mlp
        self._qkv, self._out = product(attention.c_attn), product(attention.c_proj)
        self._up, self._down = product(mlp.c_fc), product(mlp.c_proj)
        self._act: Callable[[torch.Tensor], torch.Tensor] = mlp.act.forward
        self._before_attention, self._before_mlp = block.ln_1, block.ln_2
        self.heads, self._scaling = attention.num_heads, attention.scaling

    def attend(
        self, x: torch.Tensor, pasts: Pasts, layer: int
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """attn_out [rows, d_model] of x [rows, d_model], and the patterns."""
        qkv = self._qkv(_normed(self._before_attention, x))
        split = qkv.view(x.shape[0], 3, self.heads, -1)
        output, patterns = pasts.attend(layer, split[:, 0], split[:, 1:], self._scaling)
        return self._out(output), patterns

    def think(self, x: torch.Tensor) -> torch.Tensor:
        """mlp_out [rows, d_model]."""
        return self._down(self._act(self._up(_normed(self._before_mlp, x))))


def _normed(norm: Any, x: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
