"""Llama in plain torch: modules by transformers' names, called as transformers' model is called.

Touvron et al., "LLaMA: Open and Efficient Foundation Language Models" (2023): RMS norm before each
part (Zhang and Sennrich 2019), rotary positions (Su et al. 2021), grouped queries (Ainslie et al.
2023), a gated MLP (Shazeer 2020). A test holds every number of it against transformers' own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from mav_engine.backends.hf import hooks
from mav_engine.backends.hf.plain_attention import mask_of, pattern_of
from mav_engine.backends.inference.kv_pool import KVSlot
from mav_engine.backends.llama_files.cache import PastCache, TextCache
from mav_engine.backends.llama_files.config import LlamaConfig

Rotary = tuple[torch.Tensor, torch.Tensor]
"""cos and sin [1, T, head_dim] of the positions that are read."""
Cache = PastCache | TextCache


@dataclass(frozen=True, slots=True)
class Output:
    """What one pass gives."""

    logits: torch.Tensor
    """[1, T, vocabulary]."""


class LlamaForCausalLM(nn.Module):
    """The language model. Weights are to be assigned: it is made without any."""

    def __init__(self, config: LlamaConfig, generation_config: Any) -> None:
        super().__init__()
        self.config = config
        self.generation_config = generation_config
        self.model = LlamaModel(config)
        self.lm_head = _linear(config.hidden_size, config.vocab_size)

    def forward(
        self,
        input_ids: torch.Tensor,
        position_ids: torch.Tensor,
        past_key_values: Cache | None = None,
        use_cache: bool = False,  # noqa: ARG002
    ) -> Output:
        """Read ids [1, T] at positions [1, T], after what the cache holds."""
        return Output(self.lm_head(self.model(input_ids, position_ids, past_key_values)))

    @property
    def base_model(self) -> LlamaModel:
        return self.model

    @property
    def device(self) -> torch.device:
        return self.lm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.lm_head.weight.dtype

    def new_cache(self) -> TextCache:
        """For a text that nothing was read of yet."""
        return TextCache()

    def cache_over(self, past: KVSlot) -> PastCache:
        """For a text that decode steps read too."""
        return PastCache(past)

    def get_output_embeddings(self) -> nn.Linear:
        return self.lm_head


class LlamaModel(nn.Module):
    """Everything before the unembedding."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        table = torch.empty(config.vocab_size, config.hidden_size, device="meta")
        # Given, not made: what would fill it is a second's import.
        self.embed_tokens = nn.Embedding(len(table), config.hidden_size, _weight=table)
        self.layers = nn.ModuleList(
            LlamaDecoderLayer(config, layer) for layer in range(config.num_hidden_layers)
        )
        self.norm = LlamaRMSNorm(config)
        self.rotary_emb = LlamaRotaryEmbedding(config)

    def forward(
        self,
        input_ids: torch.Tensor,
        position_ids: torch.Tensor,
        past_key_values: Cache | None = None,
    ) -> torch.Tensor:
        """Normed vectors [1, T, d_model] of ids [1, T]."""
        stream: torch.Tensor = self.embed_tokens(input_ids)
        rotary = self.rotary_emb(stream, position_ids)
        for layer in self.layers:
            stream = layer(stream, rotary, past_key_values)
        normed: torch.Tensor = self.norm(stream)
        return normed


class LlamaDecoderLayer(nn.Module):
    def __init__(self, config: LlamaConfig, layer: int) -> None:
        super().__init__()
        self.self_attn = LlamaAttention(config, layer)
        self.mlp = LlamaMLP(config)
        self.input_layernorm = LlamaRMSNorm(config)
        self.post_attention_layernorm = LlamaRMSNorm(config)

    def forward(self, stream: torch.Tensor, rotary: Rotary, cache: Cache | None) -> torch.Tensor:
        stream = stream + self.self_attn(self.input_layernorm(stream), rotary, cache)
        read: torch.Tensor = stream + self.mlp(self.post_attention_layernorm(stream))
        return read


