"""Tables of rotary position embeddings, extended as texts grow.

The rotation is that of Su et al., "RoFormer" (2021), in the halves of a head as Llama has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mav_engine.backends.inference.kv_pool import Array

if TYPE_CHECKING:
    from mav_engine.backends.inference.kv_view import KVView

Tables = tuple[Array, Array]
"""cos and sin [n, head_dim]; the first half of sin is negated, as the rotation needs it."""


class Rotary:
    """cos and sin by position.

    Args:
        compute: returns the tables at integer positions [n].
        context: the length of the longest text; the tables grow by at most as much at a time.
    """

    def __init__(self, compute: Callable[[np.ndarray], Tables], context: int) -> None:
        self._compute = compute
        self._more = max(64, min(4096, context))
        self._tables = compute(np.arange(self._more))

    def reaching(self, position: int) -> Tables:
        """The tables of all positions up to this one and more."""
        while position >= len(self._tables[0]):
            self._tables = self._compute(np.arange(len(self._tables[0]) + self._more))
        return self._tables

    def lookup(self, view: KVView) -> tuple[Array, Array, Sequence[int]]:
        """The tables for a pass, and the index into them for each row."""
        if view.positions is view.lengths:
            return *self.reaching(max(view.lengths)), view.lengths
        # Texts that begin far from 0: a table from 0 on would take seconds to compute.
        return *self._compute(np.array(view.positions)), range(len(view.positions))
