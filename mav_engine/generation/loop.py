"""The token loop over ids: no text, no HTTP, no panels.

One forward pass per token. Each token is yielded with the step that predicted it. The pass over
that token runs when the next token is requested, or earlier if several runs decode in a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from mav_engine.contract.events import FinishReason
from mav_engine.errors import NotFinite
from mav_engine.generation.capture import PrefillResult, Step
from mav_engine.generation.ending import TokenEnding
from mav_engine.generation.prediction import Prediction
from mav_engine.generation.sampler import Choice, Sampler


class Session(Protocol):
    """One text in a model, with its KV cache."""

    def prefill(self, ids: Sequence[int]) -> PrefillResult:
        """Compute the prompt."""

    def prefetch(self, ids: Sequence[int]) -> None:
        """Announce the next tokens, in order, so that one pass may compute several of them."""

    def set_chooser(self, choose: Callable[[Step], int | None]) -> None:
        """Set the function that chooses the token after a step, so that the next pass may start
        early. It returns None at the end of the text."""

    def step(self, token_id: int) -> Step:
        """Append a token and compute the next step."""

    def close(self) -> None:
        """Free the cache."""


@dataclass(slots=True)
class Generated:
    """One new token with the step that predicted it."""

    index: int
    choice: Choice
    prediction: Prediction
    step: Step
    ending: FinishReason | None
    """Why the run ends with it, as far as its id and index decide that."""


def generate(
    session: Session,
    sampler: Sampler,
    read_ids: Sequence[int],
    first: Step,
    ending: TokenEnding,
    *,
    begin: int = 0,
) -> Iterator[Generated]:
    """Yield new tokens from number `begin` on, until one ends the run.

    Args:
        session: has read `read_ids`.
        sampler: chooses each token.
        read_ids: the prompt, and the `begin` new tokens of a run that is continued.
        first: the step after `read_ids`.
        ending: the forced tokens, which come first, and when the run ends.
        begin: number of the first token.
    """
    session.prefetch(ending.forced.known[begin : ending.limit - 1])
    choices = _Choices(sampler, read_ids, ending, begin)
    if not ending.forced.waits:
        session.set_chooser(choices.ahead)
    step = first
    for index in range(begin, ending.limit):
        generated = choices.after(step)
        yield generated
        if generated.ending is not None:
            return
        if index + 1 < ending.limit:
            step = session.step(generated.choice.token_id)


class _Choices:
    """Chooses token after token, each once: when it is needed, or ahead of time."""

    def __init__(
        self, sampler: Sampler, read_ids: Sequence[int], ending: TokenEnding, begin: int
    ) -> None:
        self._sampler = sampler
        self._context = list(read_ids)
        self._ending = ending
        self._index = begin
        self._made_ahead: Generated | Exception | None = None

    def after(self, step: Step) -> Generated:
        """The token chosen after a step."""
        made, self._made_ahead = self._made_ahead, None
        try:
            if isinstance(made, Exception):
                raise made
            return made or self._choose(step)
        finally:
            # Otherwise the error's traceback would keep the whole run alive.
            del made

    def ahead(self, step: Step) -> int | None:
        """The token that follows from a step and is to be read; None where the run ends."""
        try:
            made = self._made_ahead = self._choose(step)
        except Exception as error:
            self._made_ahead = error  # raised in the run, not in the thread that computed the step
            return None
        return None if made.ending is not None else made.choice.token_id

    def _choose(self, step: Step) -> Generated:
        index = self._index
        forced = self._ending.forced.at(index)
        prediction = _predicted(step, index)
        choice = self._sampler.choose(prediction, self._context, index, forced)
        self._context.append(choice.token_id)
        self._index += 1
        ending = self._ending.reason(choice.token_id, index)
        return Generated(index, choice, prediction, step, ending)


def _predicted(step: Step, index: int) -> Prediction:
    try:
        step.prediction = step.prediction or Prediction(step.logits)
        return step.prediction
    except NotFinite as error:
        raise NotFinite(
            f"The run stopped at token {index}, position {step.n_keys}. {error.detail}"
        ) from None
