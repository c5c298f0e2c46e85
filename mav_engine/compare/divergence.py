"""Divergence of two predictions and of two residual streams: pure functions over numpy."""

from __future__ import annotations

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.generation.prediction import Prediction


def kl_divergence(a: Prediction, b: Prediction) -> float | None:
    """KL(a‖b) in nats over the whole vocabulary (Kullback and Leibler 1951), from raw logits.

    In double precision, since close models differ by less than the rounding of float32. None where
    it is infinite: b excludes a token that a does not.
    """
    log_p, log_q = _logprobs(a.logits), _logprobs(b.logits)
    some = log_p > -np.inf
    p, difference = np.exp(log_p[some]), log_p[some] - log_q[some]
    if np.isinf(difference).any():
        return None
    return max(0.0, float(p @ difference))


def relative_distance(a: Floats, b: Floats) -> Floats:
    """[rows] ‖a - b‖ / ‖a‖ of two sets of vectors [rows, d]; NaN where a is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.linalg.norm(a - b, axis=-1) / np.linalg.norm(a, axis=-1)
    return _finite(shares)


def cosine(a: Floats, b: Floats) -> Floats:
    """[rows] cosine between the vectors of two sets [rows, d]; NaN where one of them is 0."""
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.vecdot(a, b) / lengths
    return _finite(np.clip(shares, -1, 1))


def _logprobs(logits: Floats) -> np.ndarray:
    precise = logits.astype(np.float64)
    top = precise.max()
    logprobs: np.ndarray = precise - top - np.log(np.exp(precise - top).sum())
    return logprobs


def _finite(values: np.ndarray) -> Floats:
    kept: Floats = np.where(np.isfinite(values), values, np.nan).astype(np.float32)
    return kept
