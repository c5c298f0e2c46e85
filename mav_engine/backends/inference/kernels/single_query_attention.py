"""One query's attention in one compiled call, where it is small and hides nothing."""

from __future__ import annotations

import torch

from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.small import WIDEST, CachedKeys, small_operations

_MOST_KEYS = 2**20
"""Numbers of all keys together: with more of them torch's threads are faster than one."""


def single_query_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """softmax(scaling q k^T) v: the pattern [1, heads, 1, keys] and the output [1, 1, heads, d] of
    query [1, heads, 1, d], key and value [1, kv_heads, keys, d]; None where this has no way."""
    compiled = small_operations()
    if compiled is None or not _is_small(query, key, value):
        return None
    heads, dim, keys = query.shape[1], query.shape[3], key.shape[2]
    room = query.new_empty(heads * keys + LANES)
    output = query.new_empty(1, 1, heads, dim)
    seen = CachedKeys(
        heads, key.shape[1], dim, keys, key.stride(1), value.stride(1), keys,
        query.data_ptr(), key.data_ptr(), value.data_ptr(), room.data_ptr(), output.data_ptr(),
    )  # fmt: skip
    compiled.attend(seen, scaling)
    return room[: heads * keys].view(1, heads, 1, keys), output


def _is_small(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> bool:
    """Whether all stand in float32 on the CPU, a head's keys and values together, and are few."""
    dim = key.shape[3]
    return (
        query.dtype is key.dtype is value.dtype is torch.float32
        and not (query.is_cuda or query.is_mps)
        and key.shape == value.shape
        and key.shape[0] == 1
        and dim % LANES == 0
        and dim <= WIDEST
        and key.stride()[2:] == value.stride()[2:] == (dim, 1)
        and query.is_contiguous()
        and key.numel() <= _MOST_KEYS
    )
