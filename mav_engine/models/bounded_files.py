"""Reads the small files of a model folder with limits of size and depth.

All functions raise `UnusableModel`, which names the file and the remedy.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from mav_engine.errors import UnusableModel
from mav_engine.wording import shown

MB = 1_000_000
MAX_CONFIG_BYTES = 8 * MB
"""Size limit of `config.json` and similar files. Published ones are below 1 MB."""
MAX_TOKENIZER_BYTES = 64 * MB
"""Size limit of tokenizer files and weight indexes. Gemma's tokenizer.json has 33 MB, and a
tokenizer_config.json with speech tokens more than 10 MB."""

_LARGER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "added_tokens.json",
    "vocab.json",
    "tekken.json",
)
_LARGER_SUFFIXES = (".model", ".txt", ".tiktoken", ".index.json")
_SETTINGS = frozenset(
    {
        "generation_config.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json",
    }
)  # fmt: skip
"""Small files that the libraries read themselves."""
_SUFFIXES = (".json", ".jinja", ".model", ".tiktoken", ".txt")
_POINTER = b"version https://git-lfs"
_AGAIN = "Download it again."


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        text = read_bytes(path).decode("utf-8")
        if text.startswith("\ufeff"):
            raise UnusableModel(
                f"{path.name} begins with a byte-order mark. Save it as UTF-8 without one."
            )
        value = json.loads(text)
    except RecursionError:
        raise UnusableModel(f"{path.name} is nested too deeply. {_AGAIN}") from None
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise UnusableModel(f"{path.name} is not valid JSON ({reason}). {_AGAIN}") from None
    if not isinstance(value, dict):
        raise UnusableModel(f"{path.name} must hold a JSON object, not {shown(value)}. {_AGAIN}")
    return value


def read_bytes(path: Path) -> bytes:
    """The contents of a file that passes `check_file`."""
    check_file(path)
    try:
        with path.open("rb") as file:
            # One byte more than allowed, in case the file has grown.
            data = file.read(max_bytes(path.name) + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(data) > max_bytes(path.name):
        raise _too_large(path, len(data))
    return data


def check_file(path: Path) -> None:
    """Check that a file exists, is regular, not too large, and not a placeholder such as a
    pointer."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnusableModel(f"{path.name} is not a regular file. Replace it with a copy.")
        if path.suffix in _SUFFIXES and status.st_size > max_bytes(path.name):
            raise _too_large(path, status.st_size)
        if status.st_size < 1024:
            with path.open("rb") as file:
                _check_content(path, file.read(64), status.st_size)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise UnusableModel(
                f"{path.name} is a link to a file that does not exist: the download is incomplete. "
                f"{_AGAIN}"
            ) from None
        raise _unreadable(path, error) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def check_files(folder: Path) -> None:
    """Check every file of a folder that a tokenizer or a model may read, and parse the settings."""
    for each in (folder, folder / "additional_chat_templates"):
        try:
            with os.scandir(each) as entries:
                names = [entry.name for entry in entries]
        except OSError:
            continue
        for name in sorted(names):
            path = each / name
            if path.suffix in _SUFFIXES and not path.is_dir():
                check_file(path)
        for name in sorted(_SETTINGS.intersection(names)):
            read_json(each / name)


def max_bytes(name: str) -> int:
    """How large a file of this name may be."""
    larger = name in _LARGER or name.endswith(_LARGER_SUFFIXES)
    return MAX_TOKENIZER_BYTES if larger else MAX_CONFIG_BYTES


def _check_content(path: Path, begin: bytes, size: int) -> None:
    if begin.startswith(_POINTER):
        raise UnusableModel(
            f"{path.name} is a Git LFS pointer, not the file itself. Run `git lfs pull` in the "
            "repository, or download the file from its page."
        )
    if size == 0 and path.suffix in (".json", ".safetensors", ".model"):
        raise UnusableModel(f"{path.name} is empty. {_AGAIN}")
    if begin.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise UnusableModel(f"{path.name} holds a web page instead of the file. {_AGAIN}")


def _too_large(path: Path, size: int) -> UnusableModel:
    return UnusableModel(
        f"{path.name} has {size / MB:,.0f} MB, but at most {max_bytes(path.name) / MB:.0f} MB are "
        "allowed. Use the model's original file."
    )


def _unreadable(path: Path, error: OSError) -> UnusableModel:
    reason = (error.strerror or str(error)).lower()
    return UnusableModel(f"{path.name} cannot be read: {reason}.")
