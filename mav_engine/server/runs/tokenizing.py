"""Tokenizes on a few threads per model, so that no model delays the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

THREADS_A_MODEL = 4

Result = TypeVar("Result")


class TokenizingThreads:
    """Runs tokenizers outside of the event loop's own thread pool. Used on the event loop only."""

    def __init__(self) -> None:
        self._limiters: dict[str, anyio.CapacityLimiter] = {}

    async def run(self, model: str, work: Callable[[], Result]) -> Result:
        """Call `work` on a thread and return its result.

        The call can be cancelled. The thread then continues, and counts towards the model's limit
        until it has finished.
        """
        limiter = self._limiters.get(model) or anyio.CapacityLimiter(THREADS_A_MODEL)
        used = {key: each for key, each in self._limiters.items() if each.borrowed_tokens}
        self._limiters = {**used, model: limiter}
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter)
