"""Reads the header of a GGUF file, with limits: settings, and where which tensor is.

A file begins with `GGUF`, a version, and the numbers of tensors and settings. The settings follow
as typed values by name, then a description of each tensor, then the tensors.

No number of the file is trusted: sizes and counts are compared with the bytes that there are before
anything is allocated.
"""

from __future__ import annotations

import math
import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mav_engine.errors import UnusableModel
from mav_engine.models.bounded_files import MB, check_file
from mav_engine.models.gguf.tensor_types import TENSOR_TYPES, TensorType
from mav_engine.models.weight_files import MAX_TENSORS
from mav_engine.wording import shown

MAGIC = b"GGUF"
MAX_HEADER_BYTES = 256 * MB
"""Size limit of a header. That of Gemma 3, with 262,144 tokens, has 16 MB."""
MAX_SETTINGS = 10_000
"""Most settings. Published files have fewer than 100."""
MAX_TEXTS = 4_000_000
"""Most texts of all arrays together. A vocabulary of 262,144 tokens has up to 800,000, with merges
and scores."""
MAX_NAME_BYTES = 4096
"""Longest name of a setting or tensor."""
MAX_DIMENSIONS = 4
MAX_ALIGNMENT = 1 << 20
_VERSIONS = (2, 3)
_AT_ONCE = 1 << 20
_AGAIN = "Download it again."

_NUMBERS: Mapping[int, str] = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
"""The types of the numbers of settings by their numbers in files; struct and numpy have the same
names for them."""
_U32, _U64 = _NUMBERS[4], _NUMBERS[10]
_unpack_u64 = struct.Struct(_U64).unpack_from
_TEXT, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """The description of a tensor in a header."""

    shape: tuple[int, ...]
    """As in transformers: the last dimension is contiguous."""
    type: TensorType
    offset: int
    """The byte of its file at which it begins."""

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.elements // self.type.block * self.type.size

    @property
    def row_bytes(self) -> int:
        """Bytes of the numbers along the last dimension."""
        return self.shape[-1] // self.type.block * self.type.size


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The header of a file."""

    path: Path
    settings: Mapping[str, Any]
    """Texts, numbers, truth values, lists of texts, and numpy arrays of numbers, by name."""
    tensors: Mapping[str, GgufTensor]

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture."""
        return str(self.settings["general.architecture"])

    def of_architecture(self, name: str) -> Any:
        """A setting of the architecture, such as `block_count`; None where it is missing."""
        return self.settings.get(f"{self.architecture}.{name}")


