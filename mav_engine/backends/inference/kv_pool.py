"""The KV cache of all texts of a model, side by side, so that one step can use them together.

Texts of similar length share a slab, an array with a slot for each; a text that outgrows its slab
moves to the slab of twice the size. `kv_view.py` attends to texts in neighbouring slots in one
product, whatever their lengths: keys after the end of a text are masked, and slots are zeroed when
they are given back, so that no values of another text are left in them. Slabs are numpy arrays on
the CPU and tensors on other devices: the pool only creates, indexes and assigns them.
"""

from __future__ import annotations

import math
import mmap
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mav_engine.contract.arrays import Floats

_FIRST_ROOM = 256
"""Positions of a slot in the smallest slab; each next slab has twice as many."""
_KEPT = 2**25
"""Initial bytes of a slab (at least one slot); a larger slab is freed when it is empty."""
_OF_THIS_PROCESS: dict[str, int] = (
    {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if os.name == "posix" else {}
)


Array = Any
"""A numpy array on the CPU, a tensor on another device."""
Zeros = Callable[[tuple[int, ...]], Array]
"""Makes a float32 array of zeros."""


@dataclass(frozen=True, slots=True)
class KVShape:
    """The keys and values of one position: [n_layers, 2, kv_heads, head_dim]."""

    n_layers: int
    kv_heads: int
    head_dim: int

    @property
    def nbytes(self) -> int:
        """Bytes of one position, in float32."""
        return 4 * self.n_layers * 2 * self.kv_heads * self.head_dim


class _Slab:
    """[n_layers, 2, slots, kv_heads, room, head_dim]: keys (0) and values (1) of many texts."""

    def __init__(self, shape: KVShape, room: int, zeros: Zeros) -> None:
        self.room = room
        self._shape = shape
        self._zeros = zeros
        self.data = self._slots(0)
        self.reached: dict[int, int] = {}
        """For each slot in use, the position up to which it may have been written."""

    def take(self) -> int:
        """Take the first free slot, which is all zeros; the slab doubles where there is none."""
        index = next(each for each in range(len(self.reached) + 1) if each not in self.reached)
        if index == self.data.shape[2]:
            larger = self._slots(2 * index or self._first_slots)
            for each, end in self.reached.items():
                larger[:, :, each, :, :end] = self.data[:, :, each, :, :end]
            self.data = larger
        self.reached[index] = 0
        return index

    def leave(self, index: int) -> None:
        """Give a slot back; a large slab is freed once it is empty."""
        # Masked keys have a weight of 0, and 0 times a NaN of an earlier text would be NaN.
        self.data[:, :, index, :, : self.reached.pop(index)] = 0
        if not self.reached and self.data.nbytes > _KEPT:
            self.data = self._slots(0)

    @property
    def _first_slots(self) -> int:
        return max(1, _KEPT // (self.room * self._shape.nbytes))

    def _slots(self, count: int) -> Array:
        shape = self._shape
        return self._zeros((shape.n_layers, 2, count, shape.kv_heads, self.room, shape.head_dim))


class KVPool:
    """All slabs of a model.

    Slots are taken and written by one thread at a time; any thread may give one back.

    Args:
        shape: the keys and values of one position.
        zeros: makes the slabs, on the device of the model.
    """

    def __init__(self, shape: KVShape, zeros: Zeros) -> None:
        self._shape = shape
        self.zeros = zeros
        self._by_room: dict[int, _Slab] = {}
        self._lock = threading.Lock()

    def move(self, slot: KVSlot, length: int) -> None:
        """Move a text, with its keys and values, to a slot with room for `length` positions."""
        room = _FIRST_ROOM
        while room < length:
            room *= 2
        old, old_index = slot.slab, slot.index
        with self._lock:
            slab = self._by_room.setdefault(room, _Slab(self._shape, room, self.zeros))
            index = slab.take()
        if old is not None:
            slab.data[:, :, index, :, : slot.length] = old.data[:, :, old_index, :, : slot.length]
        slot.slab, slot.index = slab, index
        if old is not None:
            self.leave(old, old_index)

    def leave(self, slab: _Slab, index: int) -> None:
        """Give a slot back."""
        with self._lock:
            slab.leave(index)


class KVSlot:
    """The keys and values of one text; `length` positions are filled."""

    def __init__(self, pool: KVPool) -> None:
        self.length = 0
        self.first_position = 0
        """The first token's position; above 0 only when a decoder is verified at later ones."""
        self.slab: _Slab | None = None
        self.index = -1
        self._pool = pool

    def make_room(self, length: int) -> _Slab:
        """The slab of the text, with room for `length` positions."""
        if self.slab is None or self.slab.room < length:
            self._pool.move(self, length)
        slab = self.slab
        assert slab is not None
        slab.reached[self.index] = max(slab.reached[self.index], length)
        return slab

    def reserve(self, length: int) -> Array:
        """[n_layers, 2, kv_heads, room, head_dim], with room for `length` positions."""
        return self.make_room(length).data[:, :, self.index]

    def begin_with(self, data: Array) -> None:
        """Start with keys and values of another text: [n_layers, 2, kv_heads, length, head_dim]."""
        length = data.shape[3]
        self.reserve(length)[:, :, :, :length] = data
        self.length = length

    def copied(self, length: int) -> Array:
        """A copy of the first positions: [n_layers, 2, kv_heads, length, head_dim]."""
        filled = self.reserve(length)[:, :, :, :length]
        copy = self._pool.zeros(tuple(filled.shape))
        copy[...] = filled
        return copy

    def close(self) -> None:
        """Give the slot back. May be called twice."""
        if self.slab is not None:
            self._pool.leave(self.slab, self.index)
            self.slab = None


def zeros_on_cpu(shape: tuple[int, ...]) -> Floats:
    """Zeros in memory that the system provides page by page when it is first written.

    The first write to memory is slow, and a run would wait for all of it at its beginning.
    """
    given = mmap.mmap(-1, max(1, 4 * math.prod(shape)), **_OF_THIS_PROCESS)
    zeros: Floats = np.frombuffer(given, np.float32, math.prod(shape)).reshape(shape)
    return zeros
