"""Attention of texts in neighbouring slots of a shelf, over views of all layers made once.

One step's queries are a row a text. torch's batched product opens its threads for work of a few
microseconds, and closing them costs more than that, a hundred times more where the cores are busy
with other things: so on the CPU numpy multiplies, in the calling thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from mav_engine.arrays import Floats

if TYPE_CHECKING:
    from mav_engine.backends.transformers.pasts import Past


class Range(Protocol):
    """Texts of one step, `rows` of it; numbers are numpy's or torch's."""

    rows: slice

    def __init__(self, rows: slice, pasts: Sequence[Past]) -> None: ...

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[Any, Any]:
        """Append keys and values [rows, 2, kv_heads, head_dim] and let scaled queries [rows,
        heads, head_dim] look at all: output [rows, heads * head_dim] and pattern [rows, heads,
        keys]."""


class TorchRange:
    """By batched products, which a device of its own does at once."""

    def __init__(self, rows: slice, pasts: Sequence[Past]) -> None:
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


class NumpyRange:
    """By one product a head, in the calling thread."""

    def __init__(self, rows: slice, pasts: Sequence[Past]) -> None:
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
        hidden = _hidden(lengths)
        self._hidden = None if hidden is None else hidden[:, None, None, None]

    def attend(self, layer: int, queries: Floats, keys_values: Floats) -> tuple[Floats, Floats]:
        rows, _, kv_heads, head_dim = keys_values.shape
        self._data[layer][self._at] = keys_values if rows > 1 else keys_values[0]
        grouped = queries.reshape(rows, kv_heads, -1, 1, head_dim)
        pattern = grouped @ self._keys[layer]
        if self._hidden is not None:
            pattern += self._hidden
        # What max() and sum() come to after their detours.
        pattern -= np.maximum.reduce(pattern, axis=-1, keepdims=True)
        np.exp(pattern, pattern)
        pattern /= np.add.reduce(pattern, axis=-1, keepdims=True)
        output = pattern @ self._values[layer]
        return output.reshape(rows, -1), pattern.reshape(rows, -1, pattern.shape[-1])


def _slots(pasts: Sequence[Past]) -> tuple[torch.Tensor, int, list[int]]:
    """The shelf that texts in neighbouring slots stand on, the first slot, and their lengths."""
    shelf = pasts[0].shelf
    assert shelf is not None
    return shelf.data, pasts[0].slot, [past.length for past in pasts]


def _hidden(lengths: Sequence[int]) -> Floats | None:
    """[texts, keys]: -Infinity after each text's end; None where all end alike."""
    longest = max(lengths)
    if min(lengths) == longest:
        return None
    after = np.arange(longest + 1) > np.array(lengths)[:, None]
    return np.where(after, np.float32(-np.inf), np.float32(0))
