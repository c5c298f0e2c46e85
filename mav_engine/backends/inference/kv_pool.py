"""The keys and values of several texts side by side, so that one step can read them all.

Texts of similar length stand on one shelf, a tensor with a slot for each; a text that outgrows
its shelf moves to the one of twice the room. The texts of a step that stand in neighbouring
slots are attended to in one product, whatever their lengths: keys beyond a text's own end are
hidden from it, and slots are cleared when they are left, so nothing of another text stands there.
"""

from __future__ import annotations

import math
import mmap
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch

from mav_engine.backends.inference.batched_attention import BatchAttention, ChunkAttention

_FIRST_ROOM = 256
"""Positions of the smallest shelf; the others have twice as many each."""
_KEPT = 2**25
"""Bytes of a shelf at its beginning, as far as they hold a text, and of one that stays when it is
empty."""
_OF_THIS_PROCESS: dict[str, int] = (
    {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if os.name == "posix" else {}
)


@dataclass(frozen=True, slots=True)
class KVShape:
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

    def __init__(self, shape: KVShape, room: int) -> None:
        self.room = room
        self._shape = shape
        self.data = self._slots(0)
        self.reached: dict[int, int] = {}
        """Of each slot that is taken, up to which position it may have been written."""

    def take(self) -> int:
        """The first free slot, all zero; the shelf doubles where there is none."""
        slot = next(each for each in range(len(self.reached) + 1) if each not in self.reached)
        if slot == self.data.shape[2]:
            larger = self._slots(2 * slot or self._first_slots)
            for each, end in self.reached.items():
                _copy(larger[:, :, each, :, :end], self.data[:, :, each, :, :end])
            self.data = larger
        self.reached[slot] = 0
        return slot

    def leave(self, slot: int) -> None:
        """Give a slot back; a large shelf takes no memory once it is empty."""
        written = self.data[:, :, slot, :, : self.reached.pop(slot)]
        # A product with nothing is only nothing where no NaN of an earlier text stands.
        _copy(written, torch.zeros((), device=self._shape.device))
        if not self.reached and self.data.nbytes > _KEPT:
            self.data = self._slots(0)

    @property
    def _first_slots(self) -> int:
        return max(1, _KEPT // (self.room * self._shape.nbytes))

    def _slots(self, count: int) -> torch.Tensor:
        shape = self._shape
        return _zeros(
            (shape.n_layers, 2, count, shape.kv_heads, self.room, shape.head_dim), shape.device
        )


class KVPool:
    """All shelves of a model. Slots are taken and data is written by one thread at a time;
    slots may be given back by any."""

    def __init__(self, shape: KVShape) -> None:
        self._shape = shape
        self._by_room: dict[int, _Shelf] = {}
        self._keeping = threading.Lock()

    def move(self, past: KVSlot, length: int) -> None:
        """Put a text where it has room for so many positions, with what it has read."""
        room = _FIRST_ROOM
        while room < length:
            room *= 2
        old, old_slot = past.shelf, past.slot
        with self._keeping:
            shelf = self._by_room.setdefault(room, _Shelf(self._shape, room))
            slot = shelf.take()
        if old is not None:
            there = shelf.data[:, :, slot, :, : past.length]
            _copy(there, old.data[:, :, old_slot, :, : past.length])
        past.shelf, past.slot = shelf, slot
        if old is not None:
            self.leave(old, old_slot)

    def leave(self, shelf: _Shelf, slot: int) -> None:
        """Give a slot back."""
        with self._keeping:
            shelf.leave(slot)


class KVSlot:
    """The keys and values of one text; `length` positions of it have been read."""

    def __init__(self, shelves: KVPool) -> None:
        self.length = 0
        self.first_position = 0
        """Where the text begins; above 0 only when a decoder is verified at later positions."""
        self.shelf: _Shelf | None = None
        self.slot = -1
        self._shelves = shelves

    def make_room(self, length: int) -> _Shelf:
        """Where it stands, with room for so many positions."""
        if self.shelf is None or self.shelf.room < length:
            self._shelves.move(self, length)
        shelf = self.shelf
        assert shelf is not None
        shelf.reached[self.slot] = max(shelf.reached[self.slot], length)
        return shelf

    def reserve(self, length: int) -> torch.Tensor:
        """[n_layers, 2, kv_heads, room, head_dim] with room for so many positions."""
        return self.make_room(length).data[:, :, self.slot]

    def begin_with(self, data: torch.Tensor) -> None:
        """Take over what another text has read: [n_layers, 2, kv_heads, length, head_dim]."""
        length = data.shape[3]
        _copy(self.reserve(length)[:, :, :, :length], data)
        self.length = length

    def copied(self, length: int) -> torch.Tensor:
        """[n_layers, 2, kv_heads, length, head_dim], a copy of the beginning."""
        read = self.reserve(length)[:, :, :, :length]
        copy = torch.empty(read.shape, device=read.device)
        _copy(copy, read)
        return copy

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


class Seen(Protocol):
    """What the rows of one pass look at."""

    lengths: Sequence[int]
    """Of each row, how many positions stand before it."""
    positions: Sequence[int]
    """The position of each row: `lengths` itself where all texts begin at position 0."""
    texts: Sequence[KVSlot]
    """Whose token each row is."""

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[list[Any], list[Any]]:
        """Append keys and values [rows, 2, kv_heads, head_dim] and let scaled queries [rows,
        heads, head_dim] look at all: for each range of rows the output [rows, heads * head_dim]
        and the pattern [rows, heads, keys]."""


class BatchView:
    """The pasts of one step's texts, with room made for one more position each.

    Args:
        pasts: in the order of `sorting_key`.
        kind: how neighbours are attended to.
    """

    def __init__(self, pasts: Sequence[KVSlot], kind: type[BatchAttention]) -> None:
        self.lengths: Sequence[int] = [past.length for past in pasts]
        self.positions = _positions(self.lengths, pasts)
        self.texts: Sequence[KVSlot] = pasts
        self._kind = kind
        for past in pasts:
            past.make_room(past.length + 1)

    @cached_property
    def ranges(self) -> list[BatchAttention]:
        """The texts that are attended to together."""
        return [self._kind(rows, self.texts) for rows in _neighbours(self.texts)]

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[list[Any], list[Any]]:
        ranges = self.ranges
        if len(ranges) == 1:
            output, pattern = ranges[0].attend(layer, queries, keys_values)
            return [output], [pattern]
        parts = [each.attend(layer, queries[each.rows], keys_values[each.rows]) for each in ranges]
        return [output for output, _ in parts], [pattern for _, pattern in parts]


class ChunkView:
    """The past of one text whose next tokens are read at once, with room made for them.

    Args:
        past: the text's.
        count: how many tokens.
        kind: how they are attended to.
    """

    def __init__(self, past: KVSlot, count: int, kind: type[ChunkAttention]) -> None:
        self.lengths: Sequence[int] = range(past.length, past.length + count)
        self.texts: Sequence[KVSlot] = [past] * count
        self.positions = _positions(self.lengths, self.texts)
        past.make_room(past.length + count)
        self._kind = kind

    @cached_property
    def _passage(self) -> ChunkAttention:
        return self._kind(self.texts[0], len(self.texts))

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[list[Any], list[Any]]:
        output, pattern = self._passage.attend(layer, queries, keys_values)
        return [output], [pattern]


def _zeros(shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """On the CPU memory that the system gives where it is written, and not before: memory is slow
    when it is touched for the first time, and a run would wait for all of it at its beginning."""
    if device.type != "cpu":
        return torch.zeros(shape, device=device)
    given = mmap.mmap(-1, max(1, 4 * math.prod(shape)), **_OF_THIS_PROCESS)
    return torch.from_numpy(np.frombuffer(given, np.float32, math.prod(shape)).reshape(shape))


def _copy(to: torch.Tensor, values: torch.Tensor) -> None:
    """Write values over others, in the calling thread where the CPU does it: a thread that lets
    torch open its threads for the first time waits for them to be made, which takes longer."""
    if to.device.type == "cpu":
        to.numpy()[...] = values.numpy()
    else:
        to.copy_(values)


def _positions(lengths: Sequence[int], texts: Sequence[KVSlot]) -> Sequence[int]:
    if not any(text.first_position for text in texts):
        return lengths
    return [text.first_position + length for length, text in zip(lengths, texts, strict=True)]


def sorting_key(past: KVSlot) -> tuple[int, int]:
    """Sorts the texts of a step so that neighbours come one after the other."""
    return (0, 0) if past.shelf is None else (past.shelf.room, past.slot)


def _neighbours(pasts: Sequence[KVSlot]) -> list[slice]:
    """Rows whose texts stand in neighbouring slots of the same shelf."""
    borders = [0]
    for row in range(1, len(pasts)):
        before, past = pasts[row - 1], pasts[row]
        if past.shelf is not before.shelf or past.slot != before.slot + 1:
            borders.append(row)
    return [slice(a, b) for a, b in zip(borders, [*borders[1:], len(pasts)], strict=True)]
