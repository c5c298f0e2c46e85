"""Slots of the KV pool as tensors, for forward passes by torch."""

from __future__ import annotations

import torch

from mav_engine.backends.inference.kv_pool import KVSlot, Zeros, zeros_on_cpu


def zeros_on(device: torch.device) -> Zeros:
    """Makes the slabs of a pool: numpy arrays on the CPU, tensors on other devices."""
    if device.type == "cpu":
        return zeros_on_cpu
    return lambda shape: torch.zeros(shape, device=device)


def append(
    slot: KVSlot, layer: int, keys: torch.Tensor, values: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Append a layer's keys and values [1, kv_heads, T, head_dim]; returns views of all.

    `slot.length` is unchanged: the caller adds to it after the pass.
    """
    begin, end = slot.length, slot.length + keys.shape[-2]
    all_keys, all_values = torch.as_tensor(slot.reserve(end)[layer]).unbind(0)
    all_keys[:, begin:end] = keys[0]
    all_values[:, begin:end] = values[0]
    return all_keys[None, :, :end], all_values[None, :, :end]
