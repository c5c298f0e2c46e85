"""Typed fields of a `config.json`."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.models.bounded_files import read_json

_DTYPES = (None, "float32", "float16", "bfloat16", "float64")
_REQUIRED = object()


class Fields:
    """The fields of a configuration, with transformers' defaults where they are missing.

    All methods raise `Unsupported` for a value of another type.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given

    def size(self, name: str, default: Any = _REQUIRED) -> int:
        """A whole number above 0."""
        value = self._value(name, default)
        if type(value) is not int or value < 1:
            raise self._wrong(name, value)
        return value

    def number(self, name: str, default: Any = _REQUIRED) -> float:
        """A finite number above 0."""
        value = self._value(name, default)
        if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:
            raise self._wrong(name, value)
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self._value(name, default)
        if type(value) is not bool:
            raise self._wrong(name, value)
        return value

    def one_of(self, name: str, known: Collection[str], default: Any) -> str:
        """One of several texts."""
        value = self._value(name, default)
        if not isinstance(value, str) or value not in known:
            raise self._wrong(name, value)
        return value

    def _value(self, name: str, default: Any) -> Any:
        value = self.given.get(name)
        value = default if value is None else value
        if value is _REQUIRED:
            raise Unsupported(f"its configuration has no {name}")
        return value

    def _wrong(self, name: str, value: object) -> Unsupported:
        return Unsupported(f"its configuration has {name} = {str(value)[:80]}")


def read_fields(folder: Path) -> Mapping[str, Any]:
    """The fields of `config.json`.

    Raises:
        UnusableModel: it is broken.
        Unsupported: its dtype is not one of floats.
    """
    given = read_json(folder / "config.json")
    if "text_config" in given:
        raise Unsupported("its configuration has several parts")
    for name in ("dtype", "torch_dtype"):
        if given.get(name) not in _DTYPES:
            raise Unsupported(f"its configuration has {name} = {str(given[name])[:80]}")
    return given


def eos_token_id(folder: Path, given: Mapping[str, Any]) -> object:
    """eos_token_id of generation_config.json if there is one, as in transformers, else that of the
    configuration."""
    own = folder / "generation_config.json"
    if own.is_file():
        return read_json(own).get("eos_token_id")
    return given.get("eos_token_id")
