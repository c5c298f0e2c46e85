"""The configuration of a GGUF file in the form of transformers' `config.json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mav_engine.errors import UnusableModel
from mav_engine.models.gguf.header import GgufHeader
from mav_engine.wording import listed, shown


@dataclass(frozen=True, slots=True)
class OwnArchitecture:
    """An architecture whose files are read here."""

    model_type: str
    """transformers' name."""
    class_name: str
    head_dim: int | None = None
    """transformers' default size of a head; None for d_model / heads."""


OWN: Mapping[str, OwnArchitecture] = {
    "gpt2": OwnArchitecture("gpt2", "GPT2LMHeadModel"),
    "llama": OwnArchitecture("llama", "LlamaForCausalLM"),
    "qwen2": OwnArchitecture("qwen2", "Qwen2ForCausalLM"),
    "qwen3": OwnArchitecture("qwen3", "Qwen3ForCausalLM"),
}
"""The architectures that are read here, in every installation, by llama.cpp's names. Files of
Mistral's models are of the architecture llama."""
BY_TRANSFORMERS = frozenset(
    {
        "bloom", "falcon", "gemma2", "gemma3", "gemma4", "gpt-oss", "lfm2", "mamba", "minimax-m2",
        "nemotron", "phi3", "qwen2moe", "qwen35", "qwen35moe", "qwen3moe", "stablelm", "starcoder2",
    }
)  # fmt: skip
"""Those that transformers reads, which needs torch and the package gguf."""

_READ = frozenset(
    {
        "attention.head_count", "attention.head_count_kv", "attention.key_length",
        "attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon",
        "attention.value_length", "block_count", "context_length", "embedding_length",
        "feed_forward_length", "rope.dimension_count", "rope.freq_base", "rope.scale_linear",
        "rope.scaling.factor", "rope.scaling.original_context_length", "rope.scaling.type",
    }
)  # fmt: skip
_CHANGES_NOTHING: Mapping[str, tuple[Any, ...] | None] = {
    "attention.causal": (True,),
    "attention.sliding_window": (0,),
    "expert_count": (0,),
    "expert_used_count": (0,),
    "rope.scaling.attn_factor": (1.0,),
    "rope.scaling.finetuned": None,
    "tensor_data_layout": None,
    "vocab_size": None,
}
"""Settings with the values, or all, that change no number."""
_LLAMA3_FACTORS = (2.0, 4.0, 8.0, 16.0, 32.0)
_ORIGINAL = "Get the file from where it was published, or convert the model again."


