"""The model's raw prediction of the next token, and the figures that are read off it.

Everything here is about the logits as the model gave them, before any sampling control.
Probabilities are the softmax over the whole vocabulary; entropies are in nats.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from mav_engine.arrays import Floats
from mav_engine.errors import NotFinite

RANK_BINS = 20


def rank_bin_edges(vocabulary: int) -> list[int]:
    """The 21 rank edges of the distribution's bins: fine at the top, geometric below.

    Bin i holds ranks from edge i up to, not including, edge i + 1. A vocabulary of fewer
    tokens than bins leaves the last bins empty.
    """
    edges = [0]
    for edge in np.geomspace(1, max(vocabulary, 1), RANK_BINS):
        edges.append(max(round(edge), edges[-1] + 1))
    return [min(edge, vocabulary) for edge in edges[:-1]] + [vocabulary]


class Prediction:
    """Logits [vocabulary] and what follows from them, each computed once, when asked for.

    Raises:
        NotFinite: the logits hold NaN or +Infinity, or nothing above -Infinity.
    """

    def __init__(self, logits: Floats) -> None:
        self.logits = logits
        top = float(logits.max())
        if not math.isfinite(top):
            wrong = {math.inf: "hold Infinity", -math.inf: "are all -Infinity"}
            raise NotFinite(
                f"The model's logits {wrong.get(top, 'hold NaN')}, so no token can be chosen "
                "truthfully. float16 overflows easily: load the model in float32 or bfloat16. "
                "Where it is in one of them already, its weights are damaged."
            )
        self._shifted = logits - np.float32(top)
        scaled = np.exp(self._shifted)
        self._log_scale = math.log(float(scaled.sum(dtype=np.float64)))
        self.log_total = top + self._log_scale
        """Log-sum-exp of the logits: logprob = logit - log_total."""
        scaled /= np.float32(math.exp(self._log_scale))
        self.probs: Floats = scaled

    def logprob(self, token_id: int) -> float:
        """Log-probability of a token, in nats."""
        return float(self.logits[token_id]) - self.log_total

    def rank(self, token_id: int) -> int:
        """How many tokens have a higher logit."""
        return int(np.count_nonzero(self.logits > self.logits[token_id]))

    @cached_property
    def entropy(self) -> float:
        """-sum(p ln p) over the vocabulary, as log_total - sum(p * logit)."""
        # 0 ln 0 = 0, also where a logit is -Infinity.
        shifted = np.maximum(self._shifted, np.float32(-1e9))
        expected = float((self.probs * shifted).sum(dtype=np.float64))
        return max(0.0, self._log_scale - expected)

    def top(self, count: int) -> np.ndarray:
        """Ids of the likeliest tokens, best first; the lower id first where logits are equal."""
        count = min(count, len(self.logits))
        threshold = self._descending[count - 1]
        ids = np.flatnonzero(self.logits >= threshold)
        return ids[np.argsort(-self.logits[ids], kind="stable")][:count]

    def rank_mass(self, edges: list[int]) -> Floats:
        """[len(edges) - 1] probability mass of the ranks between neighbouring edges."""
        running = np.zeros(len(self.logits) + 1)
        np.cumsum(np.exp(self._descending - np.float32(self.log_total)), out=running[1:])
        return np.diff(running[edges]).astype(np.float32)

    @cached_property
    def _descending(self) -> Floats:
        return np.sort(self.logits)[::-1]
