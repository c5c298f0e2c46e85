"""The model's raw prediction of the next token, and the measurements derived from it.

All of them use the model's raw logits, before any sampling control.
Probabilities are the softmax over the whole vocabulary; entropies are in nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Protocol

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


class CompiledFigures(Protocol):
    """Faster forms of the same computations; logits are [rows, vocabulary]."""

    def takes(self, logits: Floats) -> bool:
        """Whether it can compute with these numbers."""

    def sums(self, logits: Floats) -> np.ndarray:
        """[rows, 3] float64: the largest logit, sum(e) and sum(e (logit - largest)) with
        e = exp(logit - largest); NaN in a row that is not finite."""

    def top(self, logits: Floats, count: int) -> tuple[np.ndarray, Floats]:
        """[rows, count] ids of the largest logits, largest first, and these logits; equal ones are
        ordered by id."""

    def rank_mass(self, logits: Floats, sums: np.ndarray, begins: np.ndarray) -> Floats:
        """[rows, len(begins)] probability mass of the ranks from each of `begins`, which ascend,
        to the next one or to the end."""


class Prediction:
    """Logits [vocabulary] of one run's next token, and measurements derived from them.

    Raises:
        NotFinite: the logits hold NaN or +Infinity, or nothing above -Infinity.
    """

    __slots__ = ("_row", "_rows", "entropy", "log_total", "logits")

    logits: Floats
    log_total: float
    """Log-sum-exp of the logits: logprob = logit - log_total."""
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
    def of_rows(
        cls, logits: Floats, compiled: CompiledFigures | None = None
    ) -> list[Prediction | None]:
        """The predictions of several runs [runs, vocabulary] at once; None where the logits
        are not finite.

        Args:
            logits: [runs, vocabulary].
            compiled: computes their figures; numpy where not given.
        """
        rows = _Rows(logits, compiled)
        predictions: list[Prediction | None] = []
        for row in range(len(logits)):
            prediction = cls.__new__(cls)
            prediction._take(rows, row)
            predictions.append(prediction if math.isfinite(prediction.log_total) else None)
        return predictions

    @property
    def probs(self) -> Floats:
        """[vocabulary] probabilities."""
        probs: Floats = self._rows.probs[self._row]
        return probs

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
        ids: np.ndarray = self._rows.top(count)[0][self._row]
        return ids

    def top_numbers(self, count: int) -> tuple[list[float], list[float]]:
        """Logits and probabilities of the likeliest tokens, as shortest decimals."""
        return self._rows.top_numbers(count)[self._row]

    def rank_mass(self, edges: Sequence[int]) -> Floats:
        """[len(edges) - 1] probability mass of the ranks between neighbouring edges."""
        masses: Floats = self._rows.rank_mass(tuple(edges))[self._row]
        return masses

    def _take(self, rows: _Rows, row: int) -> None:
        self._rows, self._row = rows, row
        self.logits = rows.logits[row]
        self.log_total, self.entropy = rows.log_totals[row], max(0.0, rows.entropies[row])


class _Rows:
    """Logits [runs, vocabulary] of a batch of runs, and measurements derived from them.

    Each measurement is computed for all runs at once, since all of them need it and the overhead of
    a numpy call exceeds the work on one run.
    """

    def __init__(self, logits: Floats, compiled: CompiledFigures | None = None) -> None:
        self.logits = logits
        self._compiled = compiled if compiled is not None and compiled.takes(logits) else None
        """Where given, numpy computes only what is left."""
        if self._compiled is None:
            self._sums, self.probs = _sums_and_probs(logits)
        else:
            self._sums = self._compiled.sums(logits)
        with np.errstate(invalid="ignore"):
            peaks, totals, products = self._sums.T
            log_scales = np.log(totals)
            self.entropies: list[float] = (log_scales - products / totals).tolist()
            self.log_totals: list[float] = (peaks + log_scales).tolist()
            self.peaks: list[float] = peaks.tolist()
        self._top: dict[int, tuple[np.ndarray, Floats]] = {}
        self._top_numbers: dict[int, list[tuple[list[float], list[float]]]] = {}
        self._masses: dict[tuple[int, ...], Floats] = {}

    @cached_property
    def probs(self) -> Floats:
        """[runs, vocabulary]"""
        return self._probs_of(self.logits)

    @cached_property
    def _ascending(self) -> Floats:
        """The largest probabilities of each run, in ascending order."""
        is_large = self.logits.shape[1] > _LARGE
        ascending: Floats = np.sort(_largest(self.probs, _SORTED) if is_large else self.probs)
        return ascending

    def top(self, count: int) -> tuple[np.ndarray, Floats]:
        """[runs, count] the ids of the likeliest tokens, and their logits."""
        if count not in self._top:
            most, compiled = min(count, self.logits.shape[1]), self._compiled
            self._top[count] = (
                self._find_top(most) if compiled is None else compiled.top(self.logits, most)
            )
        return self._top[count]

    def top_numbers(self, count: int) -> list[tuple[list[float], list[float]]]:
        """Logits and probabilities of the likeliest tokens, for each run."""
        if count not in self._top_numbers:
            _, logits = self.top(count)
            # A single conversion for all, since it dominates the cost.
            numbers = floats(np.concatenate((logits, self._probs_of(logits)), 1).ravel())
            n = logits.shape[1]
            self._top_numbers[count] = [
                (numbers[at : at + n], numbers[at + n : at + 2 * n])
                for at in range(0, len(numbers), 2 * n)
            ]
        return self._top_numbers[count]

    @np.errstate(invalid="ignore", over="ignore")
    def _probs_of(self, logits: Floats) -> Floats:
        """The probabilities of logits [runs, n]."""
        sums: Floats = self._sums[:, :2].astype(np.float32)
        probs: Floats = np.exp(logits - sums[:, :1]) / sums[:, 1:]
        return probs

    def rank_mass(self, edges: tuple[int, ...]) -> Floats:
        """[runs, len(edges) - 1]"""
        if edges not in self._masses:
            begins, some = _bins(edges)
            masses = np.zeros((len(self.logits), len(edges) - 1), dtype=np.float32)
            compiled = None if self.logits.shape[1] > _LARGE else self._compiled
            masses[:, some] = (
                self._mass_from(begins)
                if compiled is None
                else compiled.rank_mass(self.logits, self._sums, begins)
            )
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

    def _find_top(self, count: int) -> tuple[np.ndarray, Floats]:
        # By probability some may seem equal whose logits are not, so there may be more.
        likely = self.probs >= self._ascending[:, -count, None]
        top = np.zeros((len(likely), count), np.int64)
        for row, each in enumerate(likely):
            ids = each.nonzero()[0]
            if len(ids):  # where a run's logits are not finite there are none
                top[row] = ids[np.argsort(-self.logits[row, ids], kind="stable")][:count]
        return top, np.take_along_axis(self.logits, top, 1)


@np.errstate(invalid="ignore", over="ignore")
def _sums_and_probs(logits: Floats) -> tuple[np.ndarray, Floats]:
    """`CompiledFigures.sums` by numpy, and the probabilities [runs, vocabulary]."""
    peaks = np.maximum.reduce(logits, axis=1, keepdims=True)
    shifted = logits - peaks
    weights = np.exp(shifted)
    # numpy adds pairwise: over a vocabulary float32 keeps six digits.
    totals = np.add.reduce(weights, axis=1, keepdims=True)
    products = np.vecdot(weights, shifted)
    if np.isnan(products).any():
        # 0 ln 0 = 0, also where a logit is -Infinity.
        products = np.vecdot(weights, np.maximum(shifted, np.float32(-1e9)))
    sums = np.concatenate((peaks, totals, products[:, None]), axis=1, dtype=np.float64)
    weights /= totals
    return sums, weights


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
