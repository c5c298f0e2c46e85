"""The fingerprint of a torch model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from mav_engine.backends.fingerprint import fingerprint_of, pieces_of, sample_indices


@torch.inference_mode()
def fingerprint(model: Any, tokenizer: Any, dtype: str | None, pieces: str | None = None) -> str:
    """32 hexadecimal digits that identify the weights, tokenizer and dtype.

    `pieces` is the result of `pieces_of`, if it is known.

    Only names and shapes are used of quantized or offloaded weights.
    """
    given = pieces or pieces_of(tokenizer)
    return fingerprint_of(type(model).__name__, dtype, _weights(model), given)


def _weights(model: Any) -> Iterator[tuple[str, tuple[int, ...], str, bytes]]:
    for name, weight in sorted(model.named_parameters()):
        plain = type(weight.data) is torch.Tensor and not weight.is_meta and weight.numel()
        samples = _samples(weight.data) if plain else b""
        yield name, tuple(weight.shape), str(weight.dtype), samples


def _samples(weight: torch.Tensor) -> bytes:
    weight = weight.reshape(weight.shape or (1,))
    indices = np.unravel_index(sample_indices(weight.numel()), weight.shape)
    found = tuple(torch.from_numpy(each).to(weight.device) for each in indices)
    taken: bytes = weight[found].cpu().double().numpy().tobytes()
    return taken
