"""Attention over a slab by torch's batched products, for devices other than the CPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mav_engine.backends.inference.kernels.batched_attention import causal_mask, slab_of
from mav_engine.backends.inference.kv_pool import KVSlot


class TorchBatchAttention:
    """Several texts by batched products."""

    def __init__(self, rows: slice, slots: Sequence[KVSlot]) -> None:
        self.rows = rows
        slab, first, lengths = slab_of(slots[rows])
        data = torch.as_tensor(slab)
        count, self.n_keys = len(lengths), max(lengths) + 1
        n_layers, _, n_slots, kv_heads, room, head_dim = data.shape
        part = data[:, :, first : first + count, :, : self.n_keys]
        seen = part.view(n_layers, 2, count * kv_heads, self.n_keys, head_dim)
        self._keys = seen[:, 0].transpose(-1, -2).unbind(0)
        self._values = seen[:, 1].unbind(0)
        self._places: torch.Tensor | None = None
        if count == 1:
            written = data[:, :, first, :, lengths[0]]
        else:
            written = data.view(n_layers, 2, n_slots * kv_heads * room, head_dim)
            heads = first * kv_heads + np.arange(count * kv_heads)
            places = heads * room + np.repeat(lengths, kv_heads)
            self._places = torch.from_numpy(places).to(data.device)
        self._new = written.unbind(0)
        hidden = causal_mask(lengths)
        self._hidden: torch.Tensor | None = None
        if hidden is not None:
            each = np.repeat(hidden, kv_heads, axis=0)[:, None]
            self._hidden = torch.from_numpy(each).to(data.device)

    def attend(
        self, layer: int, queries: torch.Tensor, keys_values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows, _, kv_heads, head_dim = keys_values.shape
        if self._places is None:
            self._new[layer].copy_(keys_values[0])
        else:
            flat = keys_values.transpose(0, 1).reshape(2, rows * kv_heads, head_dim)
            self._new[layer].index_copy_(1, self._places, flat)
        grouped = queries.reshape(rows * kv_heads, -1, head_dim)
        if self._hidden is None:
            scores = torch.bmm(grouped, self._keys[layer])
        else:
            scores = torch.baddbmm(self._hidden, grouped, self._keys[layer])
        pattern = torch.softmax(scores, -1)
        output = torch.bmm(pattern, self._values[layer])
        return output.view(rows, -1), pattern.view(rows, -1, self.n_keys)


class TorchChunkAttention:
    """One text by one product for the queries that share keys."""

    def __init__(self, slot: KVSlot, count: int) -> None:
        slab, index, (begin,) = slab_of([slot])
        data = torch.as_tensor(slab)
        self._new = data[:, :, index, :, begin : begin + count]
        self._seen = data[:, :, index, :, : begin + count]
        hidden = causal_mask(range(begin, begin + count))
        self._hidden = None if hidden is None else torch.from_numpy(hidden).to(data.device)

    def attend(
        self, layer: int, queries: torch.Tensor, keys_values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows, _, kv_heads, head_dim = keys_values.shape
        self._new[layer].copy_(keys_values.permute(1, 2, 0, 3))
        keys, values = self._seen[layer].unbind(0)
        grouped = queries.view(rows, kv_heads, -1, head_dim).permute(1, 2, 0, 3)
        scores = torch.bmm(grouped.reshape(kv_heads, -1, head_dim), keys.transpose(1, 2))
        scores = scores.view(kv_heads, -1, rows, scores.shape[-1])
        if self._hidden is not None:
            scores += self._hidden
        pattern = torch.softmax(scores, -1)
        output = torch.bmm(pattern.flatten(1, 2), values).view(*pattern.shape[:3], head_dim)
        return output.permute(2, 0, 1, 3).reshape(rows, -1), pattern.flatten(0, 1).transpose(0, 1)
