"""The protocol of an architecture: how the files of a model type become a decoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mav_engine.backends.inference.decoders.base import Decoder
from mav_engine.backends.native.tensors import Tensor
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.backends.native.weight_reader import WeightReader


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a model that its description states."""

    layers: int
    heads: int
    kv_heads: int
    d_model: int
    vocabulary: int
    context: int | None


class Architecture(Protocol):
    """A model of one type, described by its configuration."""

    class_name: str
    """Its class in transformers, for the fingerprint."""
    prefix: str
    """What the names of its tensors begin with, but those of the unembedding. Files of the model
    without its unembedding leave it out."""
    ignored: re.Pattern[str]
    """Tensors of older files that are no weights."""
    embedding: str
    sizes: Sizes

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every weight."""

    def decoder(self, reader: WeightReader) -> Decoder:
        """The fastest decoder for these weights."""


HEAD = "lm_head.weight"


def named_weights(model: Architecture, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model by their names in transformers.

    Raises:
        Unsupported: tensors are missing, have other shapes, are no floats or are unknown.
    """
    expected = model.shapes()
    if not any(name.startswith(model.prefix) for name in found):
        found = {
            name if name == HEAD else model.prefix + name: each for name, each in found.items()
        }
    found = {name: each for name, each in found.items() if not model.ignored.search(name)}
    missing = sorted(set(expected) - set(found))
    if missing:
        raise Unsupported(f"its weights have no {missing[0]}")
    for name, shape in expected.items():
        if found[name].shape != shape:
            raise Unsupported(
                f"{name} has the shape {list(found[name].shape)}, not {list(shape)} as described"
            )
        if not found[name].is_float:
            raise Unsupported(f"{name} has numbers of the type {found[name].kind}")
    unknown = sorted(set(found) - set(expected) - {HEAD})
    if unknown:
        raise Unsupported(f"its weights have {unknown[0]}")
    # A tied unembedding may be in the file too.
    if HEAD in found and HEAD not in expected:
        _check_same(found[HEAD], found[model.embedding])
    return {name: found[name] for name in expected}


def _check_same(head: Tensor, embedding: Tensor) -> None:
    alike = head.shape == embedding.shape and head.kind == embedding.kind
    if not alike or not all(map(np.array_equal, head.pieces(), embedding.pieces())):
        raise Unsupported("its unembedding is another one than the embedding")
