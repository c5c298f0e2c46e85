"""What a model's files tell about it before it is loaded: no torch, no network.

Only `config.json`, the headers of the safetensors files and the tokenizer's configuration are
read. What they do not tell is None.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mav_engine.context_length import context_length, positive_integer
from mav_engine.events import ModelInfo
from mav_engine.probes import names as probe_names

MAX_HEADER_BYTES = 100_000_000
"""The limit that safetensors itself sets to a header."""

_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv")
_D_MODEL = ("hidden_size", "n_embd", "d_model", "dim")


def describe(source: str, *, name: str) -> ModelInfo:
    """What can be told of the model in a folder, or of a hub model that is downloaded already."""
    folder = model_folder(source)
    config = {} if folder is None else text_config(_json_of(folder / "config.json"))
    heads = positive_integer(config, _HEADS)
    return ModelInfo(
        name=name,
        title=name.rstrip("/").rpartition("/")[2],
        parameters=None if folder is None else count_parameters(folder),
        layers=positive_integer(config, _LAYERS),
        heads=heads,
        kv_heads=_kv_heads(config, heads),
        d_model=positive_integer(config, _D_MODEL),
        vocabulary=positive_integer(config, ("vocab_size",)),
        context=context_length(config),
        dtype=None,
        device=None,
        loaded=False,
        chat_template=None if folder is None else has_chat_template(folder),
        capabilities=list(probe_names()),
    )


def model_folder(source: str) -> Path | None:
    """The folder of a source: itself, or the hub cache's; None if it is not on this machine."""
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(source, "config.json")
    except HFValidationError:
        return None
    return Path(cached).parent if isinstance(cached, str) else None


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a configuration that speaks of the language model."""
    nested = config.get("text_config")
    return nested if isinstance(nested, dict) else config


def count_parameters(folder: Path) -> int | None:
    """How many numbers the safetensors files of a folder hold; None if they cannot be read.

    Tied weights are stored, and counted, once.
    """
    shards = sorted(folder.glob("model*.safetensors"))
    if not shards:
        return None
    try:
        return sum(_elements(path) for path in shards)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, struct.error):
        return None


def has_chat_template(folder: Path) -> bool:
    """Whether the tokenizer brings a template that renders a conversation."""
    if (folder / "chat_template.jinja").is_file():
        return True
    return bool(_json_of(folder / "tokenizer_config.json").get("chat_template"))


def _elements(path: Path) -> int:
    """The header is its length as a little-endian u64 and then that many bytes of JSON."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > MAX_HEADER_BYTES:
            raise ValueError(f"{path} has no safetensors header")
        header = json.loads(file.read(length))
    return sum(math.prod(tensor["shape"]) for key, tensor in header.items() if key[:2] != "__")


def _json_of(path: Path) -> dict[str, Any]:
    """The JSON object in a file; an empty one where there is none."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _kv_heads(config: Mapping[str, Any], heads: int | None) -> int | None:
    if config.get("multi_query") is True:
        return 1
    return positive_integer(config, _KV_HEADS) or heads
