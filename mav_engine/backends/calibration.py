"""The text that every model reads once, so that its usual activations are known.

It was written for this project: a story, a description, a dialogue, instructions and figures, in
plain English, so that statistics do not hang on the words of one prompt alone.
"""

from __future__ import annotations

from pathlib import Path

MAX_CALIBRATION_TOKENS = 512
"""Tokens of it that are read at most; a shorter context reads less."""
SURE_CALIBRATION_TOKENS = 128
"""Tokens of it that are read where a model does not tell its context."""


def calibration_text() -> str:
    """The whole text."""
    return (Path(__file__).parent / "calibration.txt").read_text(encoding="utf-8")
