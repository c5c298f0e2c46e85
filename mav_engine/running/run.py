"""`run(settings)`: the one way in, from settings to events.

Torch comes with the first run, not with this module: what would import it is imported where
it is used.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mav_engine.contract.events import (
    Done,
    Error,
    Event,
    FinishReason,
    ModelInfo,
    Prompt,
    Start,
    Token,
)
from mav_engine.errors import MavError
from mav_engine.faults import is_deliberate, refused_for, run_fault
from mav_engine.generation.prediction import Prediction, rank_bin_edges
from mav_engine.generation.resume_token import PROCESS_SEAL, Seal, Unfinished, take_up
from mav_engine.models.folder import canonical
from mav_engine.probes import Plan, Probe, captured, probe_infos
from mav_engine.probes.attention_map import PatternMap
from mav_engine.probes.measuring import check_all
from mav_engine.running.validation import (
    check_embedded,
    check_forced,
    check_same_model,
    eos_ids_of,
    prompt_ids_of,
    stops_of,
)
from mav_engine.settings import RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.generation.capture import PromptReading
    from mav_engine.generation.loop import Generated, Session
    from mav_engine.running.event_builder import Teller

_log = logging.getLogger(__name__)

Watch = Callable[["Generated"], FinishReason | None]
"""Shown each token before it is told: None to go on, or why the run ends with it."""
Stop = Callable[[], FinishReason | None]
"""Asked at each token: None to go on, or why the run ends with this token."""


def _never() -> None:
    return None


def _unseen(_: Generated) -> None:
    return None


def run(
    settings: RunSettings, *, backend: Backend | None = None, stop: Stop = _never
) -> Iterator[Event]:
    """Run a model and yield its events: start, prompt, token …, done or error.

    Args:
        settings: what to run; with `resume`, a token of an earlier run of this process.
        backend: a loaded model; where not given, `settings.model` is loaded and kept for the
            next call that names it.
        stop: asked at each token whether to end.

    Raises:
        MavError: the settings do not fit the model, or it cannot be loaded. What goes wrong
            later comes as an `Error` event.
    """
    taken, before = take_up(settings, PROCESS_SEAL)
    prepared = prepare(taken.resolved(), backend or _loaded(canonical(taken.model)), before=before)
    return _whole(prepared, stop)


def new_run_id() -> str:
    return uuid.uuid4().hex


def start_event(settings: RunSettings, info: ModelInfo, run_id: str) -> Start:
    """The first event; `info` may be a description of a model that is not loaded yet."""
    return Start(
        run_id=run_id,
        model=info,
        settings=settings,
        probes=probe_infos(settings.capture),
        rank_bin_edges=rank_bin_edges(info.vocabulary or 0),
    )


def prepare(
    settings: RunSettings,
    backend: Backend,
    *,
    before: Unfinished | None = None,
    seal: Seal = PROCESS_SEAL,
) -> PreparedRun:
    """Check settings against a loaded model, before anything is computed.

    Args:
        settings: with the seed resolved.
        backend: the loaded model.
        before: the run that this one continues, if it does.
        seal: what signs the resume token.

    Raises:
        ValueError: the seed is not resolved.
        InvalidSettings: a probe, a forced id or a token of the prompt that this model does not
            have, a probe that would have to hold too much, or a tokenizer, chat template or
            plugin that fails.
        ResumeRefused: another model wrote the run that is to be continued.
        PromptTooLong: the prompt leaves no room for a token.
    """
    if settings.seed is None:
        raise ValueError("prepare() takes resolved settings: call settings.resolved()")
    with refused_for("model", f"The model {settings.model}"):
        return _prepared(settings, backend, before, seal)


def _prepared(
    settings: RunSettings, backend: Backend, before: Unfinished | None, seal: Seal
) -> PreparedRun:
    info = backend.info
    with refused_for("capture", "A probe"):
        probes = captured(settings.capture, info.capabilities, info.name)
    check_forced(settings, info)
    stops = stops_of(settings, backend)
    if before is not None:
        check_same_model(before, backend)
    known = None if before is None else before.prompt_ids
    prompt_ids = known or prompt_ids_of(settings, backend)
    limit = settings.max_new_tokens
    if info.context is not None:
        limit = min(limit, info.context - len(prompt_ids))
    written = [] if before is None else before.written
    if before is not None:
        check_embedded([*prompt_ids, *written], backend, "resume")
    plan = Plan(settings, info, len(prompt_ids) + len(written), limit - len(written))
    with refused_for("capture", "A probe"):
        check_all(probes, plan)
    return PreparedRun(
        settings,
        backend,
        probes,
        prompt_ids,
        written,
        limit,
        *stops,
        eos_ids_of(settings, backend),
        seal,
        settings.forced_ids,
    )


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that fits its model and waits to be iterated, once."""

    settings: RunSettings
    backend: Backend
    probes: list[Probe]
    prompt_ids: list[int]
    written: list[int]
    """Ids of the new tokens that the run which this one continues has written."""
    limit: int
    """New tokens at most, those included: what was asked for, or what the context still holds."""
    stop_ids: frozenset[int]
    stop_texts: list[str]
    eos_ids: Collection[int]
    """Ids that end the text."""
    seal: Seal
    forced_ids: Sequence[int]
    """Ids to write first; those of another run may still be on their way."""
    watch: Watch = _unseen

    @property
    def read_ids(self) -> list[int]:
        """All that the model reads before it writes."""
        return self.prompt_ids + self.written

    def resume_token(self, written: list[int]) -> str | None:
        """What continues this run after these new tokens; None where the context is full."""
        context = self.backend.info.context
        if context is not None and len(self.prompt_ids) + len(written) >= context:
            return None
        prompt_ids = None if self.settings.messages is None else self.prompt_ids
        fingerprint = self.backend.fingerprint
        return self.seal.sign(Unfinished(self.settings, fingerprint, written, prompt_ids))

    def events(self, stop: Stop = _never) -> Generator[Prompt | Token | Done | Error, None, None]:
        """Compute the run in the calling thread; what breaks comes as an `Error` event."""
        try:
            yield from self._computed(stop)
            return
        except BaseException as error:
            if is_deliberate(error):
                raise
            info = self.backend.info
            if not isinstance(error, MavError):
                _log.exception("run of %s broke off", info.name)
            last = error_event(run_fault(error, info.device))
        # Told once the exception, and with it all that its frames held, is gone.
        yield last

    def _computed(self, stop: Stop) -> Iterator[Prompt | Token | Done]:
        from mav_engine.generation.loop import generate
        from mav_engine.generation.sampler import Sampler
        from mav_engine.running.event_builder import Teller

        settings, backend = self.settings, self.backend
        began = time.perf_counter()
        needs = frozenset(point for probe in self.probes for point in probe.points(settings))
        begin = len(self.written)
        sampler = Sampler(settings, self.eos_ids, lambda: backend.vocabulary.white_space, begin)
        session = backend.open(needs, len(self.prompt_ids) + self.limit)
        try:
            teller = Teller(self)
            reading = self._read(session, teller, stop)
            if reading is None:
                yield teller.done(began)
                return
            yield teller.prompt(reading, 1000 * (time.perf_counter() - began))
            teller.fit()
            tokens = generate(
                session,
                sampler,
                self.read_ids,
                reading.step,
                forced_ids=self.forced_ids,
                limit=self.limit,
                eos_ids=self.eos_ids,
                begin=begin,
            )
            for generated in tokens:
                yield teller.token(generated, self.watch(generated) or stop())
                if teller.reason is not None:
                    break
            yield teller.done(began)
        finally:
            session.close()

    def _read(self, session: Session, teller: Teller, stop: Stop) -> PromptReading | None:
        """Read the prompt and what was written; None where the run is stopped meanwhile.

        In float32 all is read at once. Coarser numbers round so differently then that other
        tokens could follow: there what was written is read as it was the first time. So it is for
        models whose keys depend on the length of the text when they were read.
        """
        # Backends of plugins need not have it.
        depends_on_length = getattr(self.backend, "depends_on_length", False)
        if self.backend.info.dtype == "float32" and not depends_on_length:
            return session.prefill(self.read_ids)
        reading = session.prefill(self.prompt_ids)
        rows = None if reading.pattern is None else PatternMap(reading.pattern, len(self.read_ids))
        for token_id in self.written:
            teller.reason = stop()
            if teller.reason is not None:
                return None
            prediction = Prediction(reading.step.logits)
            reading.logprobs.append(prediction.logprob(token_id))
            reading.entropies.append(prediction.entropy)
            reading.step = session.step(token_id)
            if rows is not None and reading.step.pattern is not None:
                rows.append(reading.step.pattern)
        if rows is not None:
            reading.pattern = rows.so_far(len(self.read_ids))
        return reading


def error_event(error: MavError) -> Error:
    """The event that tells an error."""
    return Error(
        code=error.code,
        title=error.title,
        detail=error.detail,
        field=error.field,
        retry_after_s=error.retry_after_s,
    )


def _whole(prepared: PreparedRun, stop: Stop) -> Iterator[Event]:
    yield start_event(prepared.settings, prepared.backend.info, new_run_id())
    yield from prepared.events(stop)


@lru_cache(maxsize=1)
def _loaded(model: str) -> Backend:
    from mav_engine.backends import load_backend

    return load_backend(model)
