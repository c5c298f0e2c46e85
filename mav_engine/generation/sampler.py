"""From logits and settings to a choice that can tell why each candidate fell.

The controls stand in transformers' order: repetition penalty, n-gram ban, end-of-text and
white-space blocks, then temperature, top-k, top-p, min-p; where a control is more than a
comparison it is transformers' own processor. Each run
draws exactly one uniform number a token, forced tokens included, from a generator of its own:
a run that is forced along the beginning of another, with its seed, goes on as that one did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from mav_engine.contract.arrays import Floats
from mav_engine.contract.measurements import SamplerStage
from mav_engine.errors import NoCandidates
from mav_engine.generation.prediction import Prediction
from mav_engine.generation.sampling_trace import Stages
from mav_engine.settings import RunSettings

if TYPE_CHECKING:
    from transformers import LogitsProcessor

Control = tuple[str, "LogitsProcessor"]

_NO_IDS = torch.zeros((1, 0), dtype=torch.long)
"""What a processor is told of the text where it does not look at it."""
_UNDERFLOW = -745.0
"""exp() of less is 0 in double precision: a temperature that low leaves no chance."""


@dataclass(slots=True)
class Choice:
    """The token that was taken, and what the sampler saw."""

    token_id: int
    forced: bool
    kept: int
    """How many tokens could still be drawn."""
    sampled_entropy: float
    """Entropy (nats) of the distribution that was drawn from."""
    top_ids: list[int]
    """The likeliest tokens of the raw prediction, best first."""
    sampled_probs: list[float]
    """For each of them the probability with which it was drawn; 0 where it was cut."""
    cut_by: list[str | None]
    """For each of them the control that removed it, or None."""
    stages: list[SamplerStage] | None
    """What each active control left, in order; None where the run does not capture it."""


class Sampler:
    """The sampling controls of one run.

    Args:
        settings: with the seed resolved.
        eos_ids: the ids that end a text.
        white_space: gives the ids of white-space tokens; asked only where they are blocked.
        drawn: how many tokens were drawn already by the run that this one continues.
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
        self._eos_ids = np.array(list(eos_ids), dtype=np.int64)
        blank = white_space() if settings.block_ws_steps else []
        self._white_space = np.array(blank, dtype=np.int64)
        # All bits of the seed count here; torch's generator on the CPU takes 32 of them.
        self._random = np.random.Generator(np.random.PCG64(settings.seed).advance(drawn))
        self._standing = _standing_controls(settings)
        self._warpers = _warpers(settings)

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
        trail = _Trail(top, Stages(self._settings, top) if asked else None)
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
            stages=trail.stages.told(token_id) if trail.stages else None,
        )

    def _controlled(
        self, prediction: Prediction, context: Sequence[int], index: int, trail: _Trail
    ) -> Floats:
        """[vocabulary] scores after the penalties and blocks that look at the text so far."""
        scores = prediction.logits
        names = []
        for name, control in self._standing:
            given = torch.from_numpy(scores)[None].clone()
            scores = control(torch.tensor([context]), given)[0].numpy()
            trail.cut(name, scores[trail.top] == -np.inf)
            trail.tell(name, scores)
            names.append(name)
        for name, ids in self._blocks(index):
            scores = scores.copy()
            # A tokenizer may know more tokens than its model has rows for.
            scores[ids[ids < len(scores)]] = -np.inf
            trail.cut(name, scores[trail.top] == -np.inf)
            trail.tell(name, scores)
            names.append(name)
        if names and all(trail.cut_by) and scores.max() == -np.inf:
            blame = ", ".join(names)
            raise NoCandidates(f"Every token was removed by {blame}; ease these settings to go on.")
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
        """Ids that can be drawn and their probabilities, likeliest first."""
        temperature, top_k = self._settings.temperature, self._settings.top_k
        if temperature == 0:
            best = scores.argmax()
            trail.cut("temperature", trail.top != best)
            trail.tell("temperature", np.zeros(1), np.array([best]))
            return np.array([best]), np.ones(1)
        # Shifted so that no temperature, however small, divides a score out of range.
        peak, coldest = float(scores.max()), _UNDERFLOW * temperature
        trail.cut("temperature", scores[trail.top].astype(np.float64) - peak < coldest)
        if trail.stages and temperature != 1:
            shifted = scores.astype(np.float64) - peak
            warm = (shifted >= coldest).nonzero()[0]
            trail.tell("temperature", shifted[warm] / temperature, warm)
        # Dividing keeps the order, so what top-k cuts is known before, and spared the rest.
        kth = np.partition(scores, -top_k)[-top_k] if 0 < top_k < len(scores) else -np.inf
        trail.cut("top_k", scores[trail.top] < kth)
        ids = (scores >= kth).nonzero()[0]
        kept = scores[ids].astype(np.float64) - peak
        ids, kept = ids[kept >= coldest], kept[kept >= coldest] / temperature
        if kth > -np.inf:
            trail.tell("top_k", kept, ids)
        for name, warper in self._warpers:
            kept = warper(_NO_IDS, torch.from_numpy(kept)[None])[0].numpy()
            ids, kept = ids[kept > -np.inf], kept[kept > -np.inf]
            trail.cut(name, ~np.isin(trail.top, ids))
            trail.tell(name, kept, ids)
        order = np.argsort(-kept, kind="stable")
        probs = np.exp(kept[order] - kept.max())
        return ids[order], probs / probs.sum()


class _Trail:
    """Which control removed each of the top candidates, and what each left where that is asked."""

    def __init__(self, top: np.ndarray, stages: Stages | None) -> None:
        self.top = top
        self.stages = stages
        self.cut_by: list[str | None] = [None] * len(top)

    def cut(self, control: str, gone: np.ndarray) -> None:
        """Blame a control for those of the top [n] that are gone and were there before."""
        for place in gone.nonzero()[0].tolist():
            self.cut_by[place] = self.cut_by[place] or control

    def tell(self, control: str, scores: np.ndarray, ids: np.ndarray | None = None) -> None:
        """Keep what a control left: scores of these ids, or of all where none are named."""
        if self.stages is not None:
            self.stages.add(control, scores, ids)


def _standing_controls(settings: RunSettings) -> list[Control]:
    controls: list[Control] = []
    if settings.repetition_penalty != 1.0:
        from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

        penalty = RepetitionPenaltyLogitsProcessor(settings.repetition_penalty)
        controls.append(("repetition_penalty", penalty))
    if settings.no_repeat_ngram_size:
        from transformers.generation.logits_process import NoRepeatNGramLogitsProcessor

        ban = NoRepeatNGramLogitsProcessor(settings.no_repeat_ngram_size)
        controls.append(("no_repeat_ngram", ban))
    return controls


def _warpers(settings: RunSettings) -> list[Control]:
    warpers: list[Control] = []
    if settings.top_p < 1:
        from transformers.generation.logits_process import TopPLogitsWarper

        warpers.append(("top_p", TopPLogitsWarper(settings.top_p)))
    if settings.min_p > 0:
        from transformers.generation.logits_process import MinPLogitsWarper

        warpers.append(("min_p", MinPLogitsWarper(settings.min_p)))
    return warpers


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
    place = int(np.searchsorted(running, draw * running[-1], side="right"))
    return int(ids[min(place, len(ids) - 1)])
