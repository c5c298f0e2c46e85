"""Attention over a slab: of texts in neighbouring slots, or of several tokens of one text.

There is one query for each text, or for each token of one text. Views of all layers are made once.
These are the implementations for the CPU: a compiled call or numpy, on the calling thread. torch's
batched product would start all threads for a few microseconds of work, and stopping them takes
longer, a hundred times longer where the cores are busy. `torch_attention.py` has those for other
devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from mav_engine.backends.inference.kernels.blas import multiplied
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.small import (
    MAX_HEAD_DIM,
    AttentionArguments,
    small_build,
)
from mav_engine.backends.inference.kv_pool import Array, KVSlot
from mav_engine.contract.arrays import Floats


class BatchAttention(Protocol):
    """Attention of several texts, the `rows` of a step, on numpy arrays or tensors."""

    rows: slice

    def __init__(self, rows: slice, slots: Sequence[KVSlot]) -> None: ...

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[Any, Any]:
        """Append keys and values [rows, 2, kv_heads, head_dim] and attend with scaled queries
        [rows, heads, head_dim]: output [rows, heads * head_dim] and pattern [rows, heads,
        keys]."""


class NumpyBatchAttention:
    """Several texts, with one product for each head, on the calling thread."""

    def __init__(self, rows: slice, slots: Sequence[KVSlot]) -> None:
        self.rows = rows
        self._data, first, lengths = slab_of(slots[rows])
        count = len(lengths)
        part = self._data[:, :, first : first + count, :, None, : max(lengths) + 1]
        self._keys = part[:, 0].swapaxes(-1, -2)
        self._values = part[:, 1]
        every = slice(None)
        self._at: tuple[Any, ...] = (every, first, every, lengths[0])
        if count > 1:  # indexed axes come first: [rows, 2, kv_heads, head_dim]
            self._at = (every, range(first, first + count), every, lengths)
        self._lengths = lengths

    @cached_property
    def _hidden(self) -> Floats | None:
        hidden = causal_mask(self._lengths)
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
    """Several texts by one compiled call each, so that the results of a text do not depend on the
    others, bit for bit."""

    def __init__(self, rows: slice, slots: Sequence[KVSlot]) -> None:
        super().__init__(rows, slots)
        data, first, lengths = slab_of(slots[rows])
        kv_heads, head_dim = data.shape[3], data.shape[5]
        fits = head_dim % LANES == 0 and head_dim <= MAX_HEAD_DIM
        self._compiled = small_build() if fits else None
        self._of_layer, self._of_values, slot_stride, head = data.strides[:4]
        head //= data.itemsize
        self._texts = [
            (
                data.ctypes.data + at * slot_stride,
                AttentionArguments(0, kv_heads, head_dim, length + 1, head, head),
            )
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
    """Causal attention of several tokens of one text."""

    def __init__(self, slot: KVSlot, count: int) -> None: ...

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[Any, Any]:
        """As `BatchAttention.attend`; rows are the tokens, keys those of the last token."""


class NumpyChunkAttention:
    """One text, with one product for all queries that share keys, on the calling thread."""

    def __init__(self, slot: KVSlot, count: int) -> None:
        data, index, (begin,) = slab_of([slot])
        self._new = data[:, :, index, :, begin : begin + count]
        self._seen = data[:, :, index, :, : begin + count]
        self._hidden = causal_mask(range(begin, begin + count))

    def attend(self, layer: int, queries: Floats, keys_values: Floats) -> tuple[Floats, Floats]:
        rows, _, kv_heads, head_dim = keys_values.shape
        self._new[layer][:] = keys_values.transpose(1, 2, 0, 3)
        keys, values = self._seen[layer]
        grouped = queries.reshape(rows, kv_heads, -1, head_dim).transpose(1, 2, 0, 3)
        pattern = multiplied(grouped.reshape(kv_heads, -1, head_dim), keys.swapaxes(-1, -2))
        by_head = pattern.reshape(-1, rows, pattern.shape[-1])
        if self._hidden is not None:
            by_head += self._hidden
        _softmax(by_head)
        output = multiplied(pattern, values).reshape(kv_heads, -1, rows, head_dim)
        return output.transpose(2, 0, 1, 3).reshape(rows, -1), by_head.swapaxes(0, 1)


def _softmax(scores: Floats) -> None:
    """Over the last axis, in place."""
    # max() and sum() call these, but take longer.
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
    np.exp(scores, scores)
    scores /= np.add.reduce(scores, axis=-1, keepdims=True)


def slab_of(slots: Sequence[KVSlot]) -> tuple[Array, int, list[int]]:
    """The slab of texts in neighbouring slots, the index of the first slot, and their lengths."""
    slab = slots[0].slab
    assert slab is not None
    return slab.data, slots[0].index, [slot.length for slot in slots]


def causal_mask(lengths: Sequence[int]) -> Floats | None:
    """The mask [rows, keys]: -inf after the end of each row; None for equal lengths."""
    longest = max(lengths)
    if min(lengths) == longest:
        return None
    after = np.arange(longest + 1) > np.array(lengths)[:, None]
    return np.where(after, np.float32(-np.inf), np.float32(0))
