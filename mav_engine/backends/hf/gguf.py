"""GGUF files for transformers: its own reading of them, or MAV's for the architectures that MAV
reads.

transformers does not read all that a file states: the size of a head, rotary scaling, what begins
and ends a text. So MAV's own reading is used where there is one. Weights are converted to floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer

from mav_engine.backends.hf.compatibility import named_faults
from mav_engine.backends.native.gguf_tokenizer import read_gguf_tokenizer
from mav_engine.backends.native.gguf_weights import gguf_weights
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.errors import ModelLoadFailed, UnusableModel
from mav_engine.models.gguf.config import OWN, config_of
from mav_engine.models.gguf.header import GgufHeader, read_header
from mav_engine.text.tokens import has_tokens
from mav_engine.wording import listed


@dataclass(frozen=True, slots=True)
class GgufModel:
    """A GGUF file, all but its weights."""

    header: GgufHeader
    config: Any
    tokenizer: Any

    @property
    def elements(self) -> int:
        """The number of parameters in the file."""
        return sum(each.elements for each in self.header.tensors.values())

    def weights(self, dtype: torch.dtype) -> dict[str, Any]:
        """The arguments of `from_pretrained` that name the weights.

        Args:
            dtype: of the loaded weights.

        Raises:
            UnusableModel: a weight cannot be read here.
        """
        path = self.header.path
        if self.header.architecture not in OWN:
            return {
                "pretrained_model_name_or_path": str(path.parent),
                "gguf_file": path.name,
            }
        try:
            found = gguf_weights(self.header, config_of(self.header))
            state = {name: _tensor(each.read(), dtype) for name, each in found.items()}
        except Unsupported as error:
            raise UnusableModel(f"{path.name}: {error}.", field="model") from None
        return {"pretrained_model_name_or_path": None, "state_dict": state}


def read_gguf(path: Path) -> GgufModel:
    """The configuration and tokenizer of a file that `check_gguf` has checked.

    Raises:
        UnusableModel: something in it cannot be read.
        ModelLoadFailed: a package is missing.
    """
    header = read_header(path)
    if header.architecture in OWN:
        config = AutoConfig.for_model(**config_of(header))
        return GgufModel(header, config, read_gguf_tokenizer(header))
    missing = [name for name in ("gguf", "accelerate") if find_spec(name) is None]
    if missing:
        raise ModelLoadFailed(
            f"GGUF files of the architecture {header.architecture} need {listed(missing)}, which "
            "are not installed: pip install 'mav-engine[gguf]'",
            field="model",
        )
    file = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    with named_faults(f"the settings of {path.name} cannot be read"):
        config = AutoConfig.from_pretrained(**file)
    with named_faults(f"the tokenizer of {path.name} cannot be read"):
        tokenizer = AutoTokenizer.from_pretrained(**file)
        if not has_tokens(tokenizer):
            raise UnusableModel(f"{path.name} has no tokenizer.", field="model")
    return GgufModel(header, config, tokenizer)


def _tensor(values: Any, dtype: torch.dtype) -> torch.Tensor:
    return torch.from_numpy(values).to(dtype)
