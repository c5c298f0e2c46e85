"""The keys and values of several texts side by side, so that one step can read them all.

Texts of similar length stand on one shelf, a tensor with a slot for each; a text that outgrows
its shelf moves to the one of twice the room. The texts of a step that stand in neighbouring
slots are attended to in one product, whatever their lengths: keys beyond a text's own end are
hidden from it, and slots are cleared before they are taken, so nothing of another text is left.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

_FIRST_ROOM = 256
"""Positions of the smallest shelf; the others have twice as many each."""


@dataclass(frozen=True, slots=True)
class PastShape:
    """What one position of a text leaves: keys and values [n_layers, 2, kv_heads, head_dim]."""

    n_layers: int
    kv_heads: int
    head_dim: int
    device: torch.device

    @property
    def nbytes(self) -> int:
        """What one position takes, in float32."""
        return 4 * self.n_layers * 2 * self.kv_heads * self.head_dim


class _Shelf:
    """[n_layers, 2, slots, kv_heads, room, head_dim]: keys (0) and values (1) of many texts."""

    def __init__(self, shape: PastShape, room: int) -> None:
        self.room = room
        self._shape = shape
        self.data = self._slots(0)
        self._taken: set[int] = set()

    def take(self) -> int:
        """The first free slot, cleared; the shelf doubles where there is none."""
        slot = next(each for each in range(len(self._taken) + 1) if each not in self._taken)
        if slot == self.data.shape[2]:
            larger = self._slots(max(1, 2 * slot))
            larger[:, :, :slot] = self.data
            self.data = larger
        # A product with nothing is only nothing where no NaN of an earlier text stands.
        self.data[:, :, slot].zero_()
        self._taken.add(slot)
        return slot

    def leave(self, slot: int) -> None:
        """Give a slot back; an empty shelf takes no memory."""
        self._taken.discard(slot)
        if not self._taken:
            self.data = self._slots(0)

    def _slots(self, count: int) -> torch.Tensor:
        shape = self._shape
        return torch.empty(
            (shape.n_layers, 2, count, shape.kv_heads, self.room, shape.head_dim),
            device=shape.device,
        )


class Shelves:
    """All shelves of a model. Slots are taken and data is written by one thread at a time;
    slots may be given back by any."""

    def __init__(self, shape: PastShape) -> None:
        self._shape = shape
        self._by_room: dict[int, _Shelf] = {}
        self._keeping = threading.Lock()

    def move(self, past: Past, length: int) -> None:
        """Put a text where it has room for so many positions, with what it has read."""
        room = _FIRST_ROOM
        while room < length:
            room *= 2
        old, old_slot = past.shelf, past.slot
        with self._keeping:
            shelf = self._by_room.setdefault(room, _Shelf(self._shape, room))
            slot = shelf.take()
        if old is not None:
            shelf.data[:, :, slot, :, : past.length] = old.data[:, :, old_slot, :, : past.length]
        past.shelf, past.slot = shelf, slot
        if old is not None:
            self.leave(old, old_slot)

    def leave(self, shelf: _Shelf, slot: int) -> None:
        """Give a slot back."""
        with self._keeping:
            shelf.leave(slot)


class Past:
    """The keys and values of one text; `length` positions of it have been read."""

    def __init__(self, shelves: Shelves) -> None:
        self.length = 0
        self.shelf: _Shelf | None = None
        self.slot = -1
        self._shelves = shelves

    def reserve(self, length: int) -> torch.Tensor:
        """[n_layers, 2, kv_heads, room, head_dim] with room for so many positions."""
        if self.shelf is None or self.shelf.room < length:
            self._shelves.move(self, length)
        assert self.shelf is not None
        return self.shelf.data[:, :, self.slot]

    def begin_with(self, data: torch.Tensor) -> None:
        """Take over what another text has read: [n_layers, 2, kv_heads, length, head_dim]."""
        length = data.shape[3]
        self.reserve(length)[:, :, :, :length] = data
        self.length = length

    def copied(self, length: int) -> torch.Tensor:
        """[n_layers, 2, kv_heads, length, head_dim], a copy of the beginning."""
        return self.reserve(length)[:, :, :, :length].clone()

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append a layer's keys and values [1, kv_heads, T, head_dim]; all of them as views.

        The text's length stays that before the pass; who runs the pass adds to it afterwards.
        """
        begin, end = self.length, self.length + keys.shape[-2]
        all_keys, all_values = self.reserve(end)[layer].unbind(0)
        all_keys[:, begin:end] = keys[0]
        all_values[:, begin:end] = values[0]
        return all_keys[None, :, :end], all_values[None, :, :end]

    def close(self) -> None:
        """Give the slot back; harmless when done twice."""
        if self.shelf is not None:
            self._shelves.leave(self.shelf, self.slot)
            self.shelf = None


