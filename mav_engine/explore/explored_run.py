"""The run of one model, as the input of the artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mav_engine.compare.events import Compared, Divergence
from mav_engine.contract.events import Event, FinishReason, Start, Token
from mav_engine.errors import InvalidSettings
from mav_engine.explore.attention import Heads
from mav_engine.results.result import RunRecord
from mav_engine.running.prepare import PreparedRun, prepare
from mav_engine.running.run import events_of
from mav_engine.settings import DEFAULT_PROBES, RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.generation.loop import Generated
    from mav_engine.text.tokens import Vocabulary

FULL_STOP = "."
_ALWAYS = (*DEFAULT_PROBES, "sampler_stages")


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a text may stop, as in Model Interpret Explorer."""

    after: int
    """Minimum number of new tokens."""
    texts: tuple[str, ...] = ()
    """Stop at a token that completes one of these; if empty, at a full stop."""


@dataclass(slots=True)
class ExploredRun:
    """A finished run."""

    record: RunRecord
    heads: Heads
    prompt_tokens: list[str]
    """The texts of the prompt's tokens (bytes as `<0xF0>`)."""
    no_attention: str | None = None
    """Why there is no attention, or None."""
    forced_to: str | None = None
    """The model whose text it was forced to; None if it wrote its own."""
    divergences: list[Divergence] = field(default_factory=list)
    """The divergence from that model, by token."""
    compared: Compared | None = None
    """The summary of all divergences."""

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
        """Number of new tokens; step N generated the N-th, from 1."""
        return len(self.record.tokens)

    def token(self, step: int) -> Token | None:
        """The token of a step; None after the end of the text."""
        return self.record.tokens[step - 1] if step <= self.steps else None

    def divergence(self, step: int) -> Divergence | None:
        """The divergence at a step; None if the run was not forced."""
        return self.divergences[step - 1] if step <= len(self.divergences) else None

    def text_before(self, step: int) -> str:
        """All text before the token of this step, prompt included."""
        texts = (token.text for token in self.record.tokens[: step - 1])
        return (self.start.settings.prompt or "") + "".join(texts)

    def texts_read(self, count: int) -> list[str]:
        """The texts of the first `count` tokens of prompt and output."""
        written = (each.token.text for each in self.record.tokens)
        return [*self.prompt_tokens, *written][:count]


def sampled_prob(token: Token) -> float | None:
    """The probability of the chosen token after all sampling controls."""
    row = next((row for row in token.top if row.id == token.token.id), None)
    if row is not None:
        return row.sampled_prob
    return token.sampler_stages[-1].said if token.sampler_stages else token.prob


def with_capture(settings: RunSettings, attn_every: int) -> RunSettings:
    """The settings with the probes that the artifacts need."""
    capture = [*_ALWAYS, "attention_map"]
    return settings.model_copy(update={"capture": capture, "attn_every": attn_every})


class Exploration:
    """A run that is prepared but not computed yet.

    If attention maps of a long text would exceed the engine's limit, the row of each token is
    captured instead, and maps are assembled from the rows. If attention is not available at all, it
    is left out with the reason.

    Raises:
        MavError: the settings do not fit the model.
    """

    def __init__(
        self, settings: RunSettings, backend: Backend, heads: Heads, stop_rule: StopRule
    ) -> None:
        self._heads = heads
        self._no_attention: str | None = None
        asked = settings.resolved()
        try:
            run = prepare(asked, backend)
        except InvalidSettings as error:
            if error.field == "attn_every":
                capture = [*asked.capture, "attention_rows"]
            elif error.field == "capture":
                self._no_attention = error.detail
                capture = [*_ALWAYS]
            else:
                raise
            fewer = asked.model_copy(update={"capture": capture, "attn_every": 0})
            run = prepare(fewer, backend)
        self._run: PreparedRun = replace(
            run, stop_condition=SentenceStop(backend.vocabulary, stop_rule)
        )

    @property
    def name(self) -> str:
        """The model's."""
        return self._run.backend.info.name

    @property
    def prepared(self) -> PreparedRun:
        """The prepared run; iterate it once."""
        return self._run

    def events(self) -> Iterator[Event]:
        """The run's events."""
        return events_of(self._run)

    def finished(self, record: RunRecord) -> ExploredRun:
        """The finished run."""
        read = record.prompt.tokens if record.prompt is not None else []
        texts = self._run.backend.vocabulary.labels([each.id for each in read])
        return ExploredRun(record, self._heads, texts, self._no_attention)


class SentenceStop:
    """Stops a run according to a `StopRule`."""

    def __init__(self, vocabulary: Vocabulary, stop_rule: StopRule) -> None:
        self._stream = vocabulary.stream()
        self._stop_rule = stop_rule
        self._count = 0
        self._certain = ""
        self._text = ""

    def __call__(self, generated: Generated) -> FinishReason | None:
        self._count += 1
        self._certain += self._stream.push(generated.choice.token_id)
        before, self._text = self._text, self._certain + self._stream.rest()
        if self._count < self._stop_rule.after:
            return None
        if not self._stop_rule.texts:
            return "stop" if self._text.rstrip().endswith(FULL_STOP) else None
        more = any(self._text.count(each) > before.count(each) for each in self._stop_rule.texts)
        return "stop" if more else None
