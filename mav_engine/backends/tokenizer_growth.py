"""Refuse tokenizers that make short texts very long: their library ends the process without memory.

A tokenizer comes with a model's files. Replacements multiply when one follows another, and padding
or a template of special tokens may add any number of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mav_engine.bounded_files import read_json
from mav_engine.errors import UnusableModel

MAX_GROWTH = 1000
"""Times that a text may become longer; published tokenizers have at most 3."""
MAX_ADDED = 1000
"""Characters or tokens that may be added to a text."""


def check_growth(folder: Path) -> None:
    """Check the `tokenizer.json` of a folder, if it has one, before a library reads it.

    The library normalizes added tokens while it reads the file.

    Raises:
        UnusableModel: it may lengthen a text more than `MAX_GROWTH` times.
    """
    file = folder / "tokenizer.json"
    if not file.exists():
        return
    described = read_json(file)
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
    except (KeyError, TypeError):  # the library says what is wrong with it
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