class Pasts:
    """The pasts of one step's texts, with room made for one more position each.

    Args:
        pasts: in the order of `sorted_pasts`.
    """

    def __init__(self, pasts: Sequence[Past]) -> None:
        self.lengths = [past.length for past in pasts]
        self.longest = max(self.lengths)
        for past in pasts:
            past.reserve(past.length + 1)
        self.ranges = [_Range(rows, pasts) for rows in _neighbours(pasts)]
        device = self.ranges[0].device
        self.positions = torch.tensor(self.lengths, device=device)

    def attend(
        self,
        layer: int,
        queries: torch.Tensor,
        keys_values: torch.Tensor,
        scaling: float,
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Append keys and values [rows, 2, kv_heads, head_dim] and let queries [rows, heads,
        head_dim] look at all: output [rows, heads * head_dim], and for each range of
        neighbours the pattern [rows, heads, keys]."""
        if len(self.ranges) == 1:
            output, pattern = self.ranges[0].attend(layer, queries, keys_values, scaling)
            return output, [pattern]
        parts = [
            each.attend(layer, queries[each.rows], keys_values[each.rows], scaling)
            for each in self.ranges
        ]
        return torch.cat([output for output, _ in parts]), [pattern for _, pattern in parts]


class _Range:
    """Texts of one step in neighbouring slots of a shelf; views of all layers, made once."""

    def __init__(self, rows: slice, pasts: Sequence[Past]) -> None:
        self.rows = rows
        mine = pasts[rows]
        lengths = [past.length for past in mine]
        shelf, first = mine[0].shelf, mine[0].slot
        assert shelf is not None
        data, count, self.n_keys = shelf.data, len(mine), max(lengths) + 1
        self.device = data.device
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
        self._nothing = data.new_zeros(1)
        self._hidden = _hidden(lengths, kv_heads, data)

    def attend(
        self,
        layer: int,
        queries: torch.Tensor,
        keys_values: torch.Tensor,
        scaling: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows, _, kv_heads, head_dim = keys_values.shape
        if self._places is None:
            self._new[layer].copy_(keys_values[0])
        else:
            flat = keys_values.transpose(0, 1).reshape(2, rows * kv_heads, head_dim)
            self._new[layer].index_copy_(1, self._places, flat)
        grouped = queries.reshape(rows * kv_heads, -1, head_dim)
        if self._hidden is None:
            scores = torch.baddbmm(self._nothing, grouped, self._keys[layer], beta=0, alpha=scaling)
        else:
            scores = torch.baddbmm(self._hidden, grouped, self._keys[layer], alpha=scaling)
        pattern = torch.softmax(scores, -1)
        output = torch.bmm(pattern, self._values[layer])
        return output.view(rows, -1), pattern.view(rows, -1, self.n_keys)


def sorting_key(past: Past) -> tuple[int, int]:
    """Sorts the texts of a step so that neighbours come one after the other."""
    return (0, 0) if past.shelf is None else (past.shelf.room, past.slot)


def _neighbours(pasts: Sequence[Past]) -> list[slice]:
    """Rows whose texts stand in neighbouring slots of the same shelf."""
    borders = [0]
    for row in range(1, len(pasts)):
        before, past = pasts[row - 1], pasts[row]
        if past.shelf is not before.shelf or past.slot != before.slot + 1:
            borders.append(row)
    return [slice(a, b) for a, b in zip(borders, [*borders[1:], len(pasts)], strict=True)]


def _hidden(lengths: Sequence[int], kv_heads: int, like: torch.Tensor) -> torch.Tensor | None:
    """[texts * kv_heads, 1, keys]: -Infinity after each text's end; None where all end alike."""
    longest = max(lengths)
    if min(lengths) == longest:
        return None
    after = np.arange(longest + 1) > np.repeat(lengths, kv_heads)[:, None, None]
    return torch.from_numpy(np.where(after, np.float32(-np.inf), np.float32(0))).to(like.device)
