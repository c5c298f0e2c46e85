"""Refuse tokenizers that would exhaust the memory or take minutes to load.

A tokenizer comes with a model's files. Replacements multiply when one follows another, a template
of special tokens may add any number of tokens, and the library ends the process when the memory is
full. Added tokens are copied several times while a tokenizer is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mav_engine.errors import UnusableModel
from mav_engine.models.bounded_files import read_json

MAX_GROWTH = 1000
"""Largest factor by which a text may grow; published tokenizers have at most 3."""
MAX_ADDED = 1000
"""Most characters or tokens that may be added to a text."""
MAX_ADDED_TOKENS = 100_000
"""Added tokens of a tokenizer. Models of speech and images have up to 66,000."""
_ADDED_TOKENS = (
    ("tokenizer.json", "added_tokens"),
    ("tokenizer_config.json", "added_tokens_decoder"),
    ("tokenizer_config.json", "additional_special_tokens"),
    ("tokenizer_config.json", "extra_special_tokens"),
    ("special_tokens_map.json", "additional_special_tokens"),
    ("added_tokens.json", None),
)
"""Files with the field that lists added tokens; None where the whole file does."""


def check_limits(folder: Path) -> None:
    """Check the tokenizer of a folder before a library reads it.

    The library normalizes added tokens while it reads `tokenizer.json`.

    Raises:
        UnusableModel: it may lengthen a text more than `MAX_GROWTH` times, or has more added tokens
            than `MAX_ADDED_TOKENS`.
    """
    files = {name: _read(folder / name) for name in dict(_ADDED_TOKENS)}
    for name, field in _ADDED_TOKENS:
        added = files[name] if field is None else files[name].get(field)
        if isinstance(added, dict | list) and len(added) > MAX_ADDED_TOKENS:
            raise UnusableModel(
                f"{name} has {len(added):,} added tokens, but at most {MAX_ADDED_TOKENS:,} are "
                f"supported. Use the model's original {name}.",
                field="model",
            )
    _check_growth(files["tokenizer.json"])


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.exists() else {}


def _check_growth(described: dict[str, Any]) -> None:
    for part in ("normalizer", "decoder"):
        growth, added = 1, 0
        for each in _flat(described.get(part)):
            if each.get("type") == "Replace":
                growth *= max(1, len(str(each.get("content", ""))))
            added += len(str(each.get("prepend", "")))
        if growth > MAX_GROWTH or added > MAX_ADDED:
            raise _refused(part)
    added = sum(_added_by(each) for each in _flat(described.get("post_processor")))
    if added > MAX_ADDED:
        raise _refused("post_processor")


def _added_by(processor: dict[str, Any]) -> int:
    special = processor.get("special_tokens")
    pieces = processor.get("single")
    if not isinstance(special, dict) or not isinstance(pieces, list):
        return 0
    try:
        names = [each["SpecialToken"]["id"] for each in pieces if "SpecialToken" in each]
        return sum(len(special[name]["ids"]) for name in names if name in special)
    except (KeyError, TypeError):  # the library reports what is invalid
        return 0


def _flat(part: Any) -> Iterator[dict[str, Any]]:
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict):
            yield each
            waiting.extend(each.get(name) for name in ("normalizers", "decoders", "processors"))


def _refused(part: str) -> UnusableModel:
    return UnusableModel(
        f"tokenizer.json: its {part} may make a text more than {MAX_GROWTH} times longer, which "
        "would exhaust the memory. Use the model's original tokenizer.json.",
        field="model",
    )
