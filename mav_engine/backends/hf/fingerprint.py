"""What tells one loaded model from another: by samples of its weights, not by its name."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch

_SAMPLES = 16
"""Numbers of each tensor that count; a training step changes nearly all of them."""


@torch.inference_mode()
def fingerprint(model: Any, tokenizer: Any, dtype: str | None, pieces: str | None = None) -> str:
    """The same for the same weights, tokenizer and number type; 32 hexadecimal digits.

    `pieces` are those of the tokenizer, where they are known.

    Of weights that are packed or stand elsewhere (quantized, offloaded) names and shapes count.
    """
    digest = hashlib.sha256(f"{type(model).__name__} {dtype}".encode())
    for name, weight in sorted(model.named_parameters()):
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
        if type(weight.data) is torch.Tensor and not weight.is_meta and weight.numel():
            digest.update(_samples(weight.data))
    digest.update((pieces or pieces_of(tokenizer)).encode())
    return digest.hexdigest()[:32]


def pieces_of(tokenizer: Any) -> str:
    """All that a tokenizer is, as text."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return backend.to_str() if backend else str(sorted(tokenizer.get_vocab().items()))


def _samples(weight: torch.Tensor) -> bytes:
    """Values at even places by their indices, so that the layout in memory does not matter."""
    places = torch.linspace(0, weight.numel() - 1, _SAMPLES, dtype=torch.float64).long()
    weight = weight.reshape(weight.shape or (1,))
    # numpy's: torch's own imports a library of algebra, which takes half a second.
    indices = np.unravel_index(places.numpy(), weight.shape)
    found = tuple(torch.from_numpy(each).to(weight.device) for each in indices)
    taken: bytes = weight[found].cpu().double().numpy().tobytes()
    return taken
