"""The model's raw prediction of the next token, and the measurements derived from it.

All of them use the model's raw logits, before any sampling control.
Probabilities are the softmax over the whole vocabulary; entropies are in nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from mav_engine.contract.arrays import Floats, floats
from mav_engine.errors import NotFinite

RANK_BINS = 20
_LARGE = 16_384
_SORTED = 2048
"""With more than `_LARGE` tokens, only this many of the largest probabilities are sorted, which
takes a third of the time; the other ranks need no order."""


def rank_bin_edges(vocabulary: int) -> list[int]:
    """The 21 rank edges of the distribution's bins: fine at the top, geometric below.

    Bin i holds ranks from edge i up to, not including, edge i + 1. If there are fewer
    tokens than bins, the last bins are empty.
    """
    return list(_edges(vocabulary))


@lru_cache(maxsize=64)
def _edges(vocabulary: int) -> tuple[int, ...]:
    edges = [0]
    for edge in np.geomspace(1, max(vocabulary, 1), RANK_BINS):
        edges.append(max(round(edge), edges[-1] + 1))
    return (*(min(edge, vocabulary) for edge in edges[:-1]), vocabulary)


class Prediction:
    """Logits [vocabulary] of one run's next token, and measurements derived from them.

    Raises:
        NotFinite: the logits hold NaN or +Infinity, or nothing above -Infinity.
    """

    __slots__ = ("_row", "_rows", "entropy", "log_total", "logits", "probs")

    logits: Floats
    log_total: float
    """Log-sum-exp of the logits: logprob = logit - log_total."""
    probs: Floats
    entropy: float
    """-sum(p ln p) over the vocabulary."""

    def __init__(self, logits: Floats) -> None:
        self._take(_Rows(logits[None]), 0)
        if not np.isfinite(self.log_total):
            wrong = {math.inf: "hold Infinity", -math.inf: "are all -Infinity"}
            top = float(logits.max())
            raise NotFinite(
                f"The model's logits {wrong.get(top, 'hold NaN')}, so no token can be "
                "chosen. float16 overflows easily: load the model in float32 or bfloat16. "
                "If it is in one of them already, its weights are damaged."
            )

    @classmethod
    def of_rows(cls, logits: Floats) -> list[Prediction | None]:
        """The predictions of several runs [runs, vocabulary] at once; None where the logits
        are not finite."""
        rows = _Rows(logits)
        predictions: list[Prediction | None] = []
        for row in range(len(logits)):
            prediction = cls.__new__(cls)
            prediction._take(rows, row)
            predictions.append(prediction if math.isfinite(prediction.log_total) else None)
        return predictions

    def logprob(self, token_id: int) -> float:
        """Log-probability of a token, in nats."""
        return float(self.logits[token_id]) - self.log_total

    def rank(self, token_id: int) -> int:
        """How many tokens have a higher logit."""
        logit = self.logits[token_id]
        # Usually it is the likeliest one, which needs no comparison with all others.
        if logit >= self._rows.peaks[self._row]:
            return 0
        return int(np.count_nonzero(self.logits > logit))

    def top(self, count: int) -> np.ndarray:
        """Ids of the likeliest tokens, best first; equal logits are ordered by id."""
        return self._rows.top(count)[self._row]

    def top_numbers(self, count: int) -> tuple[list[float], list[float]]:
        """Logits and probabilities of the likeliest tokens, as shortest decimals."""
        return self._rows.top_numbers(count)[self._row]

    def rank_mass(self, edges: Sequence[int]) -> Floats:
        """[len(edges) - 1] probability mass of the ranks between neighbouring edges."""
        masses: Floats = self._rows.rank_mass(tuple(edges))[self._row]
        return masses

    def _take(self, rows: _Rows, row: int) -> None:
        self._rows, self._row = rows, row
        self.logits, self.probs = rows.logits[row], rows.probs[row]
        self.log_total, self.entropy = rows.log_totals[row], max(0.0, rows.entropies[row])


class _Rows:
    """Logits [runs, vocabulary] of a batch of runs, and measurements derived from them.

    Each measurement is computed for all runs at once, since all of them need it and the overhead of
    a numpy call exceeds the work on one run.
    """

    def __init__(self, logits: Floats) -> None:
        self.logits = logits
        with np.errstate(invalid="ignore", over="ignore"):
            peaks = np.maximum.reduce(logits, axis=1, keepdims=True)
            shifted = logits - peaks
            self.probs = np.exp(shifted)
            # numpy adds pairwise: over a vocabulary float32 keeps six digits.
            totals = np.add.reduce(self.probs, axis=1, keepdims=True)
            self.probs /= totals
            log_scales = np.log(totals[:, 0].astype(np.float64))
            mean = np.vecdot(self.probs, shifted)
            if np.isnan(mean).any():
                # 0 ln 0 = 0, also where a logit is -Infinity.
                mean = np.vecdot(self.probs, np.maximum(shifted, np.float32(-1e9)))
            self.entropies: list[float] = (log_scales - mean).tolist()
            self.log_totals: list[float] = (peaks[:, 0] + log_scales).tolist()
            self.peaks: list[float] = peaks[:, 0].tolist()
        likeliest = self.probs if logits.shape[1] <= _LARGE else _largest(self.probs, _SORTED)
        self._ascending = np.sort(likeliest)
        self._top: dict[int, Sequence[np.ndarray]] = {}
        self._top_numbers: dict[int, list[tuple[list[float], list[float]]]] = {}
        self._masses: dict[tuple[int, ...], Floats] = {}

    def top(self, count: int) -> Sequence[np.ndarray]:
        """The ids of the likeliest tokens, for each run."""
        if count not in self._top:
            self._top[count] = self._find_top(min(count, self.logits.shape[1]))
        return self._top[count]

    def top_numbers(self, count: int) -> list[tuple[list[float], list[float]]]:
        """Logits and probabilities of the likeliest tokens, for each run."""
        if count not in self._top_numbers:
            self._top_numbers[count] = [
                self._numbers(row, ids) for row, ids in enumerate(self.top(count))
            ]
        return self._top_numbers[count]

    def _numbers(self, row: int, ids: np.ndarray) -> tuple[list[float], list[float]]:
        # A single conversion for both, since it dominates the cost.
        both = np.concatenate((self.logits[row, ids], self.probs[row, ids]))
        numbers = floats(both)
        return numbers[: len(ids)], numbers[len(ids) :]

    def rank_mass(self, edges: tuple[int, ...]) -> Floats:
        """[runs, len(edges) - 1]"""
        if edges not in self._masses:
            begins, some = _bins(edges)
            masses = np.zeros((len(self.logits), len(edges) - 1), dtype=np.float32)
            masses[:, some] = self._mass_from(begins)
            self._masses[edges] = masses
        return self._masses[edges]

    def _mass_from(self, begins: np.ndarray) -> np.ndarray:
        """[runs, len(begins)] mass of the ranks from each of these to the next, or to the end."""
        # Converted to double at once; reduceat would convert in small pieces.
        falling = self._ascending[:, ::-1].astype(np.float64)
        high = begins < falling.shape[1]
        masses = np.zeros((len(falling), len(begins)))
        masses[:, high] = np.add.reduceat(falling, begins[high], axis=1)
        if falling.shape[1] < self.probs.shape[1]:
            low = begins[~high].tolist()
            rests = np.diff(self._mass_above([falling.shape[1], *low, self.probs.shape[1]]))
            # The last bin that begins in the sorted part ends in the unsorted part.
            masses[:, high.sum() - 1 :] += np.maximum(rests, 0)
        return masses

    def _mass_above(self, ranks: Sequence[int]) -> np.ndarray:
        """[runs, len(ranks)] mass of the likeliest tokens, for each of these increasing counts."""
        rest, sums = self.probs, []
        for rank in reversed(ranks):
            rest = _largest(rest, rank)
            sums.append(rest.sum(axis=1, dtype=np.float64))
        return np.stack(sums[::-1], axis=1)

    def _find_top(self, count: int) -> Sequence[np.ndarray]:
        # By probability some may seem equal whose logits are not, so there may be more.
        # Where a run's logits are not finite none are, and of the others all are found.
        likely = self.probs >= self._ascending[:, -count, None]
        return [self._top_of(row, each.nonzero()[0], count) for row, each in enumerate(likely)]

    def _top_of(self, row: int, ids: np.ndarray, count: int) -> np.ndarray:
        best: np.ndarray = ids[np.argsort(-self.logits[row, ids], kind="stable")][:count]
        return best


def _largest(rows: Floats, count: int) -> Floats:
    """[runs, count] the largest of each row, in no order; all of a shorter row."""
    width = rows.shape[1]
    return rows if count >= width else np.partition(rows, width - count)[:, -count:]


@lru_cache(maxsize=64)
def _bins(edges: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The first ranks of the bins that are not empty, and the indices of those bins."""
    begins = np.array(edges[:-1])
    some = begins < np.array(edges[1:])
    return begins[some], some
