"""Reads the files of a model, or its GGUF file, all but the numbers of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mav_engine.backends.native.architecture import Architecture, named_weights
from mav_engine.backends.native.fields import eos_token_id, read_fields
from mav_engine.backends.native.gguf_tokenizer import read_gguf_tokenizer
from mav_engine.backends.native.gguf_weights import gguf_weights
from mav_engine.backends.native.gpt2 import Gpt2Architecture
from mav_engine.backends.native.gpt2_config import read_gpt2_config
from mav_engine.backends.native.llama import LlamaArchitecture
from mav_engine.backends.native.llama_config import LLAMA_TYPES, read_llama_config
from mav_engine.backends.native.tensors import Tensor, stored_tensors
from mav_engine.backends.native.tokenizer import FileTokenizer, read_tokenizer
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.models.gguf.config import OWN, config_of
from mav_engine.models.gguf.header import is_gguf, read_header


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model whose files are all understood."""

    architecture: Architecture
    weights: Mapping[str, Tensor]
    tokenizer: FileTokenizer
    eos_token_id: Any
    """Of the generation config; not yet checked."""

    @property
    def parameters(self) -> int:
        return sum(each.elements for each in self.weights.values())


def read_model(path: Path) -> ModelFiles:
    """The model in a folder or a GGUF file.

    Raises:
        Unsupported: something in it is not understood.
        UnusableModel: a file is broken.
    """
    if is_gguf(path):
        return _read_gguf(path)
    given = read_fields(path)
    architecture = read_architecture(given)
    return ModelFiles(
        architecture,
        named_weights(architecture, stored_tensors(path)),
        read_tokenizer(path, given),
        eos_token_id(path, given),
    )


def _read_gguf(path: Path) -> ModelFiles:
    header = read_header(path)
    if header.architecture not in OWN:
        raise Unsupported(f"models of the architecture {header.architecture[:80]} need it")
    given = config_of(header)
    architecture = read_architecture(given)
    return ModelFiles(
        architecture,
        named_weights(architecture, gguf_weights(header, given)),
        read_gguf_tokenizer(header),
        given["eos_token_id"],
    )


def read_architecture(given: Mapping[str, Any]) -> Architecture:
    """The architecture that a configuration describes.

    Raises:
        Unsupported: it is another one, or a field is not supported here.
    """
    kind = given.get("model_type")
    architecture: Architecture
    if kind == "gpt2":
        architecture = Gpt2Architecture(read_gpt2_config(given))
    elif kind in LLAMA_TYPES:
        architecture = LlamaArchitecture(read_llama_config(given))
    else:
        raise Unsupported(f"models of the type {str(kind)[:80]} are not built like Llama or GPT-2")
    named = given.get("architectures")
    if named is not None and named != [architecture.class_name]:
        raise Unsupported(f"its architecture is {str(named)[:80]}")
    return architecture
