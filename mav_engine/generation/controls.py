"""The sampling controls that are more than a comparison, over numpy arrays.

Each computes what the processor of the same name in `transformers.generation.logits_process`
computes; tests compare them. Penalties return scores of the whole vocabulary. Filters take the
scores of the candidates that are left and return which of them stay, at least one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mav_engine.contract.arrays import Floats


def repetition_penalty(scores: Floats, context: Sequence[int], penalty: float) -> Floats:
    """Divide the positive and multiply the negative scores of all ids of the context.

    From "CTRL: A Conditional Transformer Language Model" (Keskar et al., 2019), section 4.1.

    Args:
        scores: [vocabulary] logits.
        context: ids of the prompt and of the generated tokens.
        penalty: above 1 makes repetitions less likely, below 1 more likely.
    """
    ids = np.unique(np.asarray(context, np.int64))
    penalized = scores.copy()
    repeated = scores[ids]
    penalized[ids] = np.where(repeated < 0, repeated * penalty, repeated / penalty)
    return penalized


def no_repeat_ngram(scores: Floats, context: Sequence[int], size: int) -> Floats:
    """Remove the ids that would complete an n-gram of the context for a second time.

    Args:
        scores: [vocabulary] logits; removed ones become -Infinity.
        context: ids of the prompt and of the generated tokens.
        size: the n of the n-grams.
    """
    if len(context) < size:
        return scores
    ids = np.asarray(context, np.int64)
    ngrams = np.lib.stride_tricks.sliding_window_view(ids, size)
    same_beginning = (ngrams[:, :-1] == ids[len(ids) - size + 1 :]).all(axis=1)
    left = scores.copy()
    left[ngrams[same_beginning, -1]] = -np.inf
    return left


def top_p(scores: Floats, mass: float) -> np.ndarray:
    """The smallest set of the likeliest candidates whose probabilities sum to `mass` or more.

    From "The Curious Case of Neural Text Degeneration" (Holtzman et al., 2020), nucleus sampling.

    Args:
        scores: [n] log-probabilities up to a constant.
        mass: between 0 and 1.

    Returns:
        [n] booleans.
    """
    ascending = np.argsort(scores, kind="stable")
    stays = np.empty(len(scores), bool)
    stays[ascending] = np.cumsum(_softmax(scores)[ascending]) > 1 - mass
    stays[ascending[-1]] = True
    return stays


def min_p(scores: Floats, fraction: float) -> np.ndarray:
    """Candidates with at least this fraction of the likeliest one's probability.

    From "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs" (Nguyen et al.,
    2025).

    Args:
        scores: [n] log-probabilities up to a constant.
        fraction: between 0 and 1.

    Returns:
        [n] booleans.
    """
    probs = _softmax(scores)
    stays: np.ndarray = probs >= fraction * probs.max()
    return stays


def _softmax(scores: Floats) -> np.ndarray:
    probs: np.ndarray = np.exp(scores - scores.max())
    probs /= probs.sum()
    return probs
