"""A KV cache in one preallocated slab a layer: reading a token copies that token only.

transformers' dynamic cache concatenates, which copies the whole past for each token. Layers
with a sliding window keep the whole past here too: the mask hides what is out of the window,
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

_FIRST_KEYS = 256


class SlabLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values [batch, kv_heads, length, head_dim] as views of a slab that doubles."""

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.is_initialized = False
        self._max_length = max_length
        self._length = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append keys and values; give the whole past as views."""
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
        for slab, past in zip(self._slabs, old, strict=True):
            slab[:, :, : self._length] = past[:, :, : self._length]


class PastLayer(DynamicLayer):  # type: ignore[misc]
    """One layer of a `Past` as the cache of a model's own forward pass."""

    def __init__(self, past: KVSlot, layer: int) -> None:
        super().__init__()
        self.is_initialized = True
        self._past = past
        self._layer = layer

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append keys and values; give the whole past as views."""
        return self._past.append(self._layer, key_states, value_states)

    def get_seq_length(self) -> int:
        return self._past.length


def past_cache(past: KVSlot, n_layers: int) -> Cache:
    """A `Past` as the cache of a model's own forward pass."""
    return Cache(layers=[PastLayer(past, layer) for layer in range(n_layers)])


def make_cache(config: Any, max_length: int) -> tuple[Cache, bool]:
    """A cache for a model, and whether all of it is slabs.

    Layers that keep something else than plain keys and values (recurrent states, say) stay what
    transformers makes for them.
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
