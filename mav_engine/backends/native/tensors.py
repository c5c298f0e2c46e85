"""Reads the weights of a model from its safetensors files, one tensor at a time.

Files are read, not mapped into memory: a file that another program shortens would end the process.
For numpy the safetensors library has no bfloat16.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors import safe_open

from mav_engine.backends.fingerprint import sample_indices
from mav_engine.backends.inference.kernels.numpy_linear import (
    Blocks,
    Matrix,
    Table,
    WeightType,
    rounded_to,
)
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.contract.arrays import Floats
from mav_engine.errors import RunFailed
from mav_engine.models.weight_files import TensorSpec, read_header, weight_files

_NUMPY_TYPES = {"F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}
_EXACT: Mapping[str, WeightType] = {"F16": "float16", "BF16": "bfloat16"}
_AT_ONCE = 2**22
"""Numbers of a weight that are read at once."""


class WholeMatrix(Matrix, Protocol):
    """A weight [outputs, inputs] that can also be read as a whole."""

    def whole(self) -> Floats:
        """All of it in float32."""


class Tensor(Protocol):
    """A tensor in a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As in transformers."""

    @property
    def elements(self) -> int: ...

    @property
    def kind(self) -> str:
        """The file's name of the type of its numbers."""

    @property
    def is_float(self) -> bool:
        """Whether it has numbers of a type that is read here."""

    @property
    def block_bytes(self) -> int | None:
        """Bytes of its blocks, where a model in float32 leaves it in them; None for others."""

    def read(self) -> Floats:
        """All of it in float32."""

    def pieces(self) -> Iterator[Floats]:
        """Its numbers in float32, in parts."""

    def samples(self, wanted: WeightType = "float32") -> Floats:
        """The values for the fingerprint, in the type in which the model holds them."""

    def matrix(self, *, by_input: bool = False, through: WeightType = "float32") -> WholeMatrix:
        """The weight [outputs, inputs] of this tensor.

        Args:
            by_input: whether the tensor is [inputs, outputs].
            through: the 16-bit type to which its numbers are rounded, if any.
        """

    def rows(self) -> Table:
        """Its rows: from its file where the system can read at a place, else in memory."""


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a safetensors file."""

    path: Path
    spec: TensorSpec

    @property
    def shape(self) -> tuple[int, ...]:
        return self.spec.shape

    @property
    def elements(self) -> int:
        return self.spec.elements

    @property
    def kind(self) -> str:
        return self.spec.dtype

    @property
    def is_float(self) -> bool:
        return self.spec.dtype in _NUMPY_TYPES

    @property
    def block_bytes(self) -> int | None:
        return None

    def read(self) -> Floats:
        """All of it in float32."""
        return self._numbers(0, self.spec.elements).reshape(self.shape)

    def pieces(self) -> Iterator[Floats]:
        """Its numbers in float32, in parts."""
        for begin in range(0, self.spec.elements, _AT_ONCE):
            yield self._numbers(begin, min(_AT_ONCE, self.spec.elements - begin))

    def samples(self, wanted: WeightType = "float32") -> Floats:
        """The values for the fingerprint, in the type in which the model holds them."""
        size = np.dtype(_NUMPY_TYPES[self.spec.dtype]).itemsize
        with self.path.open("rb", buffering=0) as file:
            read = b""
            for index in sample_indices(self.spec.elements).tolist():
                file.seek(self.spec.offset + index * size)
                read += file.read(size)
        numbers = np.frombuffer(read, _NUMPY_TYPES[self.spec.dtype])
        return rounded_to(_in_float32(numbers, self.spec.dtype), wanted)

    def matrix(self, *, by_input: bool = False, through: WeightType = "float32") -> WholeMatrix:
        """The weight [outputs, inputs] of this tensor."""
        return StoredMatrix(self, by_input=by_input, through=through)

    def rows(self) -> Table:
        """Its rows: from its file where the system can read at a place, else in memory."""
        if not hasattr(os, "pread"):
            return self.read()
        size = self.shape[1] * np.dtype(_NUMPY_TYPES[self.spec.dtype]).itemsize

        def converted(read: bytes) -> Floats:
            numbers = np.frombuffer(read, _NUMPY_TYPES[self.spec.dtype])
            return _in_float32(numbers, self.spec.dtype).reshape(-1, self.shape[1])

        return FileTable(self.path, self.spec.offset, size, converted)

    def _numbers(self, begin: int, count: int) -> Floats:
        kind = np.dtype(_NUMPY_TYPES[self.spec.dtype])
        place = self.spec.offset + begin * kind.itemsize
        return _in_float32(np.fromfile(self.path, kind, count, offset=place), self.spec.dtype)


class StoredMatrix:
    """A weight [outputs, inputs] in a file.

    Args:
        tensor: it.
        by_input: whether the file has it as [inputs, outputs].
        through: the 16-bit type to which its numbers are rounded, if any.
    """

    def __init__(
        self, tensor: StoredTensor, *, by_input: bool = False, through: WeightType = "float32"
    ) -> None:
        self._tensor, self._by_input, self._through = tensor, by_input, through
        first, second = tensor.shape
        self.shape = (second, first) if by_input else (first, second)
        stored = _EXACT.get(tensor.spec.dtype, "float32")
        self.exact: WeightType = stored if through == "float32" else through

    def pieces(self) -> Iterator[Floats]:
        """[some outputs, inputs] in float32, one after the other."""
        outputs, inputs = self.shape
        step = outputs if self._by_input else max(1, _AT_ONCE // inputs)
        for begin in range(0, outputs, step):
            count = min(step, outputs - begin)
            numbers = self._tensor._numbers(begin * inputs, count * inputs)
            piece = numbers.reshape(inputs, -1).T if self._by_input else numbers.reshape(-1, inputs)
            yield rounded_to(piece, self._through)

    def whole(self) -> Floats:
        """All of it."""
        return np.concatenate(list(self.pieces()))

    in_blocks = False

    def blocks(self) -> Blocks:
        """No safetensors file has such."""
        raise NotImplementedError


class FileTable:
    """The rows of a tensor [rows, d], read from its file when they are needed.

    The embedding of an int8 model is only copied from, a row for each token; in memory it would
    take as much as all other weights.

    Args:
        path: the file.
        offset: the byte at which the rows begin.
        row_bytes: bytes of a row.
        converted: [rows, d] in float32 of the bytes of rows.
    """

    nbytes = 0

    def __init__(
        self, path: Path, offset: int, row_bytes: int, converted: Callable[[bytes], Floats]
    ) -> None:
        self._path, self._offset, self._row_bytes = path, offset, row_bytes
        self._converted = converted
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._file)
        self._state = self._now()

    def __getitem__(self, rows: np.ndarray, /) -> Floats:
        """[len(rows), d] in float32.

        Raises:
            RunFailed: the file is not the one that was loaded.
        """
        if self._now() != self._state:
            raise RunFailed(
                f"{self._path.name} was changed after the model had been loaded. Load the model "
                "again."
            )
        size = self._row_bytes
        places = (self._offset + row * size for row in rows.tolist())
        return self._converted(b"".join(os.pread(self._file, size, place) for place in places))

    def _now(self) -> tuple[int, int]:
        found = os.fstat(self._file)
        return found.st_size, found.st_mtime_ns


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """The tensors in the weight files of a folder, whose headers are checked.

    Raises:
        UnusableModel: a file is broken.
        Unsupported: one is not for PyTorch.
    """
    tensors: dict[str, StoredTensor] = {}
    for path in weight_files(folder):
        with safe_open(path, framework="numpy") as file:
            form = (file.metadata() or {}).get("format", "pt")
        if form != "pt":
            raise Unsupported(f"{path.name} has weights for {form}")
        tensors |= {name: StoredTensor(path, spec) for name, spec in read_header(path).items()}
    return tensors


def _in_float32(numbers: np.ndarray, stored: str) -> Floats:
    if stored == "BF16":  # the upper half of a float32
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.astype(np.float32, copy=False)