class LlamaAttention(nn.Module):
    """softmax(q k^T / sqrt(head_dim)) v; the last query's pattern is kept for who records."""

    def __init__(self, config: LlamaConfig, layer: int) -> None:
        super().__init__()
        self.layer_idx = layer
        self.head_dim = config.head_dim
        self.scaling = config.head_dim**-0.5
        heads, shared = config.num_attention_heads, config.num_key_value_heads
        self.q_proj = _linear(config.hidden_size, heads * config.head_dim)
        self.k_proj = _linear(config.hidden_size, shared * config.head_dim)
        self.v_proj = _linear(config.hidden_size, shared * config.head_dim)
        self.o_proj = _linear(heads * config.head_dim, config.hidden_size)

    def forward(self, x: torch.Tensor, rotary: Rotary, cache: Cache | None) -> torch.Tensor:
        """[1, T, d_model] of x [1, T, d_model]."""
        products = (self.q_proj, self.k_proj, self.v_proj)
        split = (product(x).view(1, x.shape[1], -1, self.head_dim) for product in products)
        query, key, value = (each.transpose(1, 2) for each in split)
        query, key = _rotated(query, rotary), _rotated(key, rotary)
        if cache is not None:
            key, value = cache.update(key, value, self.layer_idx)
        mask = mask_of(query, key, None)
        self._keep_pattern(query, key, mask)
        seen = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, scale=self.scaling, enable_gqa=True
        )
        written: torch.Tensor = self.o_proj(seen.transpose(1, 2).reshape(1, x.shape[1], -1))
        return written

    def _keep_pattern(
        self, query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None
    ) -> None:
        kept = hooks.current()
        if kept is None or "pattern" not in kept.points:
            return
        if "full_pattern" not in kept.points:
            query, mask = query[:, :, -1:], None
        kept.pattern[self.layer_idx] = pattern_of(query, key, mask, self.scaling)


class LlamaMLP(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.gate_proj = _linear(config.hidden_size, config.intermediate_size)
        self.up_proj = _linear(config.hidden_size, config.intermediate_size)
        self.down_proj = _linear(config.intermediate_size, config.hidden_size)
        self.act_fn = nn.SiLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        written: torch.Tensor = self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))
        return written


class LlamaRMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight over the last axis."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.hidden_size, device="meta"))
        self.variance_epsilon = config.rms_norm_eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean_square = x.square().mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(mean_square + self.variance_epsilon))


class LlamaRotaryEmbedding(nn.Module):
    """Angles of positions: those of the pair i turn by theta^(-2i/head_dim) a position."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim
        self._speeds = 1.0 / config.rope_parameters["rope_theta"] ** exponents

    def forward(self, x: torch.Tensor, position_ids: torch.Tensor) -> Rotary:  # noqa: ARG002
        """cos and sin [1, T, head_dim] of positions [1, T]."""
        angles = position_ids[..., None].float() * self._speeds
        both = torch.cat([angles, angles], dim=-1)
        return both.cos(), both.sin()


def _linear(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False, device="meta")


def _rotated(x: torch.Tensor, rotary: Rotary) -> torch.Tensor:
    """x [1, heads, T, head_dim] turned by its positions; the pair of i is i + head_dim / 2."""
    cos, sin = (each[:, None] for each in rotary)
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def assign(model: LlamaForCausalLM, weights: dict[str, Any]) -> bool:
    """Give the model its weights, by transformers' names; False where they are not all there."""
    tied = model.config.tie_word_embeddings
    wanted = {name: each.shape for name, each in model.named_parameters()}
    if tied:
        del wanted["lm_head.weight"]
    if wanted != {name: weight.shape for name, weight in weights.items()}:
        return False
    model.load_state_dict(weights, strict=False, assign=True)
    if tied:
        model.lm_head.weight = model.model.embed_tokens.weight
    return True
