"""Describes a model from its files, without loading it: no torch, no network.

Reads only `config.json`, the headers of safetensors and GGUF files and the tokenizer's
configuration, with limits. Values that they do not contain are None.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from mav_engine.contract.events import ModelInfo
from mav_engine.errors import UnknownModel, UnusableModel
from mav_engine.models.bounded_files import read_json
from mav_engine.models.context_length import context_length, positive_integer
from mav_engine.models.folder import D_MODEL, HEADS, LAYERS, check_model, find_model
from mav_engine.models.gguf.config import OWN, config_of, sizes_of
from mav_engine.models.gguf.header import read_header
from mav_engine.models.hub import cached_folder
from mav_engine.models.weight_files import read_tensors
from mav_engine.probes import names as probe_names

_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv")
_MOST = 2**53 - 1
"""The largest integer that every client reads exactly."""


def describe(source: str, *, name: str) -> ModelInfo:
    """Describe a model in a folder or a GGUF file, or a hub model that is downloaded."""
    path = model_path(source)
    config: Mapping[str, Any] = {}
    if path is not None and path.is_dir():
        config = text_config(_object_in(path / "config.json"))
    elif path is not None:
        config = _config_in(path, signature(path))
    heads = positive_integer(config, HEADS)
    return ModelInfo(
        name=name,
        title=name.rstrip("/").rpartition("/")[2],
        parameters=None if path is None else count_parameters(path),
        layers=positive_integer(config, LAYERS),
        heads=heads,
        kv_heads=_kv_heads(config, heads),
        d_model=positive_integer(config, D_MODEL),
        vocabulary=positive_integer(config, ("vocab_size",)),
        context=context_length(config),
        dtype=None,
        device=None,
        loaded=False,
        chat_template=None if path is None else has_chat_template(path),
        capabilities=list(probe_names()),
    )


def problem(source: str) -> str | None:
    """Why a model cannot be loaded, judging by its files; None if nothing is wrong, or if it is not
    on this machine."""
    path = model_path(source)
    return None if path is None else _problem_in(path, signature(path))


def model_path(source: str) -> Path | None:
    """The folder or GGUF file of a source: itself, or the hub cache's; None if it is not on this
    machine."""
    try:
        return find_model(source) or cached_folder(source)
    except (UnknownModel, UnusableModel):
        return None


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a configuration that describes the language model."""
    nested = config.get("text_config")
    return nested if isinstance(nested, dict) else config


def count_parameters(path: Path) -> int | None:
    """The number of parameters in the safetensors files of a folder, or in a GGUF file; None if
    they cannot be read.

    Tied weights are stored, and counted, once.
    """
    return _parameters_in(path, signature(path))


def has_chat_template(path: Path) -> bool:
    """Whether the tokenizer has a chat template."""
    return _has_template(path, signature(path))


Signature = tuple[tuple[str, int, int], ...]


def signature(path: Path) -> Signature:
    """Changes when a file of the folder, or the GGUF file, changes; the key for caching headers."""
    try:
        files = path.iterdir() if path.is_dir() else [path]
        stats = [(each.name, each.stat()) for each in files if each.is_file()]
    except OSError:
        return ()
    return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))


@lru_cache(maxsize=512)
def _parameters_in(path: Path, _: Signature) -> int | None:
    try:
        tensors = read_tensors(path) if path.is_dir() else read_header(path).tensors
    except UnusableModel:
        return None
    total = sum(each.elements for each in tensors.values())
    return total if tensors and total <= _MOST else None


@lru_cache(maxsize=512)
def _has_template(path: Path, _: Signature) -> bool:
    if path.is_file():
        try:
            return "tokenizer.chat_template" in read_header(path).settings
        except UnusableModel:
            return False
    if (path / "chat_template.jinja").is_file():
        return True
    return bool(_object_in(path / "tokenizer_config.json").get("chat_template"))


@lru_cache(maxsize=512)
def _problem_in(path: Path, _: Signature) -> str | None:
    try:
        check_model(path)
    except UnusableModel as error:
        return error.detail
    return None


@lru_cache(maxsize=512)
def _config_in(path: Path, _: Signature) -> Mapping[str, Any]:
    """The sizes in a GGUF file; empty if it cannot be read."""
    try:
        header = read_header(path)
        return config_of(header) if header.architecture in OWN else sizes_of(header)
    except UnusableModel:
        return {}


def _object_in(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if it cannot be read."""
    try:
        return read_json(path)
    except UnusableModel:
        return {}


def _kv_heads(config: Mapping[str, Any], heads: int | None) -> int | None:
    if config.get("multi_query") is True:
        return 1
    return positive_integer(config, _KV_HEADS) or heads
