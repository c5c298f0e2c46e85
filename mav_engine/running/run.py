"""`run(settings)`: from settings to events.

Importing this module does not import torch; what needs it is imported where it is used.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Generator, Iterator
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
from mav_engine.faults import is_deliberate, run_fault
from mav_engine.generation.prediction import Prediction, rank_bin_edges
from mav_engine.generation.resume_token import PROCESS_SEAL, take_up
from mav_engine.models.folder import canonical
from mav_engine.probes import probe_infos
from mav_engine.probes.attention_map import PatternMap
from mav_engine.running.prepare import PreparedRun, prepare
from mav_engine.settings import RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.generation.capture import PromptReading
    from mav_engine.generation.loop import Session
    from mav_engine.running.event_builder import EventBuilder

_log = logging.getLogger(__name__)

Stop = Callable[[], FinishReason | None]
"""Called at each token: why the run ends with this token, or None."""


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


def events_of(
    prepared: PreparedRun, stop: Stop = _never
) -> Generator[Prompt | Token | Done | Error, None, None]:
    """Compute a run in the calling thread; an exception becomes an `Error` event."""
    try:
        yield from _computed(prepared, stop)
        return
    except BaseException as error:
        if is_deliberate(error):
            raise
        info = prepared.backend.info
        if not isinstance(error, MavError):
            _log.exception("run of %s broke off", info.name)
        last = error_event(run_fault(error, info.device))
    # After the exception, and with it all that its frames refer to, is gone.
    yield last


def _computed(prepared: PreparedRun, stop: Stop) -> Iterator[Prompt | Token | Done]:
    from mav_engine.generation.loop import generate
    from mav_engine.generation.sampler import Sampler
    from mav_engine.running.event_builder import EventBuilder

    settings, backend = prepared.settings, prepared.backend
    began = time.perf_counter()
    needs = frozenset(point for probe in prepared.probes for point in probe.points(settings))
    begin = len(prepared.written)
    sampler = Sampler(settings, prepared.eos_ids, lambda: backend.vocabulary.white_space, begin)
    session = backend.open(needs, len(prepared.prompt_ids) + prepared.limit)
    try:
        builder = EventBuilder(prepared)
        reading = _read(prepared, session, builder, stop)
        if reading is None:
            yield builder.done(began)
            return
        yield builder.prompt(reading, 1000 * (time.perf_counter() - began))
        builder.fit()
        tokens = generate(
            session,
            sampler,
            prepared.read_ids,
            reading.step,
            forced_ids=prepared.forced_ids,
            limit=prepared.limit,
            eos_ids=prepared.eos_ids,
            begin=begin,
        )
        for generated in tokens:
            yield builder.token(generated, prepared.watch(generated) or stop())
            if builder.reason is not None:
                break
        yield builder.done(began)
    finally:
        session.close()


def _read(
    prepared: PreparedRun, session: Session, builder: EventBuilder, stop: Stop
) -> PromptReading | None:
    """Prefill the prompt and the tokens written before; None where the run is stopped meanwhile.

    In float32 all tokens are prefilled at once. In other dtypes that rounds so differently that
    other tokens could follow, so there the tokens written before are decoded one by one, as they
    were the first time; likewise for models whose keys depend on the length of the text.
    """
    # Backends of plugins need not have it.
    depends_on_length = getattr(prepared.backend, "depends_on_length", False)
    if prepared.backend.info.dtype == "float32" and not depends_on_length:
        return session.prefill(prepared.read_ids)
    reading = session.prefill(prepared.prompt_ids)
    rows = None if reading.pattern is None else PatternMap(reading.pattern, len(prepared.read_ids))
    for token_id in prepared.written:
        builder.reason = stop()
        if builder.reason is not None:
            return None
        prediction = Prediction(reading.step.logits)
        reading.logprobs.append(prediction.logprob(token_id))
        reading.entropies.append(prediction.entropy)
        reading.step = session.step(token_id)
        if rows is not None and reading.step.pattern is not None:
            rows.append(reading.step.pattern)
    if rows is not None:
        reading.pattern = rows.so_far(len(prepared.read_ids))
    return reading


def error_event(error: MavError) -> Error:
    """The event of an error."""
    return Error(
        code=error.code,
        title=error.title,
        detail=error.detail,
        field=error.field,
        retry_after_s=error.retry_after_s,
    )


def _whole(prepared: PreparedRun, stop: Stop) -> Iterator[Event]:
    yield start_event(prepared.settings, prepared.backend.info, new_run_id())
    yield from events_of(prepared, stop)


@lru_cache(maxsize=1)
def _loaded(model: str) -> Backend:
    from mav_engine.backends import load_backend

    return load_backend(model)
