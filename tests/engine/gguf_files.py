"""GGUF files of small models, written as llama.cpp's converter writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import TokenType

from tests.engine.conftest import EMBEDDED

ARCHITECTURES = {
    "gpt2": gguf.MODEL_ARCH.GPT2,
    "llama": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "starcoder2": gguf.MODEL_ARCH.STARCODER2,
}
K_TYPES = (Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K, Type.IQ4_NL, Type.IQ4_XS)
"""Types that the package gguf cannot make: their blocks are random."""
_SCALES = {
    Type.Q2_K: (80, 82), Type.Q3_K: (108,), Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,)
}  # fmt: skip
"""The bytes of a block at which its float16 numbers begin."""


def tokenizer_settings() -> dict[str, Any]:
    """The byte-level tokenizer of the embedded model."""
    described = json.loads((EMBEDDED / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = dict(described["model"]["vocab"])
    kinds = dict.fromkeys(vocabulary, TokenType.NORMAL)
    for each in described["added_tokens"]:
        vocabulary[each["content"]] = each["id"]
        kinds[each["content"]] = TokenType.CONTROL if each["special"] else TokenType.USER_DEFINED
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    merges = described["model"]["merges"]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [int(kinds[token]) for token in tokens],
        "tokenizer.ggml.merges": [
            each if isinstance(each, str) else " ".join(each) for each in merges
        ],
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 0,
    }


def model_settings(config: Any) -> dict[str, Any]:
    """The settings of a model of transformers, as llama.cpp's converter names them."""
    kind = config.model_type
    if kind == "gpt2":
        stated: dict[str, Any] = {
            "context_length": config.n_positions,
            "embedding_length": config.n_embd,
            "block_count": config.n_layer,
            "feed_forward_length": config.n_inner or 4 * config.n_embd,
            "attention.head_count": config.n_head,
            "attention.layer_norm_epsilon": config.layer_norm_epsilon,
        }
    else:
        heads = config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        stated = {
            "context_length": config.max_position_embeddings,
            "embedding_length": config.hidden_size,
            "block_count": config.num_hidden_layers,
            "feed_forward_length": config.intermediate_size,
            "attention.head_count": heads,
            "attention.head_count_kv": config.num_key_value_heads,
            "rope.freq_base": float(config.rope_parameters["rope_theta"]),
        }
        if kind == "starcoder2":
            stated["attention.layer_norm_epsilon"] = config.norm_epsilon
        else:
            stated["attention.layer_norm_rms_epsilon"] = config.rms_norm_eps
        if kind == "llama":
            stated["rope.dimension_count"] = size
        if kind == "qwen3":
            stated |= {"attention.key_length": size, "attention.value_length": size}
    return {f"{kind}.{name}": value for name, value in stated.items()}


def model_tensors(model: Any) -> dict[str, np.ndarray]:
    """The weights of a model of transformers in float32, as llama.cpp's converter orders them."""
    config = model.config
    kind, layers = config.model_type, config.num_hidden_layers
    names = gguf.get_tensor_name_map(ARCHITECTURES[kind], layers)
    tied = config.tie_word_embeddings
    found = {}
    for name, weight in model.state_dict().items():
        if name.endswith((".attn.bias", ".masked_bias")) or (tied and name == "lm_head.weight"):
            continue
        values = weight.detach().float().numpy()
        if kind == "gpt2" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            values = values.T
        if kind == "llama" and ".q_proj." in name:
            values = _for_pairs(values, config.num_attention_heads)
        if kind == "llama" and ".k_proj." in name:
            values = _for_pairs(values, config.num_key_value_heads)
        renamed = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert renamed is not None, name
        found[renamed] = np.ascontiguousarray(values)
    return found


def _for_pairs(values: np.ndarray, heads: int) -> np.ndarray:
    """Rows in the order of llama.cpp, whose rotary positions turn neighbouring numbers."""
    parts = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return parts.swapaxes(1, 2).reshape(values.shape)


def quantized(values: np.ndarray, kind: Type) -> np.ndarray:
    """The bytes of a weight. Blocks of `K_TYPES` are random, with scales that make the numbers
    about as large as trained weights."""
    if kind not in K_TYPES:
        return gguf.quants.quantize(values, kind)
    block, size = gguf.GGML_QUANT_SIZES[kind]
    rows, inputs = values.shape
    random = np.random.default_rng(rows * 1000 + inputs + int(kind))
    blocks = random.integers(0, 256, (rows * inputs // block, size), np.uint8)
    # Random bits could be infinite.
    for at in _SCALES.get(kind, (0,)):
        scales = random.uniform(0.5, 1.5, len(blocks)).astype(np.float16)
        blocks[:, at : at + 2] = scales.view(np.uint8).reshape(-1, 2)
    factor = 0.08 / gguf.quants.dequantize(blocks, kind).std()
    for at in _SCALES.get(kind, (0,)):
        scales = np.ascontiguousarray(blocks[:, at : at + 2]).view(np.float16) * factor
        blocks[:, at : at + 2] = scales.astype(np.float16).view(np.uint8)
    return blocks.reshape(rows, -1)


def write_file(
    path: Path,
    architecture: str,
    settings: Mapping[str, Any],
    tensors: Mapping[str, tuple[np.ndarray, Type | None]],
) -> Path:
    """Write a file.

    Args:
        path: its path.
        architecture: llama.cpp's name.
        settings: by their names; None leaves one out.
        tensors: the numbers, or for a quantized type the bytes, by name, with that type.
    """
    writer = gguf.GGUFWriter(path, architecture)
    for name, value in settings.items():
        _add(writer, name, value)
    for name, (values, kind) in tensors.items():
        writer.add_tensor(name, values, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: gguf.GGUFWriter, name: str, value: Any) -> None:
    if isinstance(value, bool):
        writer.add_bool(name, value)
    elif isinstance(value, int):
        writer.add_uint32(name, value)
    elif isinstance(value, float):
        writer.add_float32(name, value)
    elif isinstance(value, str):
        writer.add_string(name, value)
    elif value is not None:
        writer.add_array(name, value)


def write_model(
    path: Path,
    model: Any,
    kind: Type | Mapping[str, Type] = Type.F32,
    *,
    extra: Mapping[str, np.ndarray] | None = None,
    **settings: Any,
) -> Path:
    """Write a model of transformers.

    Args:
        path: of the file.
        model: the model.
        kind: the type of its matrices, or types by the ends of their names; the rest is float32.
        extra: further tensors.
        settings: settings that are added or, with None, left out; `__` stands for a dot.
    """
    given = {**model_settings(model.config), **tokenizer_settings()}
    given |= {name.replace("__", "."): value for name, value in settings.items()}
    tensors: dict[str, tuple[np.ndarray, Type | None]] = {}
    for name, values in model_tensors(model).items():
        wanted = kind if isinstance(kind, Type) else _named(kind, name)
        if values.ndim < 2 or wanted is Type.F32 or name == "position_embd.weight":
            tensors[name] = values, None
        elif wanted is Type.F16:
            tensors[name] = values.astype(np.float16), None
        else:
            tensors[name] = quantized(values, wanted), wanted
    tensors |= {name: (values, None) for name, values in (extra or {}).items()}
    return write_file(path, model.config.model_type, given, tensors)


def _named(kinds: Mapping[str, Type], name: str) -> Type:
    return next((kind for end, kind in kinds.items() if name.endswith(end)), Type.F32)
