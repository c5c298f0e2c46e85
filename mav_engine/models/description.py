"""Describes a model from its files, without loading it: no torch, no network.

Reads only `config.json`, safetensors headers and the tokenizer's configuration, with limits. Values
that they do not contain are None.
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
from mav_engine.models.folder import D_MODEL, HEADS, LAYERS, check_folder, find_folder
from mav_engine.models.hub import cached_folder
from mav_engine.models.weight_files import read_tensors
from mav_engine.probes import names as probe_names

_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv")
_MOST = 2**53 - 1
"""The largest integer that every client reads exactly."""


def describe(source: str, *, name: str) -> ModelInfo:
    """Describe a model in a folder, or a hub model that is downloaded."""
    folder = model_folder(source)
    config = {} if folder is None else text_config(_object_in(folder / "config.json"))
    heads = positive_integer(config, HEADS)
    return ModelInfo(
        name=name,
        title=name.rstrip("/").rpartition("/")[2],
        parameters=None if folder is None else count_parameters(folder),
        layers=positive_integer(config, LAYERS),
        heads=heads,
        kv_heads=_kv_heads(config, heads),
        d_model=positive_integer(config, D_MODEL),
        vocabulary=positive_integer(config, ("vocab_size",)),
        context=context_length(config),
        dtype=None,
        device=None,
        loaded=False,
        chat_template=None if folder is None else has_chat_template(folder),
        capabilities=list(probe_names()),
    )


def problem(source: str) -> str | None:
    """Why a model cannot be loaded, judging by its files; None if nothing is wrong, or if it is not
    on this machine."""
    folder = model_folder(source)
    return None if folder is None else _problem_in(folder, signature(folder))


def model_folder(source: str) -> Path | None:
    """The folder of a source: itself, or the hub cache's; None if it is not on this machine."""
    try:
        return find_folder(source) or cached_folder(source)
    except (UnknownModel, UnusableModel):
        return None


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a configuration that describes the language model."""
    nested = config.get("text_config")
    return nested if isinstance(nested, dict) else config


def count_parameters(folder: Path) -> int | None:
    """The number of parameters in the safetensors files; None if they cannot be read.

    Tied weights are stored, and counted, once.
    """
    return _parameters_in(folder, signature(folder))


def has_chat_template(folder: Path) -> bool:
    """Whether the tokenizer has a chat template."""
    return _has_template(folder, signature(folder))


Signature = tuple[tuple[str, int, int], ...]


def signature(folder: Path) -> Signature:
    """Changes when a file of the folder changes; the key for caching headers."""
    try:
        stats = [(path.name, path.stat()) for path in folder.iterdir() if path.is_file()]
    except OSError:
        return ()
    return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))


@lru_cache(maxsize=512)
def _parameters_in(folder: Path, _: Signature) -> int | None:
    try:
        tensors = read_tensors(folder)
    except UnusableModel:
        return None
    total = sum(each.elements for each in tensors.values())
    return total if tensors and total <= _MOST else None


@lru_cache(maxsize=512)
def _has_template(folder: Path, _: Signature) -> bool:
    if (folder / "chat_template.jinja").is_file():
        return True
    return bool(_object_in(folder / "tokenizer_config.json").get("chat_template"))


@lru_cache(maxsize=512)
def _problem_in(folder: Path, _: Signature) -> str | None:
    try:
        check_folder(folder)
    except UnusableModel as error:
        return error.detail
    return None


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
