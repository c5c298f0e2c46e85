"""One model's run as the artifacts see it: its record, and what was asked to be shown of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mav_engine.compare.events import Compared, Divergence
from mav_engine.contract.events import Event, FinishReason, Start, Token
from mav_engine.errors import InvalidSettings
from mav_engine.explore.attention import Heads
from mav_engine.results.result import RunRecord
from mav_engine.running.prepare import PreparedRun, prepare
from mav_engine.running.run import events_of, new_run_id, start_event
from mav_engine.settings import DEFAULT_PROBES, RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.generation.loop import Generated
    from mav_engine.text.tokens import Vocabulary

FULL_STOP = "."
_ALWAYS = (*DEFAULT_PROBES, "sampler_stages")


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a text may end by itself, as Model Interpret Explorer ends it."""

    after: int
    """Not before so many new tokens."""
    texts: tuple[str, ...] = ()
    """At a token that completes one of these; at a full stop where there are none."""


@dataclass(slots=True)
class Seen:
    """A run that is over."""

    record: RunRecord
    heads: Heads
    prompt_tokens: list[str]
    """The prompt's tokens, each by its own text (bytes as `<0xF0>`)."""
    unseen: str | None = None
    """Why there is no attention to show."""
    follows: str | None = None
    """The model whose text it was forced to; None where it wrote its own."""
    divergences: list[Divergence] = field(default_factory=list)
    """How far it is from that model, by token."""
    compared: Compared | None = None
    """The figures of all tokens."""

    @property
    def start(self) -> Start:
        if self.record.start is None:
            raise ValueError("a run that was seen has begun")
        return self.record.start

    @property
    def name(self) -> str:
        return self.start.model.name

    @property
    def steps(self) -> int:
        """New tokens; step N is the one that wrote the N-th of them, from 1."""
        return len(self.record.tokens)

    def token(self, step: int) -> Token | None:
        """The token of a step; None once the text had ended."""
        return self.record.tokens[step - 1] if step <= self.steps else None

    def divergence(self, step: int) -> Divergence | None:
        """How far it is from the model that it follows; None where it follows none."""
        return self.divergences[step - 1] if step <= len(self.divergences) else None

    def text_before(self, step: int) -> str:
        """All text, the prompt too, before the token of this step."""
        told = (token.text for token in self.record.tokens[: step - 1])
        return (self.start.settings.prompt or "") + "".join(told)

    def texts_read(self, count: int) -> list[str]:
        """The first so many tokens of prompt and text, each by its own text."""
        written = (each.token.text for each in self.record.tokens)
        return [*self.prompt_tokens, *written][:count]


def sampled_prob(token: Token) -> float | None:
    """The probability with which the sampler drew what it drew, all controls applied."""
    row = next((row for row in token.top if row.id == token.token.id), None)
    if row is not None:
        return row.sampled_prob
    return token.sampler_stages[-1].said if token.sampler_stages else math.exp(token.logprob)


def capturing(settings: RunSettings, attn_every: int) -> RunSettings:
    """The settings with the probes behind the artifacts."""
    capture = [*_ALWAYS, "attention_map"]
    return settings.model_copy(update={"capture": capture, "attn_every": attn_every})


class SeenRun:
    """A run that is about to be seen: checked against its model, nothing computed yet.

    Whole maps of attention late in a long text may pass the engine's bound; then each token's own
    row is captured, and the maps are put together from those. Attention that cannot be had at all
    is left out, and what was seen says why.

    Raises:
        MavError: the settings do not fit the model.
    """

    def __init__(self, settings: RunSettings, backend: Backend, heads: Heads, ends: Ending) -> None:
        self._heads = heads
        self._unseen: str | None = None
        asked = settings.resolved()
        try:
            run = prepare(asked, backend)
        except InvalidSettings as error:
            if error.field == "attn_every":
                capture = [*asked.capture, "attention_rows"]
            elif error.field == "capture":
                self._unseen = error.detail
                capture = [*_ALWAYS]
            else:
                raise
            fewer = asked.model_copy(update={"capture": capture, "attn_every": 0})
            run = prepare(fewer, backend)
        self._run: PreparedRun = replace(run, watch=CleanStop(backend.vocabulary, ends))

    @property
    def name(self) -> str:
        """The model's."""
        return self._run.backend.info.name

    @property
    def prepared(self) -> PreparedRun:
        """The run, to be iterated once."""
        return self._run

    def events(self) -> Iterator[Event]:
        """The run's events, as `run` gives them."""
        yield start_event(self._run.settings, self._run.backend.info, new_run_id())
        yield from events_of(self._run)

    def seen(self, record: RunRecord) -> Seen:
        """What came of it."""
        read = record.prompt.tokens if record.prompt is not None else []
        texts = self._run.backend.vocabulary.labels([each.id for each in read])
        return Seen(record, self._heads, texts, self._unseen)


class CleanStop:
    """Ends a run where its text may end by itself."""

    def __init__(self, vocabulary: Vocabulary, ends: Ending) -> None:
        self._stream = vocabulary.stream()
        self._ends = ends
        self._count = 0
        self._certain = ""
        self._text = ""

    def __call__(self, generated: Generated) -> FinishReason | None:
        self._count += 1
        self._certain += self._stream.push(generated.choice.token_id)
        before, self._text = self._text, self._certain + self._stream.rest()
        if self._count < self._ends.after:
            return None
        if not self._ends.texts:
            return "stop" if self._text.rstrip().endswith(FULL_STOP) else None
        more = any(self._text.count(each) > before.count(each) for each in self._ends.texts)
        return "stop" if more else None
