"""Keeps keys and values of earlier texts, so that a text with the same beginning starts sooner."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mav_engine.backends.inference.kv_pool import Array

WORTH = 8
"""The least number of common positions that is worth copying."""


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """A text with its keys and values, and the model's predictions along it."""

    ids: np.ndarray
    """[n]"""
    keys_values: Array
    """[n_layers, 2, kv_heads, n, head_dim]"""
    logprobs: np.ndarray
    """[n] log-probability (nats) of each token given those before; NaN for the first."""
    entropies: np.ndarray
    """[n] entropy (nats) of the prediction of each token; NaN for the first."""

    @property
    def nbytes(self) -> int:
        """Bytes of all its arrays."""
        arrays = (self.keys_values, self.ids, self.logprobs, self.entropies)
        return sum(array.nbytes for array in arrays)

    def shared(self, ids: np.ndarray) -> int:
        """The number of leading tokens that another text has in common with it."""
        count = min(len(ids), len(self.ids))
        unlike = (self.ids[:count] != ids[:count]).nonzero()[0]
        return int(unlike[0]) if len(unlike) else count


class PrefixCache:
    """The most recently used texts, within a byte budget. Thread-safe."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._kept: list[Prefix] = []
        """Least recently used first."""
        self.hits = self.misses = 0
        """Texts that had a common beginning with a kept one, and those that had none."""

    @property
    def nbytes(self) -> int:
        """Bytes of all texts."""
        with self._lock:
            return sum(prefix.nbytes for prefix in self._kept)

    def longest(self, ids: Sequence[int]) -> tuple[Prefix, int] | None:
        """The text with the longest common beginning, and how many of its positions can be copied;
        None where they are too few.

        The last common token is computed again, since its logits are not kept.
        """
        wanted = np.array(ids)
        with self._lock:
            best = max(self._kept, key=lambda prefix: prefix.shared(wanted), default=None)
            count = best.shared(wanted) - 1 if best else 0
            if best is None or count < WORTH:
                self.misses += 1
                return None
            self.hits += 1
            self._use(best)
        return best, count

    def wants(self, ids: Sequence[int], nbytes: int) -> bool:
        """Whether a text of `nbytes` should be kept: not if a kept one begins with all of it."""
        wanted = np.array(ids)
        with self._lock:
            for other in self._kept:
                if other.shared(wanted) == len(wanted):
                    self._use(other)
                    return False
        return nbytes <= self._budget

    def keep(self, prefix: Prefix) -> None:
        """Keep a text in place of those that it begins with; drops the oldest to make room."""
        with self._lock:
            self._kept = [each for each in self._kept if prefix.shared(each.ids) < len(each.ids)]
            self._kept.append(prefix)
            total = sum(each.nbytes for each in self._kept)
            while total > self._budget:
                total -= self._kept.pop(0).nbytes

    def clear(self) -> None:
        """Drop all texts."""
        with self._lock:
            self._kept = []

    def _use(self, prefix: Prefix) -> None:
        self._kept.remove(prefix)
        self._kept.append(prefix)
