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

from mav_engine.errors import InvalidSettings, MavError, PromptTooLong, RunFailed
from mav_engine.events import Done, Error, Event, FinishReason, ModelInfo, Prompt, Start, Token
from mav_engine.prediction import rank_bin_edges
from mav_engine.probes import Plan, Probe, captured, probe_infos
from mav_engine.probes.measuring import check_all
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
        settings: what to run.
        backend: a loaded model; where not given, `settings.model` is loaded and kept for the
            next call that names it.
        stop: asked at each token whether to end.

    Raises:
        MavError: the settings do not fit the model, or it cannot be loaded. What goes wrong
            later comes as an `Error` event.
    """
    prepared = prepare(settings.resolved(), backend or _loaded(settings.model))
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


def prepare(settings: RunSettings, backend: Backend) -> PreparedRun:
    """Check settings against a loaded model, before anything is computed.

    Raises:
        ValueError: the seed is not resolved.
        InvalidSettings: a probe, forced id or stop token that this model does not know, or a
            probe that would have to hold too much.
        PromptTooLong: the prompt leaves no room for a token.
    """
    if settings.seed is None:
        raise ValueError("prepare() takes resolved settings: call settings.resolved()")
    info = backend.info
    probes = captured(settings.capture, info.capabilities, info.name)
    _check_forced(settings, info)
    stop_ids, stop_texts = _stops(settings, backend)
    prompt_ids = _prompt_ids(settings, backend)
    limit = settings.max_new_tokens
    if info.context is not None:
        limit = min(limit, info.context - len(prompt_ids))
    check_all(probes, Plan(settings, info, len(prompt_ids), limit))
    return PreparedRun(settings, backend, probes, prompt_ids, limit, stop_ids, stop_texts)


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that fits its model and waits to be iterated, once."""

    settings: RunSettings
    backend: Backend
    probes: list[Probe]
    prompt_ids: list[int]
    limit: int
    """New tokens at most: what was asked for, or what the context still holds."""
    stop_ids: frozenset[int]
    stop_texts: list[str]

    def events(self, stop: Stop = _never) -> Iterator[Prompt | Token | Done | Error]:
        """Compute the run in the calling thread; what breaks comes as an `Error` event."""
        try:
            yield from self._computed(stop)
        except MavError as error:
            yield error_event(error)
        except Exception as error:
            _log.exception("run of %s broke off", self.backend.info.name)
            yield error_event(RunFailed(f"The model failed with {type(error).__name__}: {error}"))

    def _computed(self, stop: Stop) -> Iterator[Prompt | Token | Done]:
        from mav_engine.generation import generate
        from mav_engine.sampling import Sampler
        from mav_engine.telling import Teller

        settings, backend = self.settings, self.backend
        began = time.perf_counter()
        needs = frozenset(point for probe in self.probes for point in probe.points(settings))
        sampler = Sampler(settings, backend.eos_ids, lambda: backend.vocabulary.white_space)
        session = backend.open(needs, len(self.prompt_ids) + self.limit)
        try:
            reading = session.prefill(self.prompt_ids)
            read = time.perf_counter()
            teller = Teller(self)
            yield teller.prompt(reading, 1000 * (read - began))
            teller.fit()
            tokens = generate(
                session,
                sampler,
                self.prompt_ids,
                reading.step,
                forced_ids=settings.forced_ids,
                limit=self.limit,
                eos_ids=backend.eos_ids,
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
    return ids, [text for text in settings.stop if text not in special]


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
