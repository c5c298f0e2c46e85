"""A KV cache with one preallocated slab per layer: appending a token copies only that token.

transformers' dynamic cache concatenates, which copies all keys and values for each token. Layers
with a sliding window keep all keys and values too: the mask hides what is out of the window,
and patterns of all layers have the same keys.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache, DynamicCache
from transformers.cache_utils import (
    DynamicLayer,
    DynamicSlidingWindowLayer,
    LinearAttentionAndFullAttentionLayer,
    LinearAttentionAndSlidingWindowAttentionLayer,
)

from mav_engine.backends.inference.kv_pool import KVSlot
from mav_engine.backends.inference.kv_tensors import append

_FIRST_KEYS = 256


class SlabLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values [batch, kv_heads, length, head_dim] as views of a slab that doubles when
    full."""

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.is_initialized = False
        self._max_length = max_length
        self._length = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append keys and values; returns views of all."""
        begin, end = self._length, self._length + key_states.shape[-2]
        if not self.is_initialized:
            self.dtype, self.device = key_states.dtype, key_states.device
            self._slabs = (self._slab(key_states, end), self._slab(value_states, end))
            self.is_initialized = True
        elif end > self._slabs[0].shape[-2]:
            self._grow(end)
        keys, values = self._slabs
        keys[:, :, begin:end] = key_states
        values[:, :, begin:end] = value_states
        self._length = end
        self.keys, self.values = keys[:, :, :end], values[:, :, :end]
        return self.keys, self.values

    def get_seq_length(self) -> int:
        return self._length

    def _slab(self, like: torch.Tensor, length: int) -> torch.Tensor:
        room = min(max(_FIRST_KEYS, 2 * length), max(self._max_length, length))
        return like.new_empty((*like.shape[:-2], room, like.shape[-1]))

    def _grow(self, length: int) -> None:
        old = self._slabs
        self._slabs = (self._slab(old[0], length), self._slab(old[1], length))
        for slab, earlier in zip(self._slabs, old, strict=True):
            slab[:, :, : self._length] = earlier[:, :, : self._length]


class SlotLayer(DynamicLayer):  # type: ignore[misc]
    """One layer of a slot as the cache of a model's own forward pass."""

    def __init__(self, slot: KVSlot, layer: int) -> None:
        super().__init__()
        self.is_initialized = True
        self._slot = slot
        self._layer = layer

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append keys and values; returns views of all."""
        return append(self._slot, self._layer, key_states, value_states)

    def get_seq_length(self) -> int:
        return self._slot.length


def cache_over_slot(slot: KVSlot, n_layers: int) -> Cache:
    """A slot of the KV pool as the cache of a model's own forward pass."""
    return Cache(layers=[SlotLayer(slot, layer) for layer in range(n_layers)])


def make_cache(config: Any, max_length: int) -> tuple[Cache, bool]:
    """Returns a cache for a model and whether all of its layers are slabs.

    Layers that do not hold plain keys and values (recurrent states, for example) are those of
    transformers.
    """
    cache = DynamicCache(config=config)
    plain = [type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in cache.layers]
    if all(plain):
        return Cache(layers=[SlabLayer(max_length) for _ in plain]), True
    for place, layer in enumerate(cache.layers):
        if plain[place]:
            cache.layers[place] = SlabLayer(max_length)
        elif type(layer) is LinearAttentionAndSlidingWindowAttentionLayer:
            cache.layers[place] = LinearAttentionAndFullAttentionLayer(layer.number_of_states)
    return cache, False
