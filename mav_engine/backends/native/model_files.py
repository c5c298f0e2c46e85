"""Reads the files of a model, all but the numbers of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mav_engine.backends.native.architecture import Architecture, named_weights
from mav_engine.backends.native.fields import eos_token_id, read_fields
from mav_engine.backends.native.gpt2 import Gpt2Architecture
from mav_engine.backends.native.gpt2_config import read_gpt2_config
from mav_engine.backends.native.llama import LlamaArchitecture
from mav_engine.backends.native.llama_config import LLAMA_TYPES, read_llama_config
from mav_engine.backends.native.tensors import StoredTensor, stored_tensors
from mav_engine.backends.native.tokenizer import FileTokenizer, read_tokenizer
from mav_engine.backends.native.unsupported import Unsupported


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model whose files are all understood."""

    architecture: Architecture
    weights: Mapping[str, StoredTensor]
    tokenizer: FileTokenizer
    eos_token_id: Any
    """Of the generation config; not yet checked."""

    @property
    def parameters(self) -> int:
        return sum(each.spec.elements for each in self.weights.values())


def read_model(folder: Path) -> ModelFiles:
    """The model in a folder.

    Raises:
        Unsupported: something in it is not understood.
        UnusableModel: a file is broken.
    """
    given = read_fields(folder)
    architecture = read_architecture(given)
    return ModelFiles(
        architecture,
        named_weights(architecture, stored_tensors(folder)),
        read_tokenizer(folder, given),
        eos_token_id(folder, given),
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
