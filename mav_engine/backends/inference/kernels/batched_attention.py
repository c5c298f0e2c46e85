"""Attention over a slab: of texts in neighbouring slots, or of several tokens of one text.

There is a query for each text, or for each token of one text. Views of all layers are made once.
On the CPU a compiled call or numpy computes in the calling thread: torch's batched product starts
its threads for work of a few microseconds, and stopping them costs more, a hundred times more where
the cores are busy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch

from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.small import WIDEST, CachedKeys, small_operations
from mav_engine.backends.inference.kv_pool import KVSlot
from mav_engine.contract.arrays import Floats


class BatchAttention(Protocol):
    """Texts of one step, `rows` of it; numbers are numpy's or torch's."""

    rows: slice

    def __init__(self, rows: slice, pasts: Sequence[KVSlot]) -> None: ...

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[Any, Any]:
        """Append keys and values [rows, 2, kv_heads, head_dim] and attend with scaled queries
        [rows, heads, head_dim]: output [rows, heads * head_dim] and pattern [rows, heads,
        keys]."""


class TorchBatchAttention:
    """Texts, by batched products, which a device of its own does at once."""

    def __init__(self, rows: slice, pasts: Sequence[KVSlot]) -> None:
        self.rows = rows
        data, first, lengths = _slots(pasts[rows])
        count, self.n_keys = len(lengths), max(lengths) + 1
        n_layers, _, slots, kv_heads, room, head_dim = data.shape
        part = data[:, :, first : first + count, :, : self.n_keys]
        seen = part.view(n_layers, 2, count * kv_heads, self.n_keys, head_dim)
        self._keys = seen[:, 0].transpose(-1, -2).unbind(0)
        self._values = seen[:, 1].unbind(0)
        self._places: torch.Tensor | None = None
        if count == 1:
            written = data[:, :, first, :, lengths[0]]
        else:
            written = data.view(n_layers, 2, slots * kv_heads * room, head_dim)
            heads = first * kv_heads + np.arange(count * kv_heads)
            places = heads * room + np.repeat(lengths, kv_heads)
            self._places = torch.from_numpy(places).to(data.device)
        self._new = written.unbind(0)
        hidden = _hidden(lengths)
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


class NumpyBatchAttention:
    """Texts, by one product a head, in the calling thread."""

    def __init__(self, rows: slice, pasts: Sequence[KVSlot]) -> None:
        self.rows = rows
        data, first, lengths = _slots(pasts[rows])
        self._data, count = data.numpy(), len(lengths)
        part = self._data[:, :, first : first + count, :, None, : max(lengths) + 1]
        self._keys = part[:, 0].swapaxes(-1, -2)
        self._values = part[:, 1]
        every = slice(None)
        self._at: tuple[Any, ...] = (every, first, every, lengths[0])
        if count > 1:  # picked places stand first: [rows, 2, kv_heads, head_dim]
            self._at = (every, range(first, first + count), every, lengths)
        self._lengths = lengths

    @cached_property
    def _hidden(self) -> Floats | None:
        hidden = _hidden(self._lengths)
        return None if hidden is None else hidden[:, None, None, None]

    def _append(self, layer: int, keys_values: Floats) -> None:
        self._data[layer][self._at] = keys_values if len(keys_values) > 1 else keys_values[0]

    def attend(self, layer: int, queries: Floats, keys_values: Floats) -> tuple[Floats, Floats]:
        rows, _, kv_heads, head_dim = keys_values.shape
        self._append(layer, keys_values)
        grouped = queries.reshape(rows, kv_heads, -1, 1, head_dim)
        pattern = grouped @ self._keys[layer]
        if self._hidden is not None:
            pattern += self._hidden
        _softmax(pattern)
        output = pattern @ self._values[layer]
        return output.reshape(rows, -1), pattern.reshape(rows, -1, pattern.shape[-1])


class CompiledBatchAttention(NumpyBatchAttention):
    """Texts, each by one compiled call where one was built: what a text sees does not depend on
    those beside it, to the last bit."""

    def __init__(self, rows: slice, pasts: Sequence[KVSlot]) -> None:
        super().__init__(rows, pasts)
        data, first, lengths = _slots(pasts[rows])
        kv_heads, head_dim, head = data.shape[3], data.shape[5], data.stride(3)
        fits = head_dim % LANES == 0 and head_dim <= WIDEST
        self._compiled = small_operations() if fits else None
        layer, values, slot = (4 * stride for stride in data.stride()[:3])
        self._of_layer, self._of_values = layer, values
        self._texts = [
            (data.data_ptr() + at * slot, CachedKeys(0, kv_heads, head_dim, length + 1, head, head))
            for at, length in enumerate(lengths, first)
        ]
        self._n_keys = max(lengths) + 1
        self._made = np.empty if min(lengths) == max(lengths) else np.zeros

    def attend(self, layer: int, queries: Floats, keys_values: Floats) -> tuple[Floats, Floats]:
        compiled = self._compiled
        if compiled is None:
            return super().attend(layer, queries, keys_values)
        self._append(layer, keys_values)
        rows, heads, head_dim = queries.shape
        queries = np.ascontiguousarray(queries)
        output = np.empty((rows, heads * head_dim), np.float32)
        room = self._made(rows * heads * self._n_keys + LANES, np.float32)
        query, to, shares = queries.ctypes.data, output.ctypes.data, room.ctypes.data
        for row, (begin, seen) in enumerate(self._texts):
            seen.heads, seen.pattern_stride = heads, self._n_keys
            seen.key = begin + layer * self._of_layer
            seen.value = begin + layer * self._of_layer + self._of_values
            seen.query = query + 4 * row * heads * head_dim
            seen.output = to + 4 * row * heads * head_dim
            seen.pattern = shares + 4 * row * heads * self._n_keys
            compiled.attend(seen, 1.0)
        return output, room[: rows * heads * self._n_keys].reshape(rows, heads, -1)


class ChunkAttention(Protocol):
    """Tokens of one text, one after the other: each looks at those before it and at itself."""

    def __init__(self, past: KVSlot, count: int) -> None: ...

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[Any, Any]:
        """As a range does; rows are the tokens, and keys those of the last one."""


class TorchChunkAttention:
    """One text, by a product for the queries that share keys."""

    def __init__(self, past: KVSlot, count: int) -> None:
        data, slot, (begin,) = _slots([past])
        self._new = data[:, :, slot, :, begin : begin + count]
        self._seen = data[:, :, slot, :, : begin + count]
        hidden = _hidden(range(begin, begin + count))
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


class NumpyChunkAttention:
    """One text, by a product for the queries that share keys, in the calling thread."""

    def __init__(self, past: KVSlot, count: int) -> None:
        data, slot, (begin,) = _slots([past])
        self._new = data.numpy()[:, :, slot, :, begin : begin + count]
        self._seen = data.numpy()[:, :, slot, :, : begin + count]
        self._hidden = _hidden(range(begin, begin + count))

    def attend(self, layer: int, queries: Floats, keys_values: Floats) -> tuple[Floats, Floats]:
        rows, _, kv_heads, head_dim = keys_values.shape
        self._new[layer][:] = keys_values.transpose(1, 2, 0, 3)
        keys, values = self._seen[layer]
        grouped = queries.reshape(rows, kv_heads, -1, head_dim).transpose(1, 2, 0, 3)
        pattern = grouped.reshape(kv_heads, -1, head_dim) @ keys.swapaxes(-1, -2)
        by_head = pattern.reshape(-1, rows, pattern.shape[-1])
        if self._hidden is not None:
            by_head += self._hidden
        _softmax(by_head)
        output = (pattern @ values).reshape(kv_heads, -1, rows, head_dim)
        return output.transpose(2, 0, 1, 3).reshape(rows, -1), by_head.swapaxes(0, 1)


def _softmax(scores: Floats) -> None:
    """Over the last axis, in place."""
    # What max() and sum() come to after their detours.
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
    np.exp(scores, scores)
    scores /= np.add.reduce(scores, axis=-1, keepdims=True)


def _slots(pasts: Sequence[KVSlot]) -> tuple[torch.Tensor, int, list[int]]:
    """The slab that texts in neighbouring slots stand on, the first slot, and their lengths."""
    slab = pasts[0].slab
    assert slab is not None
    return slab.data, pasts[0].slot, [past.length for past in pasts]


def _hidden(lengths: Sequence[int]) -> Floats | None:
    """[rows, keys]: -Infinity after each row's own end; None where all end alike."""
    longest = max(lengths)
    if min(lengths) == longest:
        return None
    after = np.arange(longest + 1) > np.array(lengths)[:, None]
    return np.where(after, np.float32(-np.inf), np.float32(0))
