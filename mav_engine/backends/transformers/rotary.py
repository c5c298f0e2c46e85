"""Tables of rotary positions, made once and longer when a text is.

The rotation is that of Su et al., "RoFormer" (2021), in the halves of a head as Llama has it.
"""

from __future__ import annotations

from typing import Any

import torch


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

    def _make(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        places = torch.arange(length, device=self._like.device)[None]
        cos, sin = self._module(self._like, places)
        first = sin.shape[-1] // 2
        signed = torch.cat([-sin[0, :, :first], sin[0, :, first:]], dim=-1)
        return cos[0].contiguous(), signed
