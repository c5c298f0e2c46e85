"""Load a Llama from a folder that is understood as a whole; any other is left to transformers."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from safetensors.torch import load_file

from mav_engine.backends.hf.backend import TransformersBackend
from mav_engine.backends.hf.devices import device_for
from mav_engine.backends.llama_files.config import read_config
from mav_engine.backends.llama_files.model import LlamaForCausalLM, assign
from mav_engine.backends.llama_files.tokenizer import read_tokenizer
from mav_engine.models.precision import check_precision

_WEIGHTS = "model.safetensors"
_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", _WEIGHTS)


def load_llama(
    source: str, *, name: str, device: str, dtype: str, prefix_bytes: int
) -> TransformersBackend | None:
    """The model in float32 on the CPU; None where it is not wholly understood, or wanted otherwise.

    What is broken is not understood either: transformers says what is wrong with it.

    Raises:
        ModelLoadFailed: the device is not available.
        InvalidSettings: there is no such `dtype`.
    """
    folder = Path(source)
    if check_precision(dtype) not in ("auto", "float32") or not all(
        (folder / file).is_file() for file in _FILES
    ):
        return None
    where = device_for(device)
    if where is None or where.type != "cpu":
        return None
    try:
        model = _model(folder)
        tokenizer = read_tokenizer(folder)
    except Exception:  # the libraries raise whatever a broken file makes them raise
        return None
    if model is None or tokenizer is None:
        return None
    return TransformersBackend(model, tokenizer, name, dtype="float32", prefix_bytes=prefix_bytes)


def _model(folder: Path) -> LlamaForCausalLM | None:
    config = read_config(folder)
    if config is None:
        return None
    model = LlamaForCausalLM(config, SimpleNamespace(eos_token_id=_eos_token_id(folder)))
    weights = {each: weight.float() for each, weight in load_file(folder / _WEIGHTS).items()}
    if not assign(model, weights):
        return None
    return model.eval().requires_grad_(False)


def _eos_token_id(folder: Path) -> Any:
    """Of the file for writing if there is one, as transformers takes it."""
    own = folder / "generation_config.json"
    file = own if own.is_file() else folder / "config.json"
    return json.loads(file.read_text(encoding="utf-8")).get("eos_token_id")
