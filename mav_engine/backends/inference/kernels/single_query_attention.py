"""Attention of one query in one compiled call, where it is small and has no mask."""

from __future__ import annotations

import torch

from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.small import (
    MAX_HEAD_DIM,
    AttentionArguments,
    small_build,
)

_MOST_KEYS = 2**20
"""Size of all keys; above it torch with all threads is faster."""


def single_query_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """softmax(scaling q k^T) v: the pattern [1, heads, 1, keys] and the output [1, 1, heads, d] of
    query [1, heads, 1, d], key and value [1, kv_heads, keys, d]; None where there is no
    compiled call for it."""
    compiled = small_build()
    if compiled is None or not _is_small(query, key, value):
        return None
    heads, dim, keys = query.shape[1], query.shape[3], key.shape[2]
    room = query.new_empty(heads * keys + LANES)
    output = query.new_empty(1, 1, heads, dim)
    seen = AttentionArguments(
        heads, key.shape[1], dim, keys, key.stride(1), value.stride(1), keys,
        query.data_ptr(), key.data_ptr(), value.data_ptr(), room.data_ptr(), output.data_ptr(),
    )  # fmt: skip
    compiled.attend(seen, scaling)
    return room[: heads * keys].view(1, heads, 1, keys), output


def _is_small(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> bool:
    """Whether all are float32 on the CPU, small, and contiguous within a head."""
    dim = key.shape[3]
    return (
        query.dtype is key.dtype is value.dtype is torch.float32
        and not (query.is_cuda or query.is_mps)
        and key.shape == value.shape
        and key.shape[0] == 1
        and dim % LANES == 0
        and dim <= MAX_HEAD_DIM
        and key.stride()[2:] == value.stride()[2:] == (dim, 1)
        and query.is_contiguous()
        and key.numel() <= _MOST_KEYS
    )
