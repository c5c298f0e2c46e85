"""Identifies a loaded model by samples of its weights, not by its name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

_SAMPLES = 16
"""Sampled values per tensor; a training step changes nearly all of them."""


def sample_indices(count: int) -> np.ndarray:
    """[16] evenly spaced indices of a tensor of `count` values, by index, so that the layout in
    memory does not matter."""
    step = (count - 1) / (_SAMPLES - 1)
    at = np.arange(_SAMPLES)
    # From both ends, as torch.linspace computes them.
    from_end = (count - 1) - step * (_SAMPLES - 1 - at)
    indices: np.ndarray = np.where(at < _SAMPLES // 2, step * at, from_end).astype(np.int64)
    return indices


def fingerprint_of(
    kind: str,
    dtype: str | None,
    weights: Iterable[tuple[str, tuple[int, ...], str, bytes]],
    pieces: str,
) -> str:
    """32 hexadecimal digits.

    Args:
        kind: name of the model's class.
        dtype: the dtype or precision that the model is loaded in.
        weights: name, shape, torch's name of the dtype, and the sampled values in double precision
            of each weight, sorted by name.
        pieces: the complete tokenizer as text.
    """
    digest = hashlib.sha256(f"{kind} {dtype}".encode())
    for name, shape, stored, samples in weights:
        digest.update(f"{name} {shape} {stored}".encode())
        digest.update(samples)
    digest.update(pieces.encode())
    return digest.hexdigest()[:32]


def pieces_of(tokenizer: Any) -> str:
    """The complete tokenizer as text."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return backend.to_str() if backend else str(sorted(tokenizer.get_vocab().items()))
