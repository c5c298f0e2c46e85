"""The tokens that a run writes before it chooses its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ForcedTokens(Protocol):
    """Ids to write first, known before the run or still being written by another run."""

    known: Sequence[int]
    """Ids that are known before the run begins."""
    waits: bool
    """Whether `at` may wait for another run."""

    def at(self, index: int) -> int | None:
        """The id of new token number `index`, from 0; None past the end."""


class GivenTokens:
    """A list of ids."""

    waits = False

    def __init__(self, ids: Sequence[int]) -> None:
        self.known = ids

    def at(self, index: int) -> int | None:
        return self.known[index] if index < len(self.known) else None
