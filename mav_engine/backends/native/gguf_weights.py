"""Reads the weights of a GGUF file, one tensor at a time, as transformers has them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mav_engine.backends.fingerprint import sample_indices
from mav_engine.backends.inference.kernels.blocks_numpy import BLOCK_BYTES, to_float32
from mav_engine.backends.inference.kernels.numpy_linear import (
    Blocks,
    Table,
    WeightType,
    rounded_to,
)
from mav_engine.backends.native.tensors import FileTable, Tensor
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.contract.arrays import Floats
from mav_engine.models.gguf.header import GgufHeader, GgufTensor
from mav_engine.models.gguf.names import Change, weight_of
from mav_engine.models.gguf.tensor_types import READABLE_TYPES

_EXACT: Mapping[str, WeightType] = {"F16": "float16", "BF16": "bfloat16"}
_AT_ONCE = 2**22
"""Numbers of a weight that are converted at once."""


@dataclass(frozen=True, slots=True)
class GgufWeight:
    """A weight in a GGUF file, as transformers has it."""

    path: Path
    spec: GgufTensor
    change: Change
    heads: int
    """The number of heads of queries or keys, whose rows llama.cpp reorders."""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.spec.shape[::-1] if self.change == "transposed" else self.spec.shape

    @property
    def elements(self) -> int:
        return self.spec.elements

    @property
    def kind(self) -> str:
        return self.spec.type.name

    @property
    def is_float(self) -> bool:
        return self.kind in READABLE_TYPES

    @property
    def block_bytes(self) -> int | None:
        """Bytes of its blocks, where it stays in them; None for other weights."""
        return self.spec.nbytes if self.kind in BLOCK_BYTES else None

    def read(self) -> Floats:
        """All of it in float32."""
        if len(self.shape) > 1:
            whole = self.file_rows(0, self.spec.shape[0])
            return np.ascontiguousarray(whole.T) if self.change == "transposed" else whole
        numbers = self._converted(self._bytes(0, self.spec.nbytes)).reshape(-1)
        order = self.order
        return numbers if order is None else numbers[order]

    def pieces(self) -> Iterator[Floats]:
        """Its numbers in float32, in parts."""
        yield self.read().reshape(-1)

    def samples(self, wanted: WeightType = "float32") -> Floats:
        """The values for the fingerprint, in the type in which the model holds them."""
        order, type_ = self.order, self.spec.type
        found = []
        for index in sample_indices(self.elements).tolist():
            row, column = divmod(index, self.shape[-1]) if len(self.shape) > 1 else (index, 0)
            if self.change == "transposed":
                row, column = column, row
            row = row if order is None else int(order[row])
            at = row * self.spec.shape[-1] + column if len(self.shape) > 1 else row
            block = self._bytes(at // type_.block * type_.size, type_.size)
            found.append(self._converted(block)[0, at % type_.block])
        return rounded_to(np.array(found, np.float32), wanted)

    def matrix(self, *, by_input: bool = False, through: WeightType = "float32") -> GgufMatrix:
        """The weight [outputs, inputs] of this tensor."""
        if by_input != (self.change == "transposed"):
            raise Unsupported("its weights are in an unexpected order")
        return GgufMatrix(self, through)

    def rows(self) -> Table:
        """Its rows: from its file where the system can read at a place, else in memory."""
        if not hasattr(os, "pread") or self.order is not None:
            return self.read()

        def converted(read: bytes) -> Floats:
            return self._converted(np.frombuffer(read, np.uint8)).reshape(-1, self.shape[1])

        return FileTable(self.path, self.spec.offset, self.spec.row_bytes, converted)

    @property
    def order(self) -> np.ndarray | None:
        """[rows] the row of the file that each row is; None if they have the file's order."""
        if self.change not in ("queries", "keys"):
            return None
        rows = self.spec.shape[0]
        half = rows // self.heads // 2
        if 2 * half * self.heads != rows:
            raise Unsupported(f"its {rows} outputs of queries or keys are not {self.heads} heads")
        by_pair = np.arange(rows).reshape(self.heads, half, 2)
        order: np.ndarray = by_pair.swapaxes(1, 2).reshape(-1)
        return order

    def file_rows(self, begin: int, count: int) -> Floats:
        """[count, row] in float32, from row `begin` on, in the order of this weight."""
        return self._converted(self.stored_rows(begin, count)).reshape(count, -1)

    def stored_rows(self, begin: int, count: int) -> np.ndarray:
        """The bytes of these rows, uint8 [count, bytes of a row]."""
        size, order = self.spec.row_bytes, self.order
        if order is None:
            return self._bytes(begin * size, count * size).reshape(count, size)
        whole = self._bytes(0, self.spec.nbytes).reshape(-1, size)
        rows: np.ndarray = whole[order[begin : begin + count]]
        return rows

    def _bytes(self, begin: int, count: int) -> np.ndarray:
        read = np.fromfile(self.path, np.uint8, count, offset=self.spec.offset + begin)
        if len(read) < count:  # the file was shortened since its header was read
            raise OSError(f"{self.path.name} is cut off")
        return read

    def _converted(self, read: np.ndarray) -> Floats:
        """[blocks, numbers in a block]"""
        return to_float32(read.reshape(-1, self.spec.type.size), self.kind)


class GgufMatrix:
    """A weight [outputs, inputs] in a GGUF file.

    Args:
        weight: it.
        through: the 16-bit type to which its numbers are rounded, if any.
    """

    def __init__(self, weight: GgufWeight, through: WeightType = "float32") -> None:
        self._weight, self._through = weight, through
        outputs, inputs = weight.spec.shape
        self.shape = outputs, inputs
        stored = _EXACT.get(weight.kind, "float32")
        self.exact: WeightType = stored if through == "float32" else through

    def pieces(self) -> Iterator[Floats]:
        """[some outputs, inputs] in float32, one after the other."""
        outputs, inputs = self.shape
        step = outputs if self._weight.order is not None else max(1, _AT_ONCE // inputs)
        for begin in range(0, outputs, step):
            count = min(step, outputs - begin)
            yield rounded_to(self._weight.file_rows(begin, count), self._through)

    def whole(self) -> Floats:
        """All of it."""
        return np.concatenate(list(self.pieces()))

    @property
    def in_blocks(self) -> bool:
        """Whether it is stored in blocks of a type that has a product."""
        return self._weight.block_bytes is not None and self._through == "float32"

    def blocks(self) -> Blocks:
        """All of it in its blocks."""
        stored = self._weight.stored_rows(0, self.shape[0])
        return Blocks(self._weight.kind, self.shape, np.ascontiguousarray(stored))


def gguf_weights(header: GgufHeader, config: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights of a file of one of the architectures that are read here, by their names in
    transformers.

    Args:
        header: of the file.
        config: its configuration, as `config_of` returns it.
    """
    heads = config.get("num_attention_heads", 0)
    weights: dict[str, Tensor] = {}
    for name, spec in header.tensors.items():
        weight = weight_of(header.architecture, name)
        if weight is not None:
            number = config["num_key_value_heads"] if weight.change == "keys" else heads
            weights[weight.name] = GgufWeight(header.path, spec, weight.change, number)
    return weights
