"""Reads the `config.json` of a GPT-2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mav_engine.backends.inference.config_fields import unsupported_field
from mav_engine.backends.native.fields import Fields
from mav_engine.backends.native.unsupported import Unsupported

_READ = frozenset(
    {
        "activation_function", "layer_norm_epsilon", "n_ctx", "n_embd", "n_head", "n_inner",
        "n_layer", "n_positions", "tie_word_embeddings", "vocab_size",
    }
)  # fmt: skip
ACTIVATIONS = ("gelu_new", "gelu_pytorch_tanh", "relu")


@dataclass(frozen=True, slots=True)
class Gpt2Config:
    """The sizes of a model, with transformers' names."""

    class_name: str
    vocab_size: int
    n_positions: int
    n_embd: int
    n_layer: int
    n_head: int
    n_inner: int
    activation_function: str
    layer_norm_epsilon: float
    tie_word_embeddings: bool


def read_gpt2_config(given: Mapping[str, Any]) -> Gpt2Config:
    """The configuration of a model.

    Raises:
        Unsupported: a field is not supported here.
    """
    refused = unsupported_field(given, _READ)
    # Fields that are true unless they are stated.
    if refused is None and given.get("scale_attn_weights", True) is not True:
        refused = "its attention scores are not scaled"
    if refused is not None:
        raise Unsupported(refused)
    fields = Fields(given)
    width, heads = fields.size("n_embd", 768), fields.size("n_head", 12)
    if width % heads:
        raise Unsupported(f"its {width} dimensions are no multiple of {heads} heads")
    return Gpt2Config(
        class_name="GPT2LMHeadModel",
        vocab_size=fields.size("vocab_size", 50257),
        n_positions=fields.size("n_positions", 1024),
        n_embd=width,
        n_layer=fields.size("n_layer", 12),
        n_head=heads,
        n_inner=fields.size("n_inner", 4 * width),
        activation_function=fields.one_of("activation_function", ACTIVATIONS, "gelu_new"),
        layer_norm_epsilon=fields.number("layer_norm_epsilon", 1e-5),
        tie_word_embeddings=fields.flag("tie_word_embeddings", True),
    )
