"""Which models the written-out decoders implement: an allow-list of classes and of configurations.

Equal numbers for a few tokens do not prove that a decoder does what a model does: a model may scale
its queries from some position on, hide keys outside of a window, or clip large values. So a decoder
is used only for model classes whose code was compared with it, and only where every field of the
configuration is known to be implemented or to change nothing. All other models take the general
path, which is the model's own forward pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mav_engine.backends.hf.architectures import fields_of
from mav_engine.backends.inference.kernels.linear_modules import ShortLinear
from mav_engine.backends.inference.kernels.rms_norm import RmsNorm

_LLAMA_CLASSES = frozenset(
    {
        "mav_engine.backends.llama_files.model.LlamaForCausalLM",
        "transformers.models.llama.modeling_llama.LlamaForCausalLM",
        "transformers.models.mistral.modeling_mistral.MistralForCausalLM",
        "transformers.models.qwen2.modeling_qwen2.Qwen2ForCausalLM",
        "transformers.models.qwen3.modeling_qwen3.Qwen3ForCausalLM",
        "transformers.models.seed_oss.modeling_seed_oss.SeedOssForCausalLM",
    }
)
_GPT2_CLASSES = frozenset({"transformers.models.gpt2.modeling_gpt2.GPT2LMHeadModel"})

_PARTS_FROM = ("torch.nn.", "transformers.activations", "transformers.pytorch_utils")
"""Modules of Python whose classes a decoder understands, besides the model's own."""
_INT8_LINEAR = "mav_engine.backends.inference.kernels.int8"

_CHANGES_NOTHING = frozenset(
    {
        # Read from the modules by the decoders.
        "attention_bias", "attention_out_bias", "head_dim", "hidden_act", "hidden_size",
        "intermediate_size", "max_position_embeddings", "mlp_bias", "num_attention_heads",
        "num_hidden_layers", "num_key_value_heads", "rms_norm_eps", "tie_word_embeddings",
        "vocab_size", "activation_function", "layer_norm_epsilon", "n_ctx", "n_embd", "n_head",
        "n_inner", "n_layer", "n_positions",
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
        # How many layers have a window; `layer_types` says whether any has.
        "max_window_layers",
    }
)  # fmt: skip
_MUST_BE: Mapping[str, object] = {
    "chunk_size_feed_forward": 0,
    "partial_rotary_factor": 1.0,
    "scale_attn_weights": True,
}
"""Fields with the one value, besides None, that the decoders implement."""

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
"""Rotary types whose tables do not depend on the length of the text, with what defines them."""


def unsupported_by_llama(model: Any, config: Any) -> str | None:
    """Why the Llama decoders may not run a model, for the log; None where they may."""
    rope = getattr(config, "rope_parameters", None)
    return (
        _unsupported_class(model, _LLAMA_CLASSES)
        or _unsupported_field(config, implemented={"rope_parameters"})
        or _unsupported_rope(rope if isinstance(rope, Mapping) else {})
    )


def unsupported_by_gpt2(model: Any, config: Any) -> str | None:
    """Why the GPT-2 decoder may not run a model, for the log; None where it may."""
    return _unsupported_class(model, _GPT2_CLASSES) or _unsupported_field(config, implemented=set())


def _unsupported_class(model: Any, known: frozenset[str]) -> str | None:
    if _path(type(model)) not in known:
        return f"{_path(type(model))} is not one of the classes that were compared"
    own = type(model).__module__
    for name, module in model.named_modules():
        kind = type(module)
        if kind.__module__ not in (own, _INT8_LINEAR) and not kind.__module__.startswith(
            _PARTS_FROM
        ):
            return f"{name} is a {_path(kind)}"
        forward = vars(module).get("forward")
        ours = isinstance(forward, RmsNorm | ShortLinear) or hasattr(module, "_hf_hook")
        if forward is not None and not ours:
            return f"{name} has another forward pass than its class"
    return None


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _unsupported_field(config: Any, implemented: set[str]) -> str | None:
    for name, value in _given(fields_of(config)):
        if name in implemented or name in _CHANGES_NOTHING:
            continue
        if name == "layer_types":
            if set(value) == {"full_attention"}:
                continue
        elif name in _MUST_BE and value == _MUST_BE[name]:
            continue
        return f"its configuration has {name} = {str(value)[:80]}"
    return None


def _given(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields that are switched on: neither private nor None, False or empty."""
    for name, value in fields.items():
        if not name.startswith("_") and value is not None and value is not False and value != {}:
            yield name, value


def _unsupported_rope(rope: Mapping[str, Any]) -> str | None:
    kind = str(rope.get("rope_type"))
    if kind not in _ROPE_FIELDS:
        return f"its rotary embeddings are of the type {kind}"
    known = _ROPE_FIELDS[kind] | {"rope_type", "type", "rope_theta"}
    for name, value in rope.items():
        if name in known or value is None or (name == "partial_rotary_factor" and value == 1.0):
            continue
        return f"its rotary embeddings have {name} = {str(value)[:80]}"
    return None
