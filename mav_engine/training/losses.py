"""The loss of each step between two looks, without reading a tensor before it is told."""

from __future__ import annotations

from typing import Any

MOST = 128
"""Losses kept between two looks; of more, every second is dropped, again and again."""


def held(loss: Any) -> Any:
    """A loss without the graph that it closes; not read yet."""
    return loss.detach() if hasattr(loss, "detach") else loss


class LossCurve:
    """Steps and losses since they were last taken.

    A loss may be a tensor on an accelerator: reading it would make the training wait for the step,
    so it is only held, cut off from the graph that it closes.
    """

    def __init__(self) -> None:
        self._held: list[tuple[int, Any]] = []
        self._stride = 1
        self._passed = 0

    def add(self, step: int, loss: Any) -> None:
        """Hold the loss of a step; null is no loss."""
        if loss is None:
            return
        if self._passed % self._stride == 0:
            self._held.append((step, held(loss)))
        self._passed += 1
        if len(self._held) > MOST:
            self._held = self._held[::2]
            self._stride *= 2

    def taken(self) -> list[tuple[int, float]]:
        """What was held, read now; the next ones begin anew."""
        held, self._held = self._held, []
        self._stride, self._passed = 1, 0
        read = ((step, float(loss)) for step, loss in held)
        # What JSON cannot say is left out: a loss that is no number is none.
        return [(step, loss) for step, loss in read if loss - loss == 0.0]
