"""Screens as they should look."""

from __future__ import annotations

import re
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def without_times(text: str) -> str:
    """The screen without what no two runs have in common."""
    text = re.sub(r"\d+\.\d+ ms", "0.0 ms", text)
    text = re.sub(r"[\d.]+ tokens/s", "0 tokens/s", text)
    return "\n".join(re.sub(r" {2,}(token \d+ of)", r"  \1", line) for line in text.split("\n"))
