"""Tables of rotary positions, made once and longer when a text is.

The rotation is that of Su et al., "RoFormer" (2021), in the halves of a head as Llama has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from mav_engine.backends.inference.kv_pool import Seen


class Rotary:
    """Angles of positions.

    Args:
        module: the model's own, which gives cos and sin of positions.
        like: a tensor of the numbers and the device that they are to have.
        context: positions of the longest text; the tables grow by as many at most.
    """

    def __init__(self, module: Any, like: torch.Tensor, context: int) -> None:
        self._module, self._like = module, like[:1]
        self._more = max(64, min(4096, context))
        self._tables = self._make(self._more)

    def reaching(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        """cos and sin [positions, head_dim], this position among them; the first half of sin has
        the sign that it has for the other half of a head."""
        while position >= len(self._tables[0]):
            self._tables = self._make(len(self._tables[0]) + self._more)
        return self._tables

    def lookup(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor, Sequence[int]]:
        """The tables of a pass, and of each of its rows the index in them."""
        if seen.positions is seen.lengths:
            return *self.reaching(max(seen.lengths)), seen.lengths
        # Texts that begin far from 0: a table up to there would take seconds to compute.
        places = torch.tensor(seen.positions, device=self._like.device)
        return *self._at(places), range(len(places))

    def _make(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self._at(torch.arange(length, device=self._like.device))

    def _at(self, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cos, sin = self._module(self._like, places[None])
        first = sin.shape[-1] // 2
        signed = torch.cat([-sin[0, :, :first], sin[0, :, first:]], dim=-1)
        return cos[0].contiguous(), signed