def config_of(header: GgufHeader) -> dict[str, Any]:
    """The fields of `config.json` of a file of one of the architectures `OWN`.

    Raises:
        UnusableModel: a setting is missing, has another type, or is not supported.
    """
    _check_settings(header)
    settings = _Settings(header)
    own = OWN[header.architecture]
    config: dict[str, Any] = {
        "model_type": own.model_type,
        "architectures": [own.class_name],
        "vocab_size": _vocabulary(header),
        "tie_word_embeddings": "output.weight" not in header.tensors,
        "bos_token_id": header.settings.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": end_ids(header) or None,
    }
    if own.model_type == "gpt2":
        return config | {
            "n_embd": settings.size("embedding_length"),
            "n_layer": settings.size("block_count"),
            "n_head": settings.size("attention.head_count"),
            "n_positions": settings.size("context_length"),
            "n_inner": settings.size("feed_forward_length"),
            "layer_norm_epsilon": settings.number("attention.layer_norm_epsilon"),
        }
    width, heads = settings.size("embedding_length"), settings.size("attention.head_count")
    config |= {
        "hidden_size": width,
        "intermediate_size": settings.size("feed_forward_length"),
        "num_hidden_layers": settings.size("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": settings.size("attention.head_count_kv", heads),
        "max_position_embeddings": settings.size("context_length"),
        "rms_norm_eps": settings.number("attention.layer_norm_rms_epsilon"),
        "rope_theta": settings.number("rope.freq_base", 10_000.0),
        "head_dim": _head_dim(header, settings, width, heads),
    }
    if (scaling := _rope_scaling(header, settings)) is not None:
        config["rope_scaling"] = scaling
    if own.model_type in ("llama", "qwen3"):
        config["attention_bias"] = _has(header, "attn_q.bias")
    if own.model_type == "llama":
        config["mlp_bias"] = _has(header, "ffn_up.bias")
    return config


def sizes_of(header: GgufHeader) -> dict[str, Any]:
    """The sizes of a file of any architecture, by the names of `config.json`; what it does not
    state is missing."""
    stated = {
        "num_hidden_layers": "block_count",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "hidden_size": "embedding_length",
        "max_position_embeddings": "context_length",
    }
    found = {name: header.of_architecture(each) for name, each in stated.items()}
    embedding = header.tensors.get("token_embd.weight")
    if embedding is not None:
        found["vocab_size"] = embedding.shape[0]
    return {name: value for name, value in found.items() if value is not None}


def end_ids(header: GgufHeader) -> list[int]:
    """The ids that end a text: end of text, of a turn and of a message, as far as they are stated
    and in the vocabulary."""
    names = ("eos_token_id", "eot_token_id", "eom_token_id")
    stated = [header.settings.get(f"tokenizer.ggml.{name}") for name in names]
    size = _vocabulary(header)
    return [each for each in dict.fromkeys(stated) if type(each) is int and 0 <= each < size]


def check_architecture(header: GgufHeader) -> None:
    """Check that a file is a model of a supported architecture.

    Raises:
        UnusableModel: it is not; the message names the supported ones.
    """
    name, kind = header.architecture, header.settings.get("general.type", "model")
    if kind in ("adapter", "mmproj", "imatrix"):
        raise UnusableModel(
            f"{header.path.name} is not a model, but contains one of type {shown(kind)}. Give the "
            "model's own file."
        )
    if name not in OWN and name not in BY_TRANSFORMERS:
        known = listed(sorted({*OWN, *BY_TRANSFORMERS}), 40)
        raise UnusableModel(
            f"{header.path.name} has a model of the architecture {shown(name)}, which is not "
            f"supported in GGUF files. Supported: {known}. Get the model in Hugging Face layout, "
            "with safetensors weights."
        )
    parts = header.settings.get("split.count", 1)
    if type(parts) is int and parts > 1:
        raise UnusableModel(
            f"{header.path.name} is one of {parts} parts of a model. Join them first: "
            "llama-gguf-split --merge FIRST_PART JOINED.gguf"
        )
    if "token_embd.weight" not in header.tensors:
        raise UnusableModel(f"{header.path.name} has no weights, only a vocabulary. {_ORIGINAL}")


class _Settings:
    """The settings of the architecture."""

    def __init__(self, header: GgufHeader) -> None:
        self._header = header

    def size(self, name: str, default: int | None = None) -> int:
        """A whole number from 1; of an array with one number for each layer, which must be equal,
        that number."""
        value = self._header.of_architecture(name)
        if isinstance(value, np.ndarray) and len(value) and (value == value[0]).all():
            value = value[0].item()
        value = default if value is None else value
        if type(value) is not int or not 1 <= value < 2**31:
            raise self._wrong(name, value)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number above 0."""
        value = self._header.of_architecture(name)
        value = default if value is None else value
        if not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
            raise self._wrong(name, value)
        return float(value)

    def _wrong(self, name: str, value: object) -> UnusableModel:
        name = f"{self._header.architecture}.{name}"
        problem = f"{name} is missing" if value is None else f"{name} is {shown(value)}"
        return UnusableModel(f"{self._header.path.name}: {problem}. {_ORIGINAL}")


def _check_settings(header: GgufHeader) -> None:
    """Refuse settings that are not understood, since they may change the numbers."""
    prefix = f"{header.architecture}."
    for name, value in header.settings.items():
        part = name.removeprefix(prefix)
        if part == name or part in _READ:
            continue
        harmless = _CHANGES_NOTHING.get(part, ())
        if harmless is None or (not isinstance(value, np.ndarray) and value in harmless):
            continue
        raise UnusableModel(
            f"{header.path.name}: {name} is {shown(value)}, which is not supported. Get the model "
            "in Hugging Face layout, with safetensors weights."
        )


def _vocabulary(header: GgufHeader) -> int:
    embedding = header.tensors.get("token_embd.weight")
    return 0 if embedding is None else embedding.shape[0]


def _head_dim(header: GgufHeader, settings: _Settings, width: int, heads: int) -> int:
    size = settings.size("attention.key_length", width // heads)
    for name in ("attention.value_length", "rope.dimension_count"):
        if settings.size(name, size) != size:
            raise UnusableModel(
                f"{header.path.name}: {header.architecture}.{name} is "
                f"{settings.size(name, size)}, but only {size}, the size of a head, is supported."
            )
    return size


def _has(header: GgufHeader, part: str) -> bool:
    return any(name.endswith(f".{part}") for name in header.tensors)


def _rope_scaling(header: GgufHeader, settings: _Settings) -> dict[str, Any] | None:
    factors = header.tensors.get("rope_freqs.weight")
    if factors is not None:
        return _llama3_scaling(header, settings)
    kind = header.of_architecture("rope.scaling.type")
    linear = header.of_architecture("rope.scale_linear")
    if kind is None and linear is not None:
        return {"rope_type": "linear", "factor": settings.number("rope.scale_linear")}
    if kind in (None, "none"):
        return None
    if kind not in ("linear", "yarn"):
        raise UnusableModel(
            f"{header.path.name}: {header.architecture}.rope.scaling.type is {shown(kind)}; only "
            "none, linear and yarn are supported."
        )
    scaling = {"rope_type": kind, "factor": settings.number("rope.scaling.factor")}
    if kind == "yarn" and header.of_architecture("rope.scaling.original_context_length"):
        original = settings.size("rope.scaling.original_context_length")
        scaling["original_max_position_embeddings"] = original
    return scaling


def _llama3_scaling(header: GgufHeader, settings: _Settings) -> dict[str, Any]:
    """The parameters from which `rope_freqs.weight` was computed.

    Files have only the resulting divisors of the rotary frequencies. All published models have the
    parameters of Llama 3.1 but for the factor.
    """
    tensor = header.tensors["rope_freqs.weight"]
    stored = np.fromfile(header.path, "<f4", tensor.elements, offset=tensor.offset)
    size, theta = 2 * tensor.elements, settings.number("rope.freq_base", 10_000.0)
    low, high, original = 1.0, 4.0, 8192
    wavelengths = 2 * np.pi * theta ** (np.arange(0, size, 2) / size)
    for factor in _LLAMA3_FACTORS:
        smooth = np.clip((original / wavelengths - low) / (high - low), 0, 1)
        divisors = 1 / ((1 - smooth) / factor + smooth)
        if tensor.type.name == "F32" and np.allclose(stored, divisors, rtol=1e-4):
            return {
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": low,
                "high_freq_factor": high,
                "original_max_position_embeddings": original,
            }
    raise UnusableModel(
        f"{header.path.name}: rope_freqs.weight has other factors than those of Llama 3, which is "
        "not supported. Get the model in Hugging Face layout, with safetensors weights."
    )
