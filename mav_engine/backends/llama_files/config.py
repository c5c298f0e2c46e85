"""What a Llama's `config.json` says; and whether it says anything that is not understood here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

_MUST_BE: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "hidden_act": "silu",
    "mlp_bias": False,
    "model_type": "llama",
    "pretraining_tp": 1,
}
_CHANGES_NOTHING = frozenset(
    {
        "attention_dropout", "bos_token_id", "dtype", "eos_token_id", "initializer_range",
        "pad_token_id", "transformers_version", "use_cache",
    }
)  # fmt: skip
"""Of a model that only writes, in float32."""


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """Sizes of a Llama, by transformers' names."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    rms_norm_eps: float
    rope_parameters: Mapping[str, Any]
    tie_word_embeddings: bool

    def get_text_config(self, *, decoder: bool) -> LlamaConfig:  # noqa: ARG002
        """It describes nothing but a language model."""
        return self


_SAID = tuple(field.name for field in fields(LlamaConfig))


def read_config(folder: Path) -> LlamaConfig | None:
    """The configuration of a model folder; None where any of it is not understood here."""
    given = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if not isinstance(given, dict) or set(given) - {*_MUST_BE, *_SAID, *_CHANGES_NOTHING}:
        return None
    if any(given.get(name) != value for name, value in _MUST_BE.items()):
        return None
    if any(name not in given for name in _SAID):
        return None
    config = LlamaConfig(**{name: given[name] for name in _SAID})
    return config if _makes_sense(config) else None


def _makes_sense(config: LlamaConfig) -> bool:
    sizes = [getattr(config, name) for name in _SAID[: _SAID.index("rms_norm_eps")]]
    rope = config.rope_parameters
    return (
        all(type(size) is int and size > 0 for size in sizes)
        and config.num_attention_heads % config.num_key_value_heads == 0
        and config.head_dim % 2 == 0
        and type(config.rms_norm_eps) is float
        and type(config.tie_word_embeddings) is bool
        and isinstance(rope, dict)
        and set(rope) == {"rope_theta", "rope_type"}
        and rope["rope_type"] == "default"
        and isinstance(rope["rope_theta"], int | float)
    )
