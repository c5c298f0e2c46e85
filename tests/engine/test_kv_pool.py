"""Keys and values side by side: a text keeps what it has read, and finds nothing of another."""

from __future__ import annotations

import pytest
import torch

from mav_engine.backends.inference.kv_pool import KVPool, KVShape, KVSlot
from mav_engine.faults import is_out_of_memory

SHAPE = KVShape(n_layers=2, kv_heads=3, head_dim=4, device=torch.device("cpu"))
LARGE = KVShape(n_layers=8, kv_heads=64, head_dim=128, device=torch.device("cpu"))
"""No two texts of it have room in a slab's beginning."""


def _read(past: KVSlot, begin: int, end: int) -> torch.Tensor:
    """Let a text read random positions; gives all that it has read."""
    room = past.reserve(end)
    room[..., begin:end, :] = torch.randn_like(room[..., begin:end, :])
    past.length = end
    return past.copied(end)


@pytest.mark.parametrize("shape", [SHAPE, LARGE], ids=["small", "large"])
def test_a_text_keeps_what_it_has_read_while_others_come_and_go(shape: KVShape) -> None:
    pool = KVPool(shape)
    pasts = [KVSlot(pool) for _ in range(5)]
    read = [_read(past, 0, 3 + at) for at, past in enumerate(pasts)]
    pasts[1].close()
    pasts[1] = KVSlot(pool)
    read[1] = _read(pasts[1], 0, 200)
    read[2] = _read(pasts[2], pasts[2].length, 300)  # to a slab with more room
    for past, expected in zip(pasts, read, strict=True):
        assert torch.equal(past.copied(past.length)[..., : expected.shape[3], :], expected)
    assert len({(past.slab, past.slot) for past in pasts}) == len(pasts)


def test_a_slot_is_empty_when_it_is_taken() -> None:
    pool = KVPool(SHAPE)
    past = KVSlot(pool)
    past.reserve(40).fill_(0)
    past.reserve(40)[..., :40, :] = torch.nan  # also by a pass that failed, and counted nothing
    past.length = 7
    slab, slot = past.slab, past.slot
    past.close()
    other = KVSlot(pool)
    everything = other.reserve(1)
    assert (other.slab, other.slot) == (slab, slot)
    assert torch.equal(everything, torch.zeros_like(everything))


def test_a_text_that_no_memory_holds_is_told_as_that() -> None:
    huge = KVShape(n_layers=2, kv_heads=3, head_dim=2**40, device=torch.device("cpu"))
    with pytest.raises(OSError) as caught:  # noqa: PT011  its number is what is looked at
        KVSlot(KVPool(huge)).reserve(1)
    assert is_out_of_memory(caught.value)
