"""Attention patterns by the plain formula: softmax(q k^T * scaling + mask)."""

from __future__ import annotations

import torch
from torch import nn


def mask_of(
    queries: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor | None:
    """The mask [1, 1 or heads, queries, keys] of the last queries of a pass; None masks nothing."""
    count, keys = queries.shape[2], key.shape[2]
    if mask is not None:
        return mask[..., -count:, :]
    # SDPA gets no mask if it is plainly causal, and applies causality itself.
    seen = torch.ones(count, keys, dtype=torch.bool, device=key.device).tril(keys - count)
    return seen[None, None] if count > 1 else None


def pattern_of(
    query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None, scaling: float
) -> torch.Tensor:
    """[1, heads, queries, keys] attention patterns; heads that share keys are adjacent."""
    grouped = (query * scaling).reshape(*key.shape[:2], -1, key.shape[3])
    scores = torch.matmul(grouped, key.transpose(2, 3)).view(*query.shape[:3], key.shape[2])
    if mask is not None:
        lowest = torch.finfo(scores.dtype).min
        scores = scores.masked_fill(~mask, lowest) if mask.dtype == torch.bool else scores + mask
    return nn.functional.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
