"""A shorter way through one decode step, for models that are built like Llama or like GPT-2.

Small models are bound by the number of operations, so the step is written out: q, k and v in one
product, gate and up in another, rotary tables made once, no mask, no module calls. Whether a
model can take it is decided by its structure, and then by proof: `decoder_for` runs both ways on
a probe and keeps this one only where every recorded tensor agrees with the general path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional

from mav_engine.backends.transformers.cache import SlabLayer
from mav_engine.backends.transformers.recording import Recording

_LLAMA_BLOCK = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
_LLAMA_ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
_LLAMA_MLP = {"gate_proj", "up_proj", "down_proj", "act_fn"}
_GPT2_BLOCK = {"ln_1", "attn", "ln_2", "mlp"}
_STEADY_ROPE = {"default", "linear", "llama3"}
"""Rotary kinds whose tables do not change with the length of the text."""


class Decoder(Protocol):
    """One decode step, written out."""

    def step(
        self, token_id: int, position: int, layers: Sequence[SlabLayer], recording: Recording
    ) -> torch.Tensor:
        """Read one token at a position; give logits [1, vocabulary] and fill the recording."""


def decoder_for(model: Any, config: Any) -> Decoder | None:
    """The written-out step that a model's structure allows, not yet proven; or None."""
    if model.dtype != torch.float32:
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
        and type(model.lm_head) is nn.Linear
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
        and all(type(product) is nn.Linear for product in products)
    )


def _named(module: nn.Module) -> set[str]:
    return {name for name, _ in module.named_children()}


def _fuse(linears: Sequence[nn.Linear]) -> tuple[torch.Tensor, torch.Tensor | None]:
    """One weight for several products of the same input; theirs become views of it."""
    weight = torch.cat([linear.weight.detach() for linear in linears])
    sizes = [linear.weight.shape[0] for linear in linears]
    parts: tuple[torch.Tensor, ...] = torch.split_with_sizes(weight, sizes)
    for linear, part in zip(linears, parts, strict=True):
        linear.weight.data = part
    if linears[0].bias is None:
        return weight, None
    return weight, torch.cat([linear.bias.detach() for linear in linears])


