"""The losses between two snapshots. Loss tensors are read only when a snapshot is taken."""

from __future__ import annotations

from typing import Any

MOST = 128
"""Most losses kept between two snapshots; beyond that, every second one is dropped, repeatedly."""


def held(loss: Any) -> Any:
    """The loss detached from its graph; a tensor is not read."""
    return loss.detach() if hasattr(loss, "detach") else loss


class LossCurve:
    """Steps and losses since the last snapshot.

    Reading a loss tensor on an accelerator would block the training until the step has finished, so
    the tensor is only detached and kept.
    """

    def __init__(self) -> None:
        self._held: list[tuple[int, Any]] = []
        self._stride = 1
        self._passed = 0

    def add(self, step: int, loss: Any) -> None:
        """Add the loss of a step; None is ignored."""
        if loss is None:
            return
        if self._passed % self._stride == 0:
            self._held.append((step, held(loss)))
        self._passed += 1
        if len(self._held) > MOST:
            self._held = self._held[::2]
            self._stride *= 2

    def taken(self) -> list[tuple[int, float]]:
        """Read and return the losses, and start over."""
        held, self._held = self._held, []
        self._stride, self._passed = 1, 0
        read = ((step, float(loss)) for step, loss in held)
        # JSON has no NaN or Infinity, so such losses are left out.
        return [(step, loss) for step, loss in read if loss - loss == 0.0]
