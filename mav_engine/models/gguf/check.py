"""Checks a GGUF file before anything of it is loaded. No torch."""

from __future__ import annotations

from pathlib import Path

from mav_engine.errors import UnusableModel
from mav_engine.models.gguf.config import OWN, check_architecture, config_of
from mav_engine.models.gguf.header import GgufHeader, read_header
from mav_engine.models.gguf.tensor_types import READABLE_TYPES
from mav_engine.wording import listed, shown

_OTHER_FILE = "Get the file from where it was published, or convert the model again."


def check_gguf(path: Path) -> None:
    """Check that a file is a model of a supported architecture whose parts fit together.

    Raises:
        UnusableModel: it is not; the message starts with the name of the file.
    """
    header = read_header(path)
    check_architecture(header)
    _check_counts(header)
    if header.architecture not in OWN:
        return
    config_of(header)
    for name, tensor in header.tensors.items():
        if tensor.type.name not in READABLE_TYPES:
            raise UnusableModel(
                f"{path.name}: the tensor {shown(name)} has numbers of the type "
                f"{tensor.type.name}, which are not supported. Get the model in one of "
                f"{listed(sorted(READABLE_TYPES), 20)}."
            )


def _check_counts(header: GgufHeader) -> None:
    """Check the numbers of layers and tokens against the weights.

    Objects are made for all layers before their weights are looked for.
    """
    layers = header.of_architecture("block_count")
    if type(layers) is int and layers > len(header.tensors):
        raise UnusableModel(
            f"{header.path.name} describes {layers:,} layers, but has {len(header.tensors):,} "
            f"tensors. {_OTHER_FILE}"
        )
    tokens = header.settings.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or not tokens:
        raise UnusableModel(f"{header.path.name} has no tokenizer. {_OTHER_FILE}")
    rows = header.tensors["token_embd.weight"].shape[0]
    if len(tokens) > rows:
        raise UnusableModel(
            f"{header.path.name} has {len(tokens):,} tokens, but an embedding of {rows:,}. "
            f"{_OTHER_FILE}"
        )
