"""Keys and values side by side: a text keeps what it has read, and finds nothing of another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mav_engine.backends.inference.kv_pool import (
    Array,
    KVPool,
    KVShape,
    KVSlot,
    Zeros,
    zeros_on_cpu,
)
from mav_engine.faults import is_out_of_memory

SHAPE = KVShape(n_layers=2, kv_heads=3, head_dim=4)
LARGE = KVShape(n_layers=8, kv_heads=64, head_dim=128)
"""No two texts of it have room in a slab's beginning."""


def _fill(slot: KVSlot, begin: int, end: int) -> Array:
    """Write random keys and values at some positions; returns a copy of all of them."""
    room = slot.reserve(end)
    random = np.random.default_rng(end).random(room[..., begin:end, :].shape, np.float32)
    room[..., begin:end, :] = random if isinstance(room, np.ndarray) else torch.from_numpy(random)
    slot.length = end
    return slot.copied(end)


@pytest.mark.parametrize("zeros", [zeros_on_cpu, torch.zeros], ids=["numpy", "torch"])
@pytest.mark.parametrize("shape", [SHAPE, LARGE], ids=["small", "large"])
def test_a_text_keeps_its_keys_and_values_while_others_come_and_go(
    shape: KVShape, zeros: Zeros
) -> None:
    pool = KVPool(shape, zeros)
    slots = [KVSlot(pool) for _ in range(5)]
    filled = [_fill(slot, 0, 3 + at) for at, slot in enumerate(slots)]
    slots[1].close()
    slots[1] = KVSlot(pool)
    filled[1] = _fill(slots[1], 0, 200)
    filled[2] = _fill(slots[2], slots[2].length, 300)  # to a slab with more room
    for slot, expected in zip(slots, filled, strict=True):
        assert bool((slot.copied(slot.length)[..., : expected.shape[3], :] == expected).all())
    assert len({(slot.slab, slot.index) for slot in slots}) == len(slots)


def test_a_slot_is_empty_when_it_is_taken() -> None:
    pool = KVPool(SHAPE, zeros_on_cpu)
    slot = KVSlot(pool)
    slot.reserve(40)[...] = 0
    slot.reserve(40)[..., :40, :] = np.nan  # also by a pass that failed, and counted nothing
    slot.length = 7
    slab, index = slot.slab, slot.index
    slot.close()
    other = KVSlot(pool)
    everything = other.reserve(1)
    assert (other.slab, other.index) == (slab, index)
    assert not everything.any()


def test_a_text_that_exceeds_the_memory_is_reported_as_out_of_memory() -> None:
    huge = KVShape(n_layers=2, kv_heads=3, head_dim=2**40)
    with pytest.raises(OSError) as caught:  # noqa: PT011  its number is what is looked at
        KVSlot(KVPool(huge, zeros_on_cpu)).reserve(1)
    assert is_out_of_memory(caught.value)
