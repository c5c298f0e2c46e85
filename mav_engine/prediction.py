"""The model's raw prediction of the next token, and the figures that are read off it.

Everything here is about the logits as the model gave them, before any sampling control.
Probabilities are the softmax over the whole vocabulary; entropies are in nats.
"""

from __future__ import annotations

import math

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
    """Logits [vocabulary] and what follows from them, for one run's next token.

    Raises:
        NotFinite: the logits hold NaN or +Infinity, or nothing above -Infinity.
    """

    __slots__ = ("_ascending", "entropy", "log_total", "logits", "probs")

    logits: Floats
    log_total: float
    """Log-sum-exp of the logits: logprob = logit - log_total."""
    probs: Floats
    entropy: float
    """-sum(p ln p) over the vocabulary."""
    _ascending: Floats
    """The probabilities in order; they are sorted with those of the other runs."""

    def __init__(self, logits: Floats) -> None:
        self._take(*_reduced(logits[None]), 0)
        if not np.isfinite(self.log_total):
            wrong = {math.inf: "hold Infinity", -math.inf: "are all -Infinity"}
            top = float(logits.max())
            raise NotFinite(
                f"The model's logits {wrong.get(top, 'hold NaN')}, so no token can be chosen "
                "truthfully. float16 overflows easily: load the model in float32 or bfloat16. "
                "Where it is in one of them already, its weights are damaged."
            )

    @classmethod
    def of_rows(cls, logits: Floats) -> list[Prediction | None]:
        """The predictions of several runs [runs, vocabulary] at once; None where the logits
        are not finite."""
        reduced = _reduced(logits)
        predictions: list[Prediction | None] = []
        for row in range(len(logits)):
            prediction = cls.__new__(cls)
            prediction._take(*reduced, row)
            predictions.append(prediction if np.isfinite(prediction.log_total) else None)
        return predictions

    def logprob(self, token_id: int) -> float:
        """Log-probability of a token, in nats."""
        return float(self.logits[token_id]) - self.log_total

    def rank(self, token_id: int) -> int:
        """How many tokens have a higher logit."""
        return int(np.count_nonzero(self.logits > self.logits[token_id]))

    def top(self, count: int) -> np.ndarray:
        """Ids of the likeliest tokens, best first; the lower id first where logits are equal."""
        count = min(count, len(self.logits))
        # By probability some may seem equal whose logits are not, so there may be more.
        ids = (self.probs >= self._ascending[-count]).nonzero()[0]
        best: np.ndarray = ids[np.argsort(-self.logits[ids], kind="stable")][:count]
        return best

    def rank_mass(self, edges: list[int]) -> Floats:
        """[len(edges) - 1] probability mass of the ranks between neighbouring edges."""
        begins = np.array(edges[:-1])
        some = begins < edges[1:]
        masses = np.zeros(len(begins), dtype=np.float32)
        masses[some] = np.add.reduceat(self._ascending[::-1], begins[some], dtype=np.float64)
        return masses

    def _take(
        self,
        logits: Floats,
        log_totals: list[float],
        probs: Floats,
        entropies: list[float],
        ascending: Floats,
        row: int,
    ) -> None:
        self.logits, self.probs, self._ascending = logits[row], probs[row], ascending[row]
        self.log_total, self.entropy = log_totals[row], max(0.0, entropies[row])


def _reduced(logits: Floats) -> tuple[Floats, list[float], Floats, list[float], Floats]:
    """Of logits [runs, vocabulary]: themselves, log-sum-exp [runs], probabilities [runs,
    vocabulary], entropies [runs] and the probabilities in ascending order."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        tops = logits.max(axis=-1, keepdims=True)
        shifted = logits - tops
        probs = np.exp(shifted)
        # numpy adds pairwise: over a vocabulary float32 keeps six digits.
        totals = probs.sum(axis=-1, keepdims=True)
        probs /= totals
        log_scales = np.log(totals[:, 0].astype(np.float64))
        # 0 ln 0 = 0, also where a logit is -Infinity.
        np.maximum(shifted, np.float32(-1e9), out=shifted)
        entropies = log_scales - np.vecdot(probs, shifted)
        log_totals = tops[:, 0] + log_scales
    return logits, log_totals.tolist(), probs, entropies.tolist(), np.sort(probs, axis=-1)
