"""What a Llama has read before: a `Past` that steps read too, or a text by itself."""

from __future__ import annotations

import torch

from mav_engine.backends.inference.kv_pool import KVSlot

Pair = tuple[torch.Tensor, torch.Tensor]
"""Keys and values [1, kv_heads, n, head_dim]."""


class PastCache:
    """A `Past`, whose length who runs the pass adds to afterwards."""

    def __init__(self, past: KVSlot) -> None:
        self._past = past

    def update(self, key: torch.Tensor, value: torch.Tensor, layer: int) -> Pair:
        """Append what is new of a layer; give all of it."""
        return self._past.append(layer, key, value)


class TextCache:
    """Keys and values of one text, layer by layer."""

    def __init__(self) -> None:
        self._by_layer: dict[int, Pair] = {}

    def update(self, key: torch.Tensor, value: torch.Tensor, layer: int) -> Pair:
        """Append what is new of a layer; give all of it."""
        before = self._by_layer.get(layer)
        if before is not None:
            key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
        self._by_layer[layer] = (key, value)
        return key, value
