"""Finds a model's safetensors files and reads their headers. No torch.

A safetensors file begins with the length of its header (a little-endian u64) and the header, JSON
with the type, shape and byte range of each tensor.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mav_engine.errors import UnusableModel
from mav_engine.models.bounded_files import MB, check_file, read_json
from mav_engine.wording import listed, shown

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
MAX_HEADER_BYTES = 32 * MB
"""Size limit of a header, below the format's limit of 100 MB: 100,000 tensors take 15 MB."""

MAX_TENSORS = 100_000
"""Most tensors of a model. DeepSeek-V3 has 91,000."""
MAX_SHARDS = 10_000
"""Most weight files of a model. DeepSeek-V3 has 163."""

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
_NUMBER = re.compile(r"(?:^|\.)(\d+)\.")
_AGAIN = "Download it again, or save the model again with save_pretrained()."


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """The description of a tensor in a header."""

    shape: tuple[int, ...]
    dtype: str
    offset: int
    """The byte of its file at which its numbers begin."""

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


def weight_files(folder: Path) -> list[Path]:
    """The files that transformers loads: `model.safetensors`, or the shards that the index names.

    Empty if there is neither. Other safetensors files in the folder are ignored.

    Raises:
        UnusableModel: the index is broken, or shards that it names are missing.
    """
    if (folder / SINGLE).exists():
        return [folder / SINGLE]
    if not (folder / INDEX).exists():
        return []
    names = shard_names(read_json(folder / INDEX))
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise UnusableModel(
            f"{len(missing)} of {len(names)} weight files are missing: {listed(missing, 3)}. "
            "Download them into the folder."
        )
    return [folder / name for name in names]


def shard_names(index: dict[str, Any]) -> list[str]:
    """The file names in an index.

    Raises:
        UnusableModel: it names none, too many, or one outside the folder.
    """
    placed = index.get("weight_map")
    _check_count(INDEX, placed)
    names = set(placed.values()) if isinstance(placed, dict) and _all_texts(placed) else set()
    if not names:
        raise UnusableModel(f"{INDEX} has no weight_map with file names. {_AGAIN}")
    if len(names) > MAX_SHARDS:
        raise UnusableModel(
            f"{INDEX} names {len(names):,} files of weights; at most {MAX_SHARDS:,} are supported. "
            "Save the model again with larger files: save_pretrained(max_shard_size=…)."
        )
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise UnusableModel(
                f"{INDEX} names {shown(name)}, which is not a safetensors file in the folder. "
                f"{_AGAIN}"
            )
    return sorted(names)


def read_tensors(folder: Path) -> dict[str, TensorSpec]:
    """The tensors of a model's weight files by name; empty if there are none.

    Raises:
        UnusableModel: a file is missing, cut off, or not safetensors; or it has too many tensors.
    """
    tensors: dict[str, TensorSpec] = {}
    for path in weight_files(folder):
        tensors |= read_header(path)
        _check_count("the weights", tensors)
    return tensors


def read_header(path: Path) -> dict[str, TensorSpec]:
    """The tensors of one safetensors file.

    Raises:
        UnusableModel: it is cut off, is not safetensors or has too many tensors.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = struct.unpack("<Q", file.read(8))[0] if size >= 8 else size
            if 8 + length > size or length > MAX_HEADER_BYTES:
                raise _not_safetensors(path, size, length)
            header = json.loads(file.read(length))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnusableModel(f"{path.name} cannot be read: {reason}.") from None
    except (ValueError, RecursionError):
        raise UnusableModel(f"{path.name} has a broken header. {_AGAIN}") from None
    if not isinstance(header, dict):
        raise UnusableModel(f"{path.name} has a broken header. {_AGAIN}")
    header.pop("__metadata__", None)
    _check_count(path.name, header)
    _check_places(path, header, size - 8 - length)
    begin = 8 + length
    return {
        name: TensorSpec(tuple(each["shape"]), each["dtype"], begin + each["data_offsets"][0])
        for name, each in header.items()
    }


def layer_count(tensors: dict[str, TensorSpec]) -> int:
    """Length of the longest list of blocks, such as `model.layers.0.…`; 0 if there is none."""
    found: dict[str, set[str]] = {}
    for name in tensors:
        number = _NUMBER.search(name)
        if number:
            found.setdefault(name[: number.start(1)], set()).add(number[1])
    return max(map(len, found.values()), default=0)


def _check_count(where: str, tensors: object) -> None:
    """Check the number of tensors, before checking each of them."""
    if isinstance(tensors, dict) and len(tensors) > MAX_TENSORS:
        raise UnusableModel(
            f"{where}: {len(tensors):,} tensors, but models of at most {MAX_TENSORS:,} are "
            "supported. Use a smaller model."
        )


def _check_places(path: Path, header: dict[str, Any], size: int) -> None:
    """Check that the tensors are contiguous and fill the file."""
    places = []
    for name, each in header.items():
        if not _is_tensor(each):
            raise UnusableModel(f"{path.name} has a broken entry for {shown(name)}. {_AGAIN}")
        begin, end = each["data_offsets"]
        bits = _BITS.get(each["dtype"])
        if bits is not None and (end - begin) * 8 != math.prod(each["shape"]) * bits:
            raise UnusableModel(
                f"{path.name}: the tensor {shown(name)} takes {end - begin} bytes, which does not "
                f"match its shape {shown(each['shape'])} in {each['dtype']}. {_AGAIN}"
            )
        places.append((begin, end))
    reached = 0
    for begin, end in sorted(places):
        if begin != reached:
            raise UnusableModel(f"{path.name}: tensors overlap or leave gaps. {_AGAIN}")
        reached = end
    if reached > size:
        raise UnusableModel(
            f"{path.name} is cut off: its header describes {reached:,} bytes of weights, but "
            f"it has {size:,}. The download is incomplete. {_AGAIN}"
        )


def _is_tensor(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    shape, offsets = entry.get("shape"), entry.get("data_offsets")
    return (
        isinstance(entry.get("dtype"), str)
        and isinstance(shape, list)
        and len(shape) <= 16
        and all(type(each) is int and 0 <= each < 2**48 for each in shape)
        and isinstance(offsets, list)
        and len(offsets) == 2
        and all(type(each) is int and 0 <= each < 2**63 for each in offsets)
        and offsets[0] <= offsets[1]
    )


def _not_safetensors(path: Path, size: int, length: int) -> UnusableModel:
    if size >= 8 and size < 8 + length <= 8 + MAX_HEADER_BYTES:
        return UnusableModel(f"{path.name} is cut off in its header. {_AGAIN}")
    return UnusableModel(
        f"{path.name} is not a safetensors file, or its header has more than "
        f"{MAX_HEADER_BYTES / MB:.0f} MB. {_AGAIN}"
    )


def _all_texts(placed: dict[str, Any]) -> bool:
    return all(isinstance(name, str) for name in placed.values())
