"""A configuration of any model type made so small that its random model runs in milliseconds.

Every known size is shrunk by its field's name, whatever the type; lists with one entry a layer
keep each kind of layer that they name. What a type needs beyond that stands in `FIXES`.
"""

from __future__ import annotations

import copy
from typing import Any

from transformers import CONFIG_MAPPING, PretrainedConfig

from tests.sweep.fixes import FIXES
from tests.sweep.sizes import CONTEXT, HEADS, LAYERS, SPECIAL, VOCABULARY

_WIDTH = ("hidden_size", "d_model", "n_embd", "emb_dim", "word_embed_proj_dim", "embedding_dim")
_HEADS = (
    "num_attention_heads",
    "n_head",
    "n_heads",
    "num_heads",
    "attention_heads",
    "decoder_attention_heads",
    "encoder_attention_heads",
    "num_encoder_attention_heads",
    "num_decoder_attention_heads",
    "swa_num_attention_heads",
)
_KV_HEADS = (
    "num_key_value_heads",
    "num_kv_heads",
    "swa_num_key_value_heads",
    "num_query_groups",
)
_INNER = (
    "intermediate_size",
    "ffn_dim",
    "decoder_ffn_dim",
    "encoder_ffn_dim",
    "moe_intermediate_size",
    "d_inner",
    "dff",
    "dim_ff",
    "ffn_hidden_size",
    "expert_ffn_hidden_size",
    "shared_expert_intermediate_size",
    "shared_experts_intermediate_size",
    "moe_shared_expert_intermediate_size",
    "intermediate_size_mlp",
    "dense_intermediate_size",
    "shared_intermediate_size",
    "feed_forward_size",
    "prompt_mid_dim",
)
_LAYERS = (
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "decoder_layers",
    "encoder_layers",
    "num_encoder_layers",
    "num_decoder_layers",
    "num_blocks",
    "depth",
)
_EXPERTS = (
    "num_experts",
    "n_routed_experts",
    "num_local_experts",
    "moe_num_experts",
)
_CHOSEN = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "moe_topk",
    "moe_k",
)
_PER_LAYER = (
    "layer_types",
    "mlp_layer_types",
    "layers_block_type",
    "indexer_types",
    "layer_rope_theta",
    "no_rope_layers",
    "num_attention_heads_per_layer",
    "activation_sparsity_pattern",
    "attn_layers",
    "block_types",
)

SIZES: dict[str, int] = {
    **dict.fromkeys(_WIDTH, 32),
    **dict.fromkeys(_HEADS, HEADS),
    **dict.fromkeys(_KV_HEADS, 2),
    **dict.fromkeys(_INNER, 48),
    **dict.fromkeys(_LAYERS, LAYERS),
    **dict.fromkeys(_EXPERTS, 4),
    **dict.fromkeys(_CHOSEN, 2),
    "vocab_size": VOCABULARY,
    "vocab_size_per_layer_input": VOCABULARY,
    "head_dim": 8,
    "swa_head_dim": 8,
    "v_head_dim": 8,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 8,
    "qk_head_dim": 12,
    "kv_lora_rank": 8,
    "q_lora_rank": 8,
    "index_head_dim": 8,
    "index_n_heads": 2,
    "index_topk": 64,
    "n_group": 1,
    "num_expert_group": 1,
    "topk_group": 1,
    "n_shared_experts": 1,
    "max_position_embeddings": CONTEXT,
    "n_positions": CONTEXT,
    "n_ctx": CONTEXT,
    "max_seq_len": CONTEXT,
    "model_max_length": CONTEXT,
    "max_target_positions": CONTEXT,
    "max_source_positions": CONTEXT,
    "context_length": CONTEXT,
    "original_max_position_embeddings": CONTEXT,
    "sliding_window": 6,
    "sliding_window_size": 6,
    "attention_window_size": 6,
    "window_size": 6,
    "local_attention": 6,
    "attention_chunk_size": 6,
    "rotary_dim": 4,
    "embedding_size": 32,
    "hidden_size_per_layer_input": 8,
    "query_pre_attn_scalar": 8,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "linear_head_dim": 8,
    "linear_num_heads": 4,
    "mamba_d_state": 8,
    "mamba_n_heads": 8,
    "mamba_d_head": 8,
    "mamba_chunk_size": 8,
    "mamba_dt_rank": 4,
    "state_size": 8,
    "time_step_rank": 4,
    "lru_width": 32,
    "hidden_size_global": 32,
    "encoder_hash_byte_group_vocab": 64,
    "chunk_size": 8,
    "first_k_dense_replace": 1,
    "num_kv_shared_layers": 0,
    "num_logits_to_keep": 0,
    "num_mel_bins": 8,
    "image_size": 16,
    "patch_size": 4,
}
"""Sizes by field name."""


def small_config(model_type: str) -> PretrainedConfig:
    """The smallest configuration of a type that keeps all its kinds of layers."""
    config_class = CONFIG_MAPPING[model_type]
    fixes = FIXES.get(model_type, {})
    return config_class(**small_fields(config_class, fixes))


def small_fields(config_class: Any, fixes: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of a configuration: shrunk defaults, then the type's own fixes."""
    fixes = copy.deepcopy(fixes)
    default = config_class(**fixes.pop("to_begin", {})).to_dict()
    fields = {name: SIZES[name] for name in SIZES if _is_size(default.get(name))}
    layers = _layer_lists(default, fields)
    if "kv_lora_rank" in default:
        # Latent attention: keys and values are made for every head, and only a part turns.
        latent = {"num_key_value_heads": HEADS, "head_dim": SIZES["qk_rope_head_dim"]}
        fields |= {name: size for name, size in latent.items() if name in default}
    elif "head_dim" in default:
        fields["head_dim"] = SIZES["head_dim"]
    if default.get("num_key_value_heads", 1) is None:
        fields["num_key_value_heads"] = HEADS
    fields |= {name: at for name, at in SPECIAL.items() if name in default}
    fields |= layers
    for name, inner in config_class.sub_configs.items():
        if default.get(name) is not None:
            inner_class = (
                CONFIG_MAPPING[default[name]["model_type"]]
                if (default[name].get("model_type") in CONFIG_MAPPING)
                else inner
            )
            fields[name] = small_fields(inner_class, fixes.pop(name, {}))
            fields[name]["model_type"] = default[name]["model_type"]
    return {**fields, **fixes}


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value != 0


def _layer_lists(default: dict[str, Any], fields: dict[str, int]) -> dict[str, Any]:
    """Lists with an entry a layer, all cut to the same length, with each kind at least once."""
    lists = {name: default[name] for name in _PER_LAYER if isinstance(default.get(name), list)}
    if not lists:
        return {}
    longest = max(len(values) for values in lists.values())
    rows = list(zip(*(values for values in lists.values() if len(values) == longest), strict=True))
    chosen = list(dict.fromkeys(rows))
    chosen = (chosen + rows)[: max(LAYERS, len(chosen))]
    named = [name for name, values in lists.items() if len(values) == longest]
    for name in _LAYERS:
        if name in fields:
            fields[name] = len(chosen)
    return {name: [row[i] for row in chosen] for i, name in enumerate(named)}
