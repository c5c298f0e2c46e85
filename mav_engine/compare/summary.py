"""The figures of a whole comparison."""

from __future__ import annotations

from collections.abc import Sequence

from mav_engine.compare.events import Compared, Divergence


class Summary:
    """Collects the tokens that both runs predicted after the same text."""

    def __init__(self) -> None:
        self._kls: list[float] = []
        self._same_tops: list[bool] = []

    def add(self, divergence: Divergence) -> None:
        """Add one token."""
        if not divergence.same_text:
            return
        if divergence.kl is not None:
            self._kls.append(divergence.kl)
        if divergence.same_top is not None:
            self._same_tops.append(divergence.same_top)

    def event(self, a: Sequence[int], b: Sequence[int]) -> Compared:
        """The `compared` event.

        Args:
            a: ids of the new tokens of the first run.
            b: those of the second.
        """
        pairs = list(zip(a, b, strict=False))
        parted = [index for index, (one, other) in enumerate(pairs) if one != other]
        tops = self._same_tops
        return Compared(
            steps=len(pairs),
            mean_kl=sum(self._kls) / len(self._kls) if self._kls else None,
            max_kl=max(self._kls, default=None),
            same_top=sum(tops) / len(tops) if tops else None,
            parted_at=parted[0] if parted else None,
        )