def is_gguf(path: Path) -> bool:
    """Whether this is a file that begins like a GGUF file."""
    try:
        # A pipe or device could block.
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def read_header(path: Path) -> GgufHeader:
    """The header of a GGUF file.

    Raises:
        UnusableModel: it is not one, is cut off, or something in it is invalid or too large; the
            message starts with the name of the file.
    """
    check_file(path)
    try:
        status = path.stat()
        return _read_header(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnusableModel(f"{path.name} cannot be read: {reason}.") from None


@lru_cache(maxsize=2)  # that of a large vocabulary takes 100 MB
def _read_header(path: Path, size: int, _: int) -> GgufHeader:
    with path.open("rb") as file:
        # Another file may have taken its place since its size was read.
        return _Parser(path, file, min(size, os.fstat(file.fileno()).st_size)).header()


class _Parser:
    """Reads a header from its beginning on."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path, self._file, self._size = path, file, size
        self._read, self._at = b"", 0
        self._begin = 0
        """The byte of the file at which the read part begins."""
        self._texts = 0

    def header(self) -> GgufHeader:
        if self._size < len(MAGIC) or self._take(len(MAGIC)) != MAGIC:
            raise self._wrong("is not a GGUF file: it does not begin with GGUF")
        version = self._number(_U32)
        if version not in _VERSIONS:
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
            if swapped in _VERSIONS:
                raise UnusableModel(
                    f"{self._path.name} is a GGUF file for big-endian machines, which is not "
                    "supported. Get the usual, little-endian file."
                )
            raise UnusableModel(
                f"{self._path.name} has version {version} of GGUF, but only versions 2 and 3 are "
                "supported. Convert the model again with a current llama.cpp."
            )
        tensors, settings = self._number(_U64), self._number(_U64)
        if tensors > MAX_TENSORS:
            raise self._wrong(f"has {tensors:,} tensors; at most {MAX_TENSORS:,} are supported")
        if settings > MAX_SETTINGS:
            raise self._wrong(f"has {settings:,} settings; at most {MAX_SETTINGS:,} are supported")
        read = self._settings(settings)
        described = self._tensors(tensors, _alignment(self._path, read))
        return GgufHeader(self._path, read, described)

    def _settings(self, count: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(count):
            name = self._name("setting")
            if name in found:
                raise self._wrong(f"has the setting {shown(name)} twice")
            found[name] = self._value(name, self._number(_U32))
        architecture = found.get("general.architecture")
        if not isinstance(architecture, str) or not architecture:
            raise self._wrong("does not name its architecture (general.architecture)")
        return found

    def _value(self, name: str, kind: int) -> Any:
        if kind == _TEXT:
            return self._text(name)
        if kind == _ARRAY:
            kind, count = self._number(_U32), self._number(_U64)
            if kind == _TEXT:
                return self._text_array(name, count)
            if kind not in _NUMBERS:
                raise self._wrong(f"has an array of the unknown type {kind} in {shown(name)}")
            stored = np.dtype(_NUMBERS[kind])
            self._check_room(count * stored.itemsize, name)
            return np.frombuffer(self._take(count * stored.itemsize), stored)
        if kind not in _NUMBERS:
            raise self._wrong(f"has a value of the unknown type {kind} in {shown(name)}")
        return self._number(_NUMBERS[kind])

    def _text_array(self, name: str, count: int) -> list[str]:
        # Each has a length of eight bytes.
        self._check_room(8 * count, name)
        self._texts += count
        if self._texts > MAX_TEXTS:
            raise self._wrong(
                f"has more than {MAX_TEXTS:,} texts in its settings, which are too many"
            )
        texts: list[str] = []
        for _ in range(count):
            # Most texts are in the part that has been read; this is twice as fast as `_text`.
            read, at = self._read, self._at
            end = at + 8 + (_unpack_u64(read, at)[0] if at + 8 <= len(read) else len(read))
            if end > len(read):
                texts.append(self._text(name))
                continue
            try:
                texts.append(read[at + 8 : end].decode("utf-8"))
            except UnicodeDecodeError:
                raise self._not_utf8(name) from None
            self._at = end
        return texts

    def _text(self, name: str) -> str:
        length = self._number(_U64)
        self._check_room(length, name)
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise self._not_utf8(name) from None

    def _tensors(self, count: int, alignment: int) -> dict[str, GgufTensor]:
        listed: list[tuple[str, tuple[int, ...], TensorType, int]] = []
        for _ in range(count):
            name = self._name("tensor")
            dimensions = self._number(_U32)
            if not 1 <= dimensions <= MAX_DIMENSIONS:
                raise self._wrong(f"has the tensor {shown(name)} with {dimensions} dimensions")
            # The contiguous dimension comes first in the file.
            shape = tuple(self._number(_U64) for _ in range(dimensions))[::-1]
            number, offset = self._number(_U32), self._number(_U64)
            if number not in TENSOR_TYPES:
                raise UnusableModel(
                    f"{self._path.name}: the tensor {shown(name)} has numbers of the type "
                    f"{number}, which is not known here. A newer version of MAV may read it; or "
                    "get the model in another quantization, such as Q4_K_M or Q8_0."
                )
            if min(shape) < 1 or math.prod(shape) >= 2**48:
                raise self._wrong(f"has the tensor {shown(name)} with the shape {list(shape)}")
            kind = TENSOR_TYPES[number]
            if shape[-1] % kind.block:
                raise self._wrong(
                    f"has the tensor {shown(name)} with {shape[-1]} numbers in a row, which is no "
                    f"multiple of the {kind.block} of a block of {kind.name}"
                )
            if offset % alignment:
                raise self._wrong(f"has the tensor {shown(name)} at a place that is not aligned")
            listed.append((name, shape, kind, offset))
        begin = -(-self._position // alignment) * alignment
        found: dict[str, GgufTensor] = {}
        for name, shape, kind, offset in listed:
            if name in found:
                raise self._wrong(f"has the tensor {shown(name)} twice")
            found[name] = GgufTensor(shape, kind, begin + offset)
        self._check_places(found)
        return found

    def _check_places(self, tensors: Mapping[str, GgufTensor]) -> None:
        """Check that the tensors are in the file and do not overlap."""
        reached = 0
        for name, each in sorted(tensors.items(), key=lambda item: item[1].offset):
            if each.offset < reached:
                raise self._wrong(f"has tensors that overlap, such as {shown(name)}")
            reached = each.offset + each.nbytes
        if reached > self._size:
            raise UnusableModel(
                f"{self._path.name} is cut off: its header describes {reached:,} bytes, but it has "
                f"{self._size:,}. The download is incomplete. {_AGAIN}"
            )

    @property
    def _position(self) -> int:
        return self._begin + self._at

    def _name(self, what: str) -> str:
        length = self._number(_U64)
        if length > MAX_NAME_BYTES:
            raise self._wrong(f"has a {what} whose name has {length:,} bytes")
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise self._wrong(f"has a {what} whose name is not UTF-8") from None

    def _number(self, kind: str) -> Any:
        (value,) = struct.unpack(kind, self._take(struct.calcsize(kind)))
        return value

    def _check_room(self, count: int, name: str) -> None:
        left = self._size - self._position
        if count > left:
            raise UnusableModel(
                f"{self._path.name} is cut off or broken: {shown(name)} has {count:,} bytes, but "
                f"only {left:,} follow. {_AGAIN}"
            )

    def _take(self, count: int) -> bytes:
        """The next bytes."""
        if self._at + count > len(self._read):
            position = self._position
            if position + count > self._size:
                raise UnusableModel(f"{self._path.name} is cut off in its header. {_AGAIN}")
            if position + count > MAX_HEADER_BYTES:
                raise self._wrong(
                    f"has a header of more than {MAX_HEADER_BYTES / MB:.0f} MB, which is too large"
                )
            wanted = max(_AT_ONCE, count - (len(self._read) - self._at))
            self._read = self._read[self._at :] + self._file.read(wanted)
            self._begin, self._at = position, 0
            if count > len(self._read):
                raise UnusableModel(f"{self._path.name} is cut off in its header. {_AGAIN}")
        taken = self._read[self._at : self._at + count]
        self._at += count
        return taken

    def _not_utf8(self, name: str) -> UnusableModel:
        return self._wrong(f"has a text in {shown(name)} that is not UTF-8")

    def _wrong(self, problem: str) -> UnusableModel:
        return UnusableModel(f"{self._path.name} {problem}. {_AGAIN}")


def _alignment(path: Path, settings: Mapping[str, Any]) -> int:
    given = settings.get("general.alignment", 32)
    if type(given) is not int or not 0 < given <= MAX_ALIGNMENT or given & (given - 1):
        raise UnusableModel(
            f"{path.name}: general.alignment is {shown(given)}, but must be a power of two. "
            f"{_AGAIN}"
        )
    return given
