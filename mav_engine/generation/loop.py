"""The token loop over ids: no text, no HTTP, no panels.

One forward pass a token over what the session has cached. A token is yielded with the step
that predicted it; the pass that reads it happens when the next one is asked for, or before, where
several runs are read together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from mav_engine.errors import NotFinite
from mav_engine.generation.capture import PromptReading, Step
from mav_engine.generation.prediction import Prediction
from mav_engine.generation.sampler import Choice, Sampler


class Session(Protocol):
    """One text being read by a model, with its cache."""

    def prefill(self, ids: Sequence[int]) -> PromptReading:
        """Read the prompt."""

    def foresee(self, ids: Sequence[int]) -> None:
        """Say which tokens will be read next, in this order, so that they may be read together."""

    def follow(self, choose: Callable[[Step], int | None]) -> None:
        """Say which token, if any, follows from a step, so that it may be read at once."""

    def step(self, token_id: int) -> Step:
        """Read one more token."""

    def close(self) -> None:
        """Let the cache go."""


@dataclass(slots=True)
class Generated:
    """One new token with the step that predicted it."""

    index: int
    choice: Choice
    prediction: Prediction
    step: Step


def generate(
    session: Session,
    sampler: Sampler,
    read_ids: Sequence[int],
    first: Step,
    *,
    forced_ids: Sequence[int],
    limit: int,
    eos_ids: Collection[int],
    begin: int = 0,
) -> Iterator[Generated]:
    """Yield new tokens from number `begin` on, until end-of-text or number `limit`.

    A run that is continued has `begin` new tokens already; they stand at the end of `read_ids`.
    Forced ids come first and never end the text: an end-of-text among them is passed over,
    since what follows it was asked for.
    """
    session.foresee(forced_ids[begin : limit - 1])
    choices = _Choices(sampler, read_ids, forced_ids, limit, eos_ids, begin)
    if isinstance(forced_ids, list):  # what is still being written may have to be waited for
        session.follow(choices.ahead)
    step = first
    for index in range(begin, limit):
        generated = choices.after(step)
        yield generated
        if choices.ended_by(generated):
            return
        if index + 1 < limit:
            step = session.step(generated.choice.token_id)


class _Choices:
    """Token after token, each once: when it is asked for, or ahead by who has read its step."""

    def __init__(
        self,
        sampler: Sampler,
        read_ids: Sequence[int],
        forced_ids: Sequence[int],
        limit: int,
        eos_ids: Collection[int],
        begin: int,
    ) -> None:
        self._sampler = sampler
        self._context = list(read_ids)
        self._forced_ids = forced_ids
        self._limit = limit
        self._eos_ids = eos_ids
        self._index = begin
        self._made_ahead: Generated | Exception | None = None

    def after(self, step: Step) -> Generated:
        """The token that follows from a step."""
        made, self._made_ahead = self._made_ahead, None
        try:
            if isinstance(made, Exception):
                raise made
            return made or self._choose(step)
        finally:
            # The error's frames would hold it, and so themselves and all that the run holds.
            del made

    def ahead(self, step: Step) -> int | None:
        """The token that follows from a step and is to be read; None where none is."""
        try:
            made = self._made_ahead = self._choose(step)
        except Exception as error:
            self._made_ahead = error  # it is the run's, not of who has read the step
            return None
        over = self.ended_by(made) or self._index == self._limit
        return None if over else made.choice.token_id

    def ended_by(self, generated: Generated) -> bool:
        """Whether the text ends with this token."""
        if generated.choice.token_id not in self._eos_ids:
            return False
        # The last forced id may end the text, as it did where it was first written.
        return generated.index + 1 >= len(self._forced_ids)

    def _choose(self, step: Step) -> Generated:
        index = self._index
        forced = self._forced_ids[index] if index < len(self._forced_ids) else None
        prediction = _predicted(step, index)
        choice = self._sampler.choose(prediction, self._context, index, forced)
        self._context.append(choice.token_id)
        self._index += 1
        return Generated(index, choice, prediction, step)


def _predicted(step: Step, index: int) -> Prediction:
    try:
        step.prediction = step.prediction or Prediction(step.logits)
        return step.prediction
    except NotFinite as error:
        raise NotFinite(
            f"The run broke off at token {index}, position {step.n_keys}. {error.detail}"
        ) from None