def _attend(
    query: torch.Tensor, layer: SlabLayer, scaling: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Output and pattern [kv_heads, group, …] of one query [kv_heads, group, head_dim]."""
    keys, values = layer.keys[0], layer.values[0]
    pattern = torch.softmax(torch.bmm(query * scaling, keys.transpose(1, 2)), -1)
    return torch.bmm(pattern, values), pattern


class LlamaDecoder:
    """RMS norm, rotary positions, grouped queries, gated MLP."""

    def __init__(self, model: Any, config: Any) -> None:
        base = model.model
        self._embedding = base.embed_tokens.weight
        self._rotary = base.rotary_emb
        self._blocks = [_LlamaBlock(block) for block in base.layers]
        self._norm = _RmsNorm(base.norm)
        self._head = model.lm_head
        self._tables = self._make_tables(0)
        self._steps_of_tables = max(64, min(4096, config.max_position_embeddings))

    def step(
        self, token_id: int, position: int, layers: Sequence[SlabLayer], recording: Recording
    ) -> torch.Tensor:
        while position >= self._tables[0].shape[0]:
            self._tables = self._make_tables(self._tables[0].shape[0] + self._steps_of_tables)
        cos, sin = self._tables[0][position], self._tables[1][position]
        x = self._embedding[token_id : token_id + 1]
        for index, block in enumerate(self._blocks):
            recording.resid[index] = x[None]
            attended, pattern = block.attend(x, cos, sin, layers[index])
            x = x + attended
            written = block.think(x)
            x = x + written
            recording.attn_out[index], recording.mlp_out[index] = attended[None], written[None]
            recording.pattern[index] = pattern.view(1, -1, 1, pattern.shape[-1])
        recording.resid[len(self._blocks)] = x[None]
        return functional.linear(self._norm(x), self._head.weight, self._head.bias)

    def _make_tables(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """cos and sin [length, head_dim]; sin has the signs of the rotated half."""
        weight = self._embedding
        cos, sin = self._rotary(weight[:1], torch.arange(length, device=weight.device)[None])
        first = sin.shape[-1] // 2
        return cos[0], torch.cat([-sin[0, :, :first], sin[0, :, first:]], dim=-1)


class _RmsNorm:
    """x / sqrt(mean(x^2) + eps) * weight over the last axis."""

    def __init__(self, norm: Any) -> None:
        self._weight = norm.weight
        self._eps = float(getattr(norm, "variance_epsilon", getattr(norm, "eps", 0.0)))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(x, self._weight.shape, self._weight, self._eps)


class _LlamaBlock:
    """The weights of one block, joined where they read the same input."""

    def __init__(self, block: Any) -> None:
        attention, mlp = block.self_attn, block.mlp
        self._qkv, self._qkv_bias = _fuse([attention.q_proj, attention.k_proj, attention.v_proj])
        self._head_dim = attention.head_dim
        self._kv_heads = attention.k_proj.out_features // self._head_dim
        self._heads = attention.q_proj.out_features // self._head_dim
        self._scaling = attention.scaling
        self._out = attention.o_proj
        self._gate_up, self._gate_up_bias = _fuse([mlp.gate_proj, mlp.up_proj])
        self._down = mlp.down_proj
        self._act: Callable[[torch.Tensor], torch.Tensor] = mlp.act_fn
        self._before_attention = _RmsNorm(block.input_layernorm)
        self._before_mlp = _RmsNorm(block.post_attention_layernorm)
        has_norms = hasattr(attention, "q_norm")
        self._q_norm = _RmsNorm(attention.q_norm) if has_norms else None
        self._k_norm = _RmsNorm(attention.k_norm) if has_norms else None

    def attend(
        self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, layer: SlabLayer
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """attn_out [1, d_model] and pattern [kv_heads, group, keys] of x [1, d_model]."""
        heads, kv_heads, dim = self._heads, self._kv_heads, self._head_dim
        joined = functional.linear(self._before_attention(x), self._qkv, self._qkv_bias).view(
            -1, dim
        )
        turning = joined[: heads + kv_heads]
        if self._q_norm is not None and self._k_norm is not None:
            turning = torch.cat([self._q_norm(turning[:heads]), self._k_norm(turning[heads:])])
        turned = torch.addcmul(turning * cos, turning.roll(dim // 2, -1), sin)
        layer.update(turned[heads:][None, :, None], joined[heads + kv_heads :][None, :, None])
        output, pattern = _attend(turned[:heads].view(kv_heads, -1, dim), layer, self._scaling)
        return functional.linear(output.view(1, -1), self._out.weight, self._out.bias), pattern

    def think(self, x: torch.Tensor) -> torch.Tensor:
        """mlp_out [1, d_model]."""
        joined = functional.linear(self._before_mlp(x), self._gate_up, self._gate_up_bias)
        gate, up = joined.chunk(2, dim=-1)
        return functional.linear(self._act(gate) * up, self._down.weight, self._down.bias)


class Gpt2Decoder:
    """Layer norm, learned positions, one attention group a head, GELU MLP."""

    def __init__(self, model: Any) -> None:
        base = model.transformer
        self._tokens, self._positions = base.wte.weight, base.wpe.weight
        self._blocks = list(base.h)
        self._norm, self._head = base.ln_f, model.lm_head
        for block in self._blocks:
            for product in (block.attn.c_attn, block.attn.c_proj, block.mlp.c_fc, block.mlp.c_proj):
                # Stored so that each output's weights lie together: one row reads them in order.
                product.weight.data = product.weight.t().contiguous().t()

    def step(
        self, token_id: int, position: int, layers: Sequence[SlabLayer], recording: Recording
    ) -> torch.Tensor:
        x = self._tokens[token_id : token_id + 1] + self._positions[position : position + 1]
        for index, block in enumerate(self._blocks):
            recording.resid[index] = x[None]
            attended, pattern = self._attended(block, x, layers[index])
            x = x + attended
            hidden = block.mlp.act(_product(block.mlp.c_fc, _normed(block.ln_2, x)))
            written = _product(block.mlp.c_proj, hidden)
            x = x + written
            recording.attn_out[index], recording.mlp_out[index] = attended[None], written[None]
            recording.pattern[index] = pattern.view(1, -1, 1, pattern.shape[-1])
        recording.resid[len(self._blocks)] = x[None]
        return functional.linear(_normed(self._norm, x), self._head.weight)

    def _attended(
        self, block: Any, x: torch.Tensor, layer: SlabLayer
    ) -> tuple[torch.Tensor, torch.Tensor]:
        attention = block.attn
        joined = _product(attention.c_attn, _normed(block.ln_1, x))
        q, k, v = joined.view(3, attention.num_heads, 1, attention.head_dim)
        layer.update(k[None], v[None])
        output, pattern = _attend(q, layer, attention.scaling)
        return _product(attention.c_proj, output.view(1, -1)), pattern


def _normed(norm: Any, x: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _product(conv: Any, x: torch.Tensor) -> torch.Tensor:
    return functional.linear(x, conv.weight.t(), conv.bias)
