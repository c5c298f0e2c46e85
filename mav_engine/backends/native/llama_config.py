"""Reads the `config.json` of a Llama, or of a model type that is built like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mav_engine.backends.inference.config_fields import unsupported_field, unsupported_rope
from mav_engine.backends.native.fields import Fields
from mav_engine.backends.native.unsupported import Unsupported

_READ = frozenset(
    {
        "attention_bias", "head_dim", "hidden_act", "hidden_size", "intermediate_size",
        "max_position_embeddings", "mlp_bias", "num_attention_heads", "num_hidden_layers",
        "num_key_value_heads", "rms_norm_eps", "rope_parameters", "rope_scaling", "rope_theta",
        "tie_word_embeddings", "vocab_size",
    }
)  # fmt: skip
_DEFAULT_THETA = 10_000.0


@dataclass(frozen=True, slots=True)
class LlamaType:
    """How a model type differs from the others."""

    class_name: str
    """Its class in transformers."""
    kv_heads: int | None
    """The default number of key and value heads; None for that of the query heads."""
    head_dim: int | None = None
    """The default size of a head; None for d_model / heads."""
    biases: Literal["stated", "queries", "none"] = "none"
    """Which products of the attention have biases: all if `attention_bias` says so, those of
    queries, keys and values, or none."""
    mlp_biases: bool = False
    """Whether `mlp_bias` adds biases to the MLP."""
    head_norms: bool = False
    """Whether queries and keys are normalized in each head."""
    window: Literal["none", "stated", "switched"] = "none"
    """Whether there may be a sliding window: never, or as `sliding_window` or `use_sliding_window`
    says."""


LLAMA_TYPES: Mapping[str, LlamaType] = {
    "llama": LlamaType("LlamaForCausalLM", None, biases="stated", mlp_biases=True),
    "mistral": LlamaType("MistralForCausalLM", 8, window="stated"),
    "qwen2": LlamaType("Qwen2ForCausalLM", 32, biases="queries", window="switched"),
    "qwen3": LlamaType(
        "Qwen3ForCausalLM", 32, 128, biases="stated", head_norms=True, window="switched"
    ),
}


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """The sizes of a model, with transformers' names."""

    class_name: str
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    rms_norm_eps: float
    rope: Mapping[str, Any]
    tie_word_embeddings: bool
    qkv_bias: bool
    out_bias: bool
    mlp_bias: bool
    head_norms: bool


def read_llama_config(given: Mapping[str, Any]) -> LlamaConfig:
    """The configuration of a model.

    Raises:
        Unsupported: a field is not supported here.
    """
    kind = LLAMA_TYPES[given["model_type"]]
    fields = Fields(given)
    window = {"sliding_window"} if kind.window != "none" else set()
    refused = unsupported_field(given, _READ | window)
    if refused is not None:
        raise Unsupported(refused)
    # The default of Mistral is a window.
    if kind.window == "stated" and given.get("sliding_window", 0) is not None:
        raise Unsupported("it has a sliding window")
    fields.one_of("hidden_act", ("silu", "swish"), "silu")
    width, heads = fields.size("hidden_size"), fields.size("num_attention_heads")
    if width % heads and kind.head_dim is None and given.get("head_dim") is None:
        raise Unsupported(f"its {width} dimensions are no multiple of {heads} heads")
    stated = fields.flag("attention_bias", False)
    config = LlamaConfig(
        class_name=kind.class_name,
        vocab_size=fields.size("vocab_size"),
        hidden_size=width,
        intermediate_size=fields.size("intermediate_size"),
        num_hidden_layers=fields.size("num_hidden_layers"),
        num_attention_heads=heads,
        num_key_value_heads=fields.size("num_key_value_heads", kind.kv_heads or heads),
        head_dim=fields.size("head_dim", kind.head_dim or width // heads),
        max_position_embeddings=fields.size("max_position_embeddings"),
        rms_norm_eps=fields.number("rms_norm_eps", 1e-6),
        rope=_rope(given, fields.size("max_position_embeddings")),
        tie_word_embeddings=fields.flag("tie_word_embeddings", False),
        qkv_bias=kind.biases == "queries" or (kind.biases == "stated" and stated),
        out_bias=kind.biases == "stated" and stated,
        mlp_bias=kind.mlp_biases and fields.flag("mlp_bias", False),
        head_norms=kind.head_norms,
    )
    if heads % config.num_key_value_heads or config.head_dim % 2:
        raise Unsupported("the sizes of its heads do not fit together")
    return config


def _rope(given: Mapping[str, Any], context: int) -> Mapping[str, Any]:
    """The rotary parameters in the form of transformers 5; older files have the field
    rope_scaling."""
    stated = given.get("rope_scaling") or given.get("rope_parameters") or {}
    if not isinstance(stated, dict):
        raise Unsupported(f"its configuration has rope_parameters = {str(stated)[:80]}")
    theta = given.get("rope_theta")
    rope = {"rope_theta": _DEFAULT_THETA if theta is None else theta, **stated}
    rope.setdefault("rope_type", rope.get("type", "default"))
    if rope["rope_type"] in ("llama3", "yarn"):
        rope.setdefault("original_max_position_embeddings", context)
    refused = unsupported_rope(rope)
    if refused is not None:
        raise Unsupported(refused)
    numbers = Fields(rope)
    for name in set(rope) - {"rope_type", "type", "truncate"}:
        if rope[name] is not None:
            numbers.number(name)
    if rope["rope_type"] == "linear":
        numbers.number("factor")
    if rope["rope_type"] == "llama3":
        for name in ("factor", "low_freq_factor", "high_freq_factor"):
            numbers.number(name)
    if rope["rope_type"] == "yarn":
        numbers.flag("truncate", True)
    return rope
