"""`run(settings)`: the one way in, from settings to events.

Torch comes with the first run, not with this module: what would import it is imported where
it is used.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mav_engine.chat import TURN_STARTS
from mav_engine.errors import InvalidSettings, MavError, PromptTooLong, ResumeRefused
from mav_engine.events import Done, Error, Event, FinishReason, ModelInfo, Prompt, Start, Token
from mav_engine.faults import run_fault
from mav_engine.prediction import rank_bin_edges
from mav_engine.probes import captured, probe_infos
from mav_engine.probes.base import Probe
from mav_engine.resume import PROCESS_SEAL, Seal, Unfinished, take_up
from mav_engine.settings import RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend

_SPECIAL_LOOK = re.compile(r"^<\|.*\|>$", re.DOTALL)
_log = logging.getLogger(__name__)

Stop = Callable[[], FinishReason | None]
"""Asked at each token: None to go on, or why the run ends with this token."""


def _never() -> None:
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
    prepared = prepare(taken.resolved(), backend or _loaded(taken.model), before=before)
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
        InvalidSettings: a probe, forced id or stop token that this model does not know.
        ResumeRefused: another model wrote the run that is to be continued.
        PromptTooLong: the prompt leaves no room for a token.
    """
    if settings.seed is None:
        raise ValueError("prepare() takes resolved settings: call settings.resolved()")
    info = backend.info
    probes = captured(settings.capture, info.capabilities, info.name)
    _check_forced(settings, info)
    stop_ids, stop_texts = _stops(settings, backend)
    if before is not None:
        _check_same_model(before, backend)
    known = None if before is None else before.prompt_ids
    prompt_ids = known or _prompt_ids(settings, backend)
    limit = settings.max_new_tokens
    if info.context is not None:
        limit = min(limit, info.context - len(prompt_ids))
    written = [] if before is None else before.written
    return PreparedRun(
        settings, backend, probes, prompt_ids, written, limit, stop_ids, stop_texts, seal
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
    seal: Seal

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

    def events(self, stop: Stop = _never) -> Iterator[Prompt | Token | Done | Error]:
        """Compute the run in the calling thread; what breaks comes as an `Error` event."""
        try:
            yield from self._computed(stop)
            return
        except Exception as error:
            info = self.backend.info
            if not isinstance(error, MavError):
                _log.exception("run of %s broke off", info.name)
            last = error_event(run_fault(error, info.device))
        # Told once the exception, and with it all that its frames held, is gone.
        yield last

    def _computed(self, stop: Stop) -> Iterator[Prompt | Token | Done]:
        from mav_engine.generation import generate
        from mav_engine.sampling import Sampler
        from mav_engine.telling import Teller

        settings, backend = self.settings, self.backend
        began = time.perf_counter()
        needs = frozenset(point for probe in self.probes for point in probe.needs)
        begin = len(self.written)
        sampler = Sampler(settings, backend.eos_ids, lambda: backend.vocabulary.white_space, begin)
        session = backend.open(needs, len(self.prompt_ids) + self.limit)
        try:
            reading = session.prefill(self.read_ids)
            read = time.perf_counter()
            teller = Teller(self)
            yield teller.prompt(reading, 1000 * (read - began))
            tokens = generate(
                session,
                sampler,
                self.read_ids,
                reading.step,
                forced_ids=settings.forced_ids,
                limit=self.limit,
                eos_ids=backend.eos_ids,
                begin=begin,
            )
            for generated in tokens:
                yield teller.token(generated, stop())
                if teller.reason is not None:
                    break
            yield teller.done(began)
        finally:
            session.close()


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


def _check_same_model(before: Unfinished, backend: Backend) -> None:
    if before.fingerprint != backend.fingerprint:
        raise ResumeRefused(
            f"resume continues a run of another model than this {backend.info.name}: its weights, "
            "tokenizer or number type have changed. Start a new run.",
            field="resume",
        )


def _check_forced(settings: RunSettings, info: ModelInfo) -> None:
    vocabulary = info.vocabulary or 0
    for place, token_id in enumerate(settings.forced_ids):
        if token_id >= vocabulary:
            raise InvalidSettings(
                f"forced_ids[{place}] is {token_id}, but {info.name} has the ids 0 to "
                f"{vocabulary - 1}.",
                field="forced_ids",
            )


def _stops(settings: RunSettings, backend: Backend) -> tuple[frozenset[int], list[str]]:
    """Special tokens stop by their id, since their text is not shown; all others by text."""
    special = backend.vocabulary.special
    for text in settings.stop:
        if _SPECIAL_LOOK.match(text) and text not in special:
            known = ", ".join(special) or "none"
            raise InvalidSettings(
                f"stop names the token {text}, which {backend.info.name} does not have. Its "
                f"special tokens: {known}.",
                field="stop",
            )
    ids = frozenset(special[text] for text in settings.stop if text in special)
    plain = settings.messages is not None and not backend.info.chat_template
    turns = TURN_STARTS if plain else ()
    return ids, [*(text for text in settings.stop if text not in special), *turns]


def _prompt_ids(settings: RunSettings, backend: Backend) -> list[int]:
    if settings.messages is not None:
        field, ids = "messages", backend.encode_messages(settings.messages)
    else:
        field, ids = "prompt", backend.encode_prompt(settings.prompt or "")
    if not ids:
        raise InvalidSettings(
            f"{backend.info.name} finds no token in the {field}; give it some text.", field=field
        )
    context = backend.info.context
    needed = len(ids) + max(1, len(settings.forced_ids))
    if context is not None and needed > context:
        forced = f" and {len(settings.forced_ids)} forced" if settings.forced_ids else ""
        raise PromptTooLong(
            f"The {field} has {len(ids)} tokens{forced}, but the context of "
            f"{backend.info.name} holds {context}, of which one must be left for the answer. "
            f"Shorten it by at least {needed - context} tokens.",
            field=field,
        )
    return ids
