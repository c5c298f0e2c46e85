"""Tables of rotary position embeddings, extended as texts grow.

The rotation is that of Su et al., "RoFormer" (2021), in the halves of a head as Llama has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from mav_engine.backends.inference.kv_view import KVView


class Rotary:
    """cos and sin by position.

    Args:
        module: the model's own rotary module, which returns cos and sin of positions.
        like: a tensor with the dtype and device of the tables.
        context: the length of the longest text; the tables grow by at most as much at a time.
    """

    def __init__(self, module: Any, like: torch.Tensor, context: int) -> None:
        self._module, self._like = module, like[:1]
        self._more = max(64, min(4096, context))
        self._tables = self._make(self._more)

    def reaching(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        """cos and sin [positions, head_dim] that include this position; the first half of sin is
        negated, as the rotation needs it."""
        while position >= len(self._tables[0]):
            self._tables = self._make(len(self._tables[0]) + self._more)
        return self._tables

    def lookup(self, seen: KVView) -> tuple[torch.Tensor, torch.Tensor, Sequence[int]]:
        """The tables for a pass, and the index into them for each row."""
        if seen.positions is seen.lengths:
            return *self.reaching(max(seen.lengths)), seen.lengths
        # Texts that begin far from 0: a table from 0 on would take seconds to compute.
        places = torch.tensor(seen.positions, device=self._like.device)
        return *self._at(places), range(len(places))

    def _make(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self._at(torch.arange(length, device=self._like.device))

    def _at(self, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cos, sin = self._module(self._like, places[None])
        first = sin.shape[-1] // 2
        signed = torch.cat([-sin[0, :, :first], sin[0, :, first:]], dim=-1)
        return cos[0].contiguous(), signed
