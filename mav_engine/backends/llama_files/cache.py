"""The KV cache of a Llama: a slot of the KV pool, or one text by itself."""

from __future__ import annotations

import torch

from mav_engine.backends.inference.kv_pool import KVSlot

Pair = tuple[torch.Tensor, torch.Tensor]
"""Keys and values [1, kv_heads, n, head_dim]."""


class PastCache:
    """A slot of the KV pool; the caller adds to its length after the pass."""

    def __init__(self, past: KVSlot) -> None:
        self._past = past

    def update(self, key: torch.Tensor, value: torch.Tensor, layer: int) -> Pair:
        """Append a layer's new keys and values; returns all of them."""
        return self._past.append(layer, key, value)


class TextCache:
    """Keys and values of one text, layer by layer."""

    def __init__(self) -> None:
        self._by_layer: dict[int, Pair] = {}

    def update(self, key: torch.Tensor, value: torch.Tensor, layer: int) -> Pair:
        """Append a layer's new keys and values; returns all of them."""
        before = self._by_layer.get(layer)
        if before is not None:
            key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
        self._by_layer[layer] = (key, value)
        return key, value
