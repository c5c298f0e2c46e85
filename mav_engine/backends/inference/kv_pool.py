"""The KV cache of all texts of a model, side by side, so that one step can use them together.

Texts of similar length share a slab, a tensor with a slot for each; a text that outgrows its slab
moves to the slab of twice the size. `kv_view.py` attends to texts in neighbouring slots in one
product, whatever their lengths: keys after the end of a text are masked, and slots are zeroed when
they are given back, so that no values of another text are left in them.
"""

from __future__ import annotations

import math
import mmap
import os
import threading
from dataclasses import dataclass

import numpy as np
import torch

_FIRST_ROOM = 256
"""Positions of a slot in the smallest slab; each next slab has twice as many."""
_KEPT = 2**25
"""Initial bytes of a slab (at least one slot); a larger slab is freed when it is empty."""
_OF_THIS_PROCESS: dict[str, int] = (
    {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if os.name == "posix" else {}
)


@dataclass(frozen=True, slots=True)
class KVShape:
    """The keys and values of one position: [n_layers, 2, kv_heads, head_dim]."""

    n_layers: int
    kv_heads: int
    head_dim: int
    device: torch.device

    @property
    def nbytes(self) -> int:
        """Bytes of one position, in float32."""
        return 4 * self.n_layers * 2 * self.kv_heads * self.head_dim


class _Slab:
    """[n_layers, 2, slots, kv_heads, room, head_dim]: keys (0) and values (1) of many texts."""

    def __init__(self, shape: KVShape, room: int) -> None:
        self.room = room
        self._shape = shape
        self.data = self._slots(0)
        self.reached: dict[int, int] = {}
        """For each slot in use, the position up to which it may have been written."""

    def take(self) -> int:
        """Take the first free slot, which is all zeros; the slab doubles where there is none."""
        slot = next(each for each in range(len(self.reached) + 1) if each not in self.reached)
        if slot == self.data.shape[2]:
            larger = self._slots(2 * slot or self._first_slots)
            for each, end in self.reached.items():
                _copy(larger[:, :, each, :, :end], self.data[:, :, each, :, :end])
            self.data = larger
        self.reached[slot] = 0
        return slot

    def leave(self, slot: int) -> None:
        """Give a slot back; a large slab is freed once it is empty."""
        written = self.data[:, :, slot, :, : self.reached.pop(slot)]
        # Masked keys have a weight of 0, and 0 times a NaN of an earlier text would be NaN.
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
    """All slabs of a model.

    Slots are taken and written by one thread at a time; any thread may give one back.
    """

    def __init__(self, shape: KVShape) -> None:
        self._shape = shape
        self._by_room: dict[int, _Slab] = {}
        self._keeping = threading.Lock()

    def move(self, past: KVSlot, length: int) -> None:
        """Move a text, with its keys and values, to a slot with room for `length` positions."""
        room = _FIRST_ROOM
        while room < length:
            room *= 2
        old, old_slot = past.slab, past.slot
        with self._keeping:
            slab = self._by_room.setdefault(room, _Slab(self._shape, room))
            slot = slab.take()
        if old is not None:
            there = slab.data[:, :, slot, :, : past.length]
            _copy(there, old.data[:, :, old_slot, :, : past.length])
        past.slab, past.slot = slab, slot
        if old is not None:
            self.leave(old, old_slot)

    def leave(self, slab: _Slab, slot: int) -> None:
        """Give a slot back."""
        with self._keeping:
            slab.leave(slot)


class KVSlot:
    """The keys and values of one text; `length` positions are filled."""

    def __init__(self, slabs: KVPool) -> None:
        self.length = 0
        self.first_position = 0
        """The first token's position; above 0 only when a decoder is verified at later ones."""
        self.slab: _Slab | None = None
        self.slot = -1
        self._slabs = slabs

    def make_room(self, length: int) -> _Slab:
        """The slab of the text, with room for `length` positions."""
        if self.slab is None or self.slab.room < length:
            self._slabs.move(self, length)
        slab = self.slab
        assert slab is not None
        slab.reached[self.slot] = max(slab.reached[self.slot], length)
        return slab

    def reserve(self, length: int) -> torch.Tensor:
        """[n_layers, 2, kv_heads, room, head_dim], with room for `length` positions."""
        return self.make_room(length).data[:, :, self.slot]

    def begin_with(self, data: torch.Tensor) -> None:
        """Start with keys and values of another text: [n_layers, 2, kv_heads, length, head_dim]."""
        length = data.shape[3]
        _copy(self.reserve(length)[:, :, :, :length], data)
        self.length = length

    def copied(self, length: int) -> torch.Tensor:
        """A copy of the first positions: [n_layers, 2, kv_heads, length, head_dim]."""
        read = self.reserve(length)[:, :, :, :length]
        copy = torch.empty(read.shape, device=read.device)
        _copy(copy, read)
        return copy

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append a layer's keys and values [1, kv_heads, T, head_dim]; returns views of all.

        `length` is unchanged: the caller adds to it after the pass.
        """
        begin, end = self.length, self.length + keys.shape[-2]
        all_keys, all_values = self.reserve(end)[layer].unbind(0)
        all_keys[:, begin:end] = keys[0]
        all_values[:, begin:end] = values[0]
        return all_keys[None, :, :end], all_values[None, :, :end]

    def close(self) -> None:
        """Give the slot back. May be called twice."""
        if self.slab is not None:
            self._slabs.leave(self.slab, self.slot)
            self.slab = None


def _zeros(shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Zeros; on the CPU, memory that the system provides page by page when it is first written.

    The first write to memory is slow, and a run would wait for all of it at its beginning.
    """
    if device.type != "cpu":
        return torch.zeros(shape, device=device)
    given = mmap.mmap(-1, max(1, 4 * math.prod(shape)), **_OF_THIS_PROCESS)
    return torch.from_numpy(np.frombuffer(given, np.float32, math.prod(shape)).reshape(shape))


def _copy(to: torch.Tensor, values: torch.Tensor) -> None:
    """Copy values; on the CPU in the calling thread, since torch's first use of its threads in a
    thread waits for them to start, which takes longer."""
    if to.device.type == "cpu":
        to.numpy()[...] = values.numpy()
    else:
        to.copy_(values)
