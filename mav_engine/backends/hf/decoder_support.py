"""The transformers models that the decoders implement: an allow-list of classes and configurations.

Only model classes whose code was compared with a decoder use it (`inference/config_fields.py` says
why). All other models use their own forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mav_engine.backends.hf.architectures import fields_of
from mav_engine.backends.inference.config_fields import unsupported_field, unsupported_rope
from mav_engine.backends.inference.kernels.linear_modules import FewRowsLinear
from mav_engine.backends.inference.kernels.rms_norm import RmsNorm

_LLAMA_CLASSES = frozenset(
    {
        "transformers.models.llama.modeling_llama.LlamaForCausalLM",
        "transformers.models.mistral.modeling_mistral.MistralForCausalLM",
        "transformers.models.qwen2.modeling_qwen2.Qwen2ForCausalLM",
        "transformers.models.qwen3.modeling_qwen3.Qwen3ForCausalLM",
        "transformers.models.seed_oss.modeling_seed_oss.SeedOssForCausalLM",
    }
)
_GPT2_CLASSES = frozenset({"transformers.models.gpt2.modeling_gpt2.GPT2LMHeadModel"})

_PARTS_FROM = ("torch.nn.", "transformers.activations", "transformers.pytorch_utils")
"""Python modules whose classes the decoders support, besides the model's own module."""
_INT8_LINEAR = "mav_engine.backends.inference.kernels.int8"

_READ_FROM_MODULES = frozenset(
    {
        "attention_bias", "attention_out_bias", "head_dim", "hidden_act", "hidden_size",
        "intermediate_size", "max_position_embeddings", "mlp_bias", "num_attention_heads",
        "num_hidden_layers", "num_key_value_heads", "rms_norm_eps", "tie_word_embeddings",
        "vocab_size", "activation_function", "layer_norm_epsilon", "n_ctx", "n_embd", "n_head",
        "n_inner", "n_layer", "n_positions",
    }
)  # fmt: skip


def unsupported_by_llama(model: Any, config: Any) -> str | None:
    """Why the Llama decoders do not support a model, for the log; None if they do."""
    rope = getattr(config, "rope_parameters", None)
    return (
        _unsupported_class(model, _LLAMA_CLASSES)
        or unsupported_field(fields_of(config), _READ_FROM_MODULES | {"rope_parameters"})
        or unsupported_rope(rope if isinstance(rope, Mapping) else {})
    )


def unsupported_by_gpt2(model: Any, config: Any) -> str | None:
    """Why the GPT-2 decoder does not support a model, for the log; None if it does."""
    return _unsupported_class(model, _GPT2_CLASSES) or unsupported_field(
        fields_of(config), _READ_FROM_MODULES
    )


def _unsupported_class(model: Any, known: frozenset[str]) -> str | None:
    if _path(type(model)) not in known:
        return f"{_path(type(model))} is not a supported class"
    own = type(model).__module__
    for name, module in model.named_modules():
        kind = type(module)
        if kind.__module__ not in (own, _INT8_LINEAR) and not kind.__module__.startswith(
            _PARTS_FROM
        ):
            return f"{name} is a {_path(kind)}"
        forward = vars(module).get("forward")
        ours = isinstance(forward, RmsNorm | FewRowsLinear) or hasattr(module, "_hf_hook")
        if forward is not None and not ours:
            return f"{name} has another forward pass than its class"
    return None


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
