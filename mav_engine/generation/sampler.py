"""Chooses a token from logits, and records which control removed each candidate.

The controls are applied in transformers' order: repetition penalty, n-gram ban, end-of-text and
white-space blocks, then temperature, top-k, top-p, min-p. Each run has its own generator and draws
one uniform number per token, forced tokens included. So a run that is forced to the beginning of
another, with the same seed, continues like it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.contract.measurements import SamplerStage
from mav_engine.errors import NoCandidates
from mav_engine.generation import controls
from mav_engine.generation.prediction import Prediction
from mav_engine.generation.sampling_trace import SamplingTrace
from mav_engine.settings import RunSettings

Penalty = Callable[[Floats, Sequence[int]], Floats]
"""[vocabulary] scores and the ids of the text so far → [vocabulary] scores."""
Filter = Callable[[np.ndarray], np.ndarray]
"""[n] scores of the candidates → [n] booleans, whether each stays."""

_UNDERFLOW = -745.0
"""exp() of anything lower is 0 in double precision."""


@dataclass(slots=True)
class Choice:
    """The chosen token, and how the sampler chose it."""

    token_id: int
    forced: bool
    kept: int
    """Number of tokens with a probability above 0."""
    sampled_entropy: float
    """Entropy of the sampled distribution, in nats."""
    top_ids: list[int]
    """The likeliest tokens of the raw prediction, best first."""
    sampled_probs: list[float]
    """The probability of each in the sampled distribution; 0 if it was removed."""
    cut_by: list[str | None]
    """The control that removed each, or None."""
    stages: list[SamplerStage] | None
    """The result of each active control, in order; None if not captured."""


class Sampler:
    """The sampling controls of one run.

    Args:
        settings: settings with the seed resolved.
        eos_ids: the ids that end a text.
        white_space: returns the ids of white-space tokens; called only if they are blocked.
        drawn: number of tokens of a resumed run so far.
    """

    def __init__(
        self,
        settings: RunSettings,
        eos_ids: Collection[int],
        white_space: Callable[[], Sequence[int]],
        drawn: int = 0,
    ) -> None:
        if settings.seed is None:
            raise ValueError("settings.seed must be resolved before sampling")
        self._settings = settings
        self._eos_ids = np.array(list(eos_ids))
        blank = white_space() if settings.block_ws_steps else []
        self._white_space = np.array(blank)
        # This generator uses all bits of the seed; torch's on the CPU uses 32.
        self._random = np.random.Generator(np.random.PCG64(settings.seed).advance(drawn))
        self._penalties = _penalties(settings)
        self._is_greedy = settings.temperature == 0 and not self._penalties
        self._filters = _filters(settings)

    def choose(
        self, prediction: Prediction, context: Sequence[int], index: int, forced: int | None
    ) -> Choice:
        """Choose token number `index` after the ids of `context`, or take the forced one.

        Raises:
            NoCandidates: the controls removed every token.
        """
        draw = self._random.random()
        top = prediction.top(self._settings.top_n)
        asked = "sampler_stages" in self._settings.capture
        if self._is_greedy and forced is None and not asked:
            greedy = self._greedy(prediction, top, index)
            if greedy is not None:
                return greedy
        trail = _Trail(top, SamplingTrace(self._settings, top) if asked else None)
        scores = self._controlled(prediction, context, index, trail)
        ids, probs = self._candidates(scores, trail)
        token_id = _pick(ids, probs, draw) if forced is None else forced
        return Choice(
            token_id=token_id,
            forced=forced is not None,
            kept=len(ids),
            sampled_entropy=_entropy(probs),
            top_ids=top.tolist(),
            sampled_probs=_probs_of(top, ids, probs),
            cut_by=trail.cut_by,
            stages=trail.stages.rows(token_id) if trail.stages else None,
        )

    def _greedy(self, prediction: Prediction, top: np.ndarray, index: int) -> Choice | None:
        """The likeliest of the top candidates that is not blocked; None where all of them are, or
        where the model rules some out.

        At temperature 0 without penalties the order of the scores is that of the logits, so no
        other token needs to be looked at.
        """
        if prediction.logits[top[-1]] == -np.inf:
            return None
        top_ids: list[int] = top.tolist()
        blocked: dict[int, str] = {}
        for name, ids in reversed(self._blocks(index)):
            blocked |= dict.fromkeys(ids.tolist(), name)  # the first control is the one named
        best = next((place for place, each in enumerate(top_ids) if each not in blocked), None)
        if best is None:
            return None
        cut_by: list[str | None] = [blocked.get(each, "temperature") for each in top_ids]
        cut_by[best] = None
        probs = [0.0] * len(top_ids)
        probs[best] = 1.0
        return Choice(
            token_id=top_ids[best],
            forced=False,
            kept=1,
            sampled_entropy=0.0,
            top_ids=top_ids,
            sampled_probs=probs,
            cut_by=cut_by,
            stages=None,
        )

    def _controlled(
        self, prediction: Prediction, context: Sequence[int], index: int, trail: _Trail
    ) -> Floats:
        """[vocabulary] scores after the controls that depend on the text so far."""
        scores = prediction.logits
        names = []
        for name, control in self._penalties:
            scores = control(scores, context)
            trail.cut(name, scores[trail.top] == -np.inf)
            trail.record(name, scores)
            names.append(name)
        for name, ids in self._blocks(index):
            scores = scores.copy()
            # A tokenizer may have more tokens than the model.
            scores[ids[ids < len(scores)]] = -np.inf
            trail.cut(name, scores[trail.top] == -np.inf)
            trail.record(name, scores)
            names.append(name)
        if all(trail.cut_by) and scores.max() == -np.inf:
            blame = ", ".join(names)
            raise NoCandidates(f"Every token was removed by {blame}; relax these settings.")
        return scores

    def _blocks(self, index: int) -> list[tuple[str, np.ndarray]]:
        settings = self._settings
        blocks = [
            ("min_new_tokens", settings.min_new_tokens, self._eos_ids),
            ("block_eos", settings.block_eos_steps, self._eos_ids),
            ("block_ws", settings.block_ws_steps, self._white_space),
        ]
        return [(name, ids) for name, steps, ids in blocks if index < steps and len(ids)]

    def _candidates(self, scores: Floats, trail: _Trail) -> tuple[np.ndarray, np.ndarray]:
        """Ids that can be sampled and their probabilities, likeliest first."""
        temperature, top_k = self._settings.temperature, self._settings.top_k
        if temperature == 0:
            best = scores.argmax()
            trail.cut("temperature", trail.top != best)
            trail.record("temperature", np.zeros(1), np.array([best]))
            return np.array([best]), np.ones(1)
        # Shifted so that dividing by a small temperature cannot overflow.
        peak, coldest = float(scores.max()), _UNDERFLOW * temperature
        trail.cut("temperature", scores[trail.top].astype(np.float64) - peak < coldest)
        if trail.stages and temperature != 1:
            shifted = scores.astype(np.float64) - peak
            warm = (shifted >= coldest).nonzero()[0]
            trail.record("temperature", shifted[warm] / temperature, warm)
        # Division keeps the order, so top-k can be applied first and saves work.
        kth = np.partition(scores, -top_k)[-top_k] if 0 < top_k < len(scores) else -np.inf
        trail.cut("top_k", scores[trail.top] < kth)
        ids = (scores >= kth).nonzero()[0]
        kept = scores[ids].astype(np.float64) - peak
        ids, kept = ids[kept >= coldest], kept[kept >= coldest] / temperature
        if kth > -np.inf:
            trail.record("top_k", kept, ids)
        for name, control in self._filters:
            stays = control(kept)
            ids, kept = ids[stays], kept[stays]
            trail.cut(name, ~np.isin(trail.top, ids))
            trail.record(name, kept, ids)
        order = np.argsort(-kept, kind="stable")
        probs = np.exp(kept[order])
        return ids[order], probs / probs.sum()


class _Trail:
    """Records which control removed each of the top candidates, and the sampling trace."""

    def __init__(self, top: np.ndarray, stages: SamplingTrace | None) -> None:
        self.top = top
        self.stages = stages
        self.cut_by: list[str | None] = [None] * len(top)

    def cut(self, control: str, gone: np.ndarray) -> None:
        """Record the control for those of the top [n] that it removed."""
        for place in gone.nonzero()[0].tolist():
            self.cut_by[place] = self.cut_by[place] or control

    def record(self, control: str, scores: np.ndarray, ids: np.ndarray | None = None) -> None:
        """Record the scores after a control, of these ids or of all."""
        if self.stages is not None:
            self.stages.add(control, scores, ids)


def _penalties(settings: RunSettings) -> list[tuple[str, Penalty]]:
    penalty, size = settings.repetition_penalty, settings.no_repeat_ngram_size
    penalties: list[tuple[str, Penalty]] = []
    if penalty != 1:
        penalties.append(
            ("repetition_penalty", partial(controls.repetition_penalty, penalty=penalty))
        )
    if size:
        penalties.append(("no_repeat_ngram", partial(controls.no_repeat_ngram, size=size)))
    return penalties


def _filters(settings: RunSettings) -> list[tuple[str, Filter]]:
    filters: list[tuple[str, Filter]] = []
    if settings.top_p < 1:
        filters.append(("top_p", partial(controls.top_p, mass=settings.top_p)))
    if settings.min_p > 0:
        filters.append(("min_p", partial(controls.min_p, fraction=settings.min_p)))
    return filters


def _probs_of(wanted: np.ndarray, ids: np.ndarray, probs: np.ndarray) -> list[float]:
    drawn = dict(zip(ids.tolist(), probs.tolist(), strict=True))
    return [drawn.get(token_id, 0.0) for token_id in wanted.tolist()]


def _entropy(probs: np.ndarray) -> float:
    """-sum(p ln p) in nats, with 0 ln 0 = 0."""
    if len(probs) == 1:
        return 0.0
    some = probs[probs > 0]
    return max(0.0, -float(some @ np.log(some)))


def _pick(ids: np.ndarray, probs: np.ndarray, draw: float) -> int:
    """Inverse of the cumulative distribution at a uniform number from [0, 1)."""
    if len(ids) == 1:
        return int(ids[0])
    running = np.cumsum(probs)
    # The draw is below 1, and so is its product with the last sum below that.
    return int(ids[np.searchsorted(running, draw * running[-1], side="right")])
