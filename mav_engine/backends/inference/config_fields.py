"""The fields of configurations that the decoders implement, or that have no effect on them.

Equal results for a few tokens do not prove that a decoder implements a model: a model may scale its
queries from some position on, use a sliding window, or clip large values. So a decoder is used only
for model types whose code was compared with it, and only if every field of the configuration is
either implemented or known to have no effect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

_CHANGES_NOTHING = frozenset(
    {
        # Used in training only.
        "attention_dropout", "attn_pdrop", "embd_pdrop", "initializer_range", "resid_pdrop",
        "residual_dropout", "pretraining_tp",
        # About the file, the text or other tasks.
        "architectures", "auto_map", "bos_token_id", "dtype", "eos_token_id", "id2label",
        "is_llama_config", "label2id", "model_type", "pad_token_id", "problem_type",
        "return_dict", "sep_token_id", "task_specific_params", "torch_dtype",
        "transformers.js_config", "transformers_version", "unk_token_id", "unsloth_version",
        "use_cache", "summary_activation", "summary_first_dropout", "summary_proj_to_labels",
        "summary_type", "summary_use_proj",
        # Number of layers with a window; `layer_types` says whether there is any.
        "max_window_layers",
    }
)  # fmt: skip
_MUST_BE: Mapping[str, object] = {
    "chunk_size_feed_forward": 0,
    "partial_rotary_factor": 1.0,
    "scale_attn_weights": True,
}
"""Fields of which the decoders implement one value, besides None."""

_ROPE_FIELDS: Mapping[str, frozenset[str]] = {
    "default": frozenset(),
    "linear": frozenset({"factor"}),
    "llama3": frozenset(
        {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}
    ),
    "yarn": frozenset(
        {
            "factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
            "original_max_position_embeddings", "truncate",
        }
    ),
}  # fmt: skip
"""Rotary types whose tables do not depend on the length of the text, with their parameters."""


def unsupported_field(fields: Mapping[str, Any], implemented: Collection[str]) -> str | None:
    """Why the decoders do not support a configuration; None if they do.

    Args:
        fields: of the configuration.
        implemented: the fields that the caller reads.
    """
    for name, value in _given(fields):
        if name in implemented or name in _CHANGES_NOTHING:
            continue
        if name == "layer_types":
            if set(value) == {"full_attention"}:
                continue
        elif name in _MUST_BE and value == _MUST_BE[name]:
            continue
        return f"its configuration has {name} = {str(value)[:80]}"
    return None


def unsupported_rope(rope: Mapping[str, Any]) -> str | None:
    """Why the decoders do not support rotary embeddings; None if they do."""
    kind = str(rope.get("rope_type"))
    if kind not in _ROPE_FIELDS:
        return f"its rotary embeddings are of the type {kind[:80]}"
    known = _ROPE_FIELDS[kind] | {"rope_type", "type", "rope_theta"}
    for name, value in rope.items():
        if name in known or value is None or (name == "partial_rotary_factor" and value == 1.0):
            continue
        return f"its rotary embeddings have {name} = {str(value)[:80]}"
    return None


def _given(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The public fields whose value is not None, False or empty."""
    for name, value in fields.items():
        if not name.startswith("_") and value is not None and value is not False and value != {}:
            yield name, value
