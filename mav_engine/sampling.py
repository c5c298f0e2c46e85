"""From logits and settings to a choice that can tell why each candidate fell.

The controls are transformers' own processors, in transformers' order: repetition penalty,
n-gram ban, end-of-text and white-space blocks, then temperature, top-k, top-p, min-p. Each run
draws exactly one uniform number a token, forced tokens included, from a generator of its own:
a run that is forced along the beginning of another, with its seed, goes on as that one did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from transformers.generation.logits_process import (
    LogitsProcessor,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from mav_engine.errors import NoCandidates
from mav_engine.prediction import Prediction
from mav_engine.settings import RunSettings

Control = tuple[str, LogitsProcessor]

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
        self._eos_ids = list(eos_ids)
        self._white_space = list(white_space()) if settings.block_ws_steps else []
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
        trail = _Trail(top)
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
        )

    def _controlled(
        self, prediction: Prediction, context: Sequence[int], index: int, trail: _Trail
    ) -> torch.Tensor:
        """[vocabulary] scores after the penalties and blocks that look at the text so far."""
        scores = torch.from_numpy(prediction.logits)
        controls = [*self._standing, *self._blocks(index)]
        if not controls:
            return scores
        before = torch.tensor([context])
        for name, control in controls:
            scores = control(before, scores[None].clone())[0]
            trail.follow(name, scores.numpy().__getitem__)
        if bool(torch.isneginf(scores).all()):
            blame = ", ".join(name for name, _ in controls)
            raise NoCandidates(f"Every token was removed by {blame}; ease these settings to go on.")
        return scores

    def _blocks(self, index: int) -> list[Control]:
        settings = self._settings
        blocks: list[tuple[str, int, list[int]]] = [
            ("min_new_tokens", settings.min_new_tokens, self._eos_ids),
            ("block_eos", settings.block_eos_steps, self._eos_ids),
            ("block_ws", settings.block_ws_steps, self._white_space),
        ]
        return [(name, _Block(ids)) for name, steps, ids in blocks if index < steps and ids]

    def _candidates(self, scores: torch.Tensor, trail: _Trail) -> tuple[np.ndarray, np.ndarray]:
        """Ids that can be drawn and their probabilities, likeliest first."""
        if self._settings.temperature == 0:
            best = np.array([int(scores.argmax())])
            trail.follow("temperature", lambda ids: np.where(ids == best[0], 0.0, -np.inf))
            return best, np.ones(1)
        # Shifted so that no temperature, however small, divides a score out of range.
        scores = (scores.double() - scores.max())[None]
        none = torch.zeros((1, 0), dtype=torch.long)
        ids = torch.arange(scores.shape[1])
        for name, warper in self._warpers:
            scores = warper(none, scores)
            if name == "temperature":
                scores[scores < _UNDERFLOW] = -torch.inf
            trail.follow(name, partial(_scores_of, ids=ids, scores=scores[0]))
            alive = ~torch.isneginf(scores[0])
            # What a control has cut stays cut, so the next ones need to see only the rest.
            scores, ids = scores[:, alive], ids[alive]
        order = torch.argsort(scores[0], descending=True, stable=True)
        return ids[order].numpy(), scores[0].softmax(-1)[order].numpy()


class _Block(LogitsProcessor):  # type: ignore[misc]
    """Removes some tokens; transformers' own searches the whole vocabulary for them each time."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = torch.tensor(ids)

    def __call__(self, _: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        # A tokenizer may know more tokens than its model has rows for.
        scores[:, self._ids[self._ids < scores.shape[1]]] = -torch.inf
        return scores


class _Trail:
    """Which control removed each of the top candidates."""

    def __init__(self, top: np.ndarray) -> None:
        self._top = top
        self.cut_by: list[str | None] = [None] * len(top)

    def follow(self, control: str, scores_of: Callable[[np.ndarray], np.ndarray]) -> None:
        for place in np.flatnonzero(np.isneginf(scores_of(self._top))):
            self.cut_by[place] = self.cut_by[place] or control


def _standing_controls(settings: RunSettings) -> list[Control]:
    controls: list[Control] = []
    if settings.repetition_penalty != 1.0:
        penalty = RepetitionPenaltyLogitsProcessor(settings.repetition_penalty)
        controls.append(("repetition_penalty", penalty))
    if settings.no_repeat_ngram_size:
        ban = NoRepeatNGramLogitsProcessor(settings.no_repeat_ngram_size)
        controls.append(("no_repeat_ngram", ban))
    return controls


def _warpers(settings: RunSettings) -> list[Control]:
    warpers: list[Control] = []
    if settings.temperature > 0:
        warpers.append(("temperature", TemperatureLogitsWarper(settings.temperature)))
    if settings.top_k:
        warpers.append(("top_k", TopKLogitsWarper(settings.top_k)))
    if settings.top_p < 1:
        warpers.append(("top_p", TopPLogitsWarper(settings.top_p)))
    if settings.min_p > 0:
        warpers.append(("min_p", MinPLogitsWarper(settings.min_p)))
    return warpers


def _scores_of(wanted: np.ndarray, ids: torch.Tensor, scores: torch.Tensor) -> np.ndarray:
    """The scores of these ids; -Infinity for those that are gone. `ids` are ascending."""
    held = ids.numpy()
    places = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    return np.where(held[places] == wanted, scores.numpy()[places], -np.inf)


def _probs_of(wanted: np.ndarray, ids: np.ndarray, probs: np.ndarray) -> list[float]:
    drawn = dict(zip(ids.tolist(), probs.tolist(), strict=True)) if len(ids) else {}
    return [drawn.get(token_id, 0.0) for token_id in wanted.tolist()]


def _entropy(probs: np.ndarray) -> float:
    """-sum(p ln p) in nats, with 0 ln 0 = 0."""
    some = probs[probs > 0]
    return max(0.0, -float(some @ np.log(some)))


def _pick(ids: np.ndarray, probs: np.ndarray, draw: float) -> int:
    """Inverse of the cumulative distribution at a uniform number from [0, 1)."""
    running = np.cumsum(probs)
    place = int(np.searchsorted(running, draw * running[-1], side="right"))
    return int(ids[min(place, len(ids) - 1)])
