"""One model's run as the artifacts see it: its record, and what was asked to be shown of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mav_engine.errors import InvalidSettings
from mav_engine.events import Event, FinishReason, Start, Token
from mav_engine.explore.attention import Heads
from mav_engine.results import RunRecord
from mav_engine.running import PreparedRun, new_run_id, prepare, start_event
from mav_engine.settings import DEFAULT_PROBES, RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.generation import Generated
    from mav_engine.text import Vocabulary

_ATTENTION = {"attention_map", "attention_rows"}
FULL_STOP = "."


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

    def text_before(self, step: int) -> str:
        """All text, the prompt too, before the token of this step."""
        told = (token.text for token in self.record.tokens[: step - 1])
        return (self.start.settings.prompt or "") + "".join(told)

    def texts_read(self, count: int) -> list[str]:
        """The first so many tokens of prompt and text, each by its own text."""
        written = (each.token.text for each in self.record.tokens)
        return [*self.prompt_tokens, *written][:count]


def capture_for(attn_every: int) -> list[str]:
    """The probes behind the artifacts."""
    rows = ["attention_rows"] if attn_every else []
    return [*DEFAULT_PROBES, "attention_map", *rows]


class SeenRun:
    """A run that is about to be seen: checked against its model, nothing computed yet.

    Raises:
        MavError: the settings do not fit the model. Attention that cannot be had is left out, and
            `unseen` says why.
    """

    def __init__(self, settings: RunSettings, backend: Backend, heads: Heads, ends: Ending) -> None:
        self.unseen: str | None = None
        try:
            run = prepare(settings.resolved(), backend)
        except InvalidSettings as error:
            if error.field != "capture":
                raise
            self.unseen = error.detail
            run = prepare(_without_attention(settings).resolved(), backend)
        watch = CleanStop(backend.vocabulary, ends)
        self._run: PreparedRun = replace(run, watch=watch)
        self._heads = heads

    @property
    def name(self) -> str:
        """The model's."""
        return self._run.backend.info.name

    def events(self) -> Iterator[Event]:
        """The run's events, as `run` gives them."""
        yield start_event(self._run.settings, self._run.backend.info, new_run_id())
        yield from self._run.events()

    def seen(self, record: RunRecord) -> Seen:
        """What came of it."""
        read = record.prompt.tokens if record.prompt is not None else []
        texts = self._run.backend.vocabulary.labels([each.id for each in read])
        return Seen(record, self._heads, texts, self.unseen)


def _without_attention(settings: RunSettings) -> RunSettings:
    kept = [probe for probe in settings.capture if probe not in _ATTENTION]
    return settings.model_copy(update={"capture": kept})


class CleanStop:
    """Ends a run where its text may end by itself."""

    def __init__(self, vocabulary: Vocabulary, ends: Ending) -> None:
        self._vocabulary = vocabulary
        self._ends = ends
        self._ids: list[int] = []
        self._text = ""

    def __call__(self, generated: Generated) -> FinishReason | None:
        self._ids.append(generated.choice.token_id)
        before, self._text = self._text, self._vocabulary.decode(self._ids)
        if len(self._ids) < self._ends.after:
            return None
        if not self._ends.texts:
            return "stop" if self._text.rstrip().endswith(FULL_STOP) else None
        more = any(self._text.count(each) > before.count(each) for each in self._ends.texts)
        return "stop" if more else None
