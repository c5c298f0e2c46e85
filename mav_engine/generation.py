"""The token loop over ids: no text, no HTTP, no panels.

One forward pass a token over what the session has cached. A token is yielded with the step
that predicted it; the pass that reads it happens only when the next one is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from mav_engine.capture import PromptReading, Step
from mav_engine.errors import NotFinite
from mav_engine.prediction import Prediction
from mav_engine.sampling import Choice, Sampler


class Session(Protocol):
    """One text being read by a model, with its cache."""

    def prefill(self, ids: Sequence[int]) -> PromptReading:
        """Read the prompt."""

    def foresee(self, ids: Sequence[int]) -> None:
        """Say which tokens will be read next, in this order, so that they may be read together."""

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
    context = list(read_ids)
    step = first
    for index in range(begin, limit):
        forced = forced_ids[index] if index < len(forced_ids) else None
        prediction = _predicted(step, index)
        choice = sampler.choose(prediction, context, index, forced)
        yield Generated(index, choice, prediction, step)
        # The last forced id may end the text, as it did where it was first written.
        if choice.token_id in eos_ids and index + 1 >= len(forced_ids):
            return
        context.append(choice.token_id)
        if index + 1 < limit:
            step = session.step(choice.token_id)


def _predicted(step: Step, index: int) -> Prediction:
    try:
        step.prediction = step.prediction or Prediction(step.logits)
        return step.prediction
    except NotFinite as error:
        raise NotFinite(
            f"The run broke off at token {index}, position {step.n_keys}. {error.detail}"
        ) from None
