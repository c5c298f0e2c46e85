"""`run(settings)`: from settings to events.

Importing this module does not import torch; it is imported where it is used.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Generator, Iterator
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
from mav_engine.generation.resume_token import PROCESS_SEAL, resolve
from mav_engine.probes import probe_infos
from mav_engine.probes.attention_map import PatternMap
from mav_engine.running.chat_run import PreparedChatRun, chat_events
from mav_engine.running.kept_models import chat_model, kept_model
from mav_engine.running.prepare import PreparedRun, prepare_any
from mav_engine.settings import RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.backends.chat_server.chat_model import ChatModel
    from mav_engine.generation.capture import PrefillResult
    from mav_engine.generation.loop import Session
    from mav_engine.probes.prompt_columns import PromptColumns
    from mav_engine.running.event_builder import EventBuilder

_log = logging.getLogger(__name__)

Stop = Callable[[], FinishReason | None]
"""Called at each token; returns why the run ends with this token, or None."""


def never() -> None:
    """A `Stop` that never ends the run."""


def run(
    settings: RunSettings, *, backend: Backend | ChatModel | None = None, stop: Stop = never
) -> Iterator[Event]:
    """Run a model and yield its events: start, prompt, token …, done or error.

    Args:
        settings: what to run; with `resume`, a token of an earlier run of this process.
        backend: a loaded model; where not given, `settings.model` is loaded and kept for the
            next call that names it.
        stop: called at each token, and while a chat server is silent; returns why to end, or
            None.

    Raises:
        MavError: the settings do not fit the model, or it cannot be loaded. Later failures are
            `Error` events.
    """
    resolved, before = resolve(settings, PROCESS_SEAL)
    model = backend or chat_model(resolved.model) or kept_model(resolved.model)
    prepared = prepare_any(resolved, model, before=before)
    return events_of(prepared, stop)


def new_run_id(prefix: str = "") -> str:
    """An id of 32 hexadecimal digits that cannot be guessed: who knows it may watch the run.

    Args:
        prefix: its first digits, at most 12; they may tell which of several servers has the run.
    """
    return prefix + secrets.token_hex(16)[len(prefix) :]


def start_event(settings: RunSettings, info: ModelInfo, run_id: str) -> Start:
    """The first event; `info` may be a description of a model that is not loaded yet."""
    lacking = {} if info.server is None else info.server.not_available
    return Start(
        run_id=run_id,
        model=info,
        settings=settings,
        probes=[each for each in probe_infos(settings.capture) if each.name not in lacking],
        rank_bin_edges=rank_bin_edges(info.vocabulary or 0),
    )


def events_of(prepared: PreparedRun | PreparedChatRun, stop: Stop = never) -> Iterator[Event]:
    """The events of a run, computed on this thread; an exception becomes an `Error` event."""
    yield start_event(prepared.settings, prepared.backend.info, new_run_id())
    yield from events_after_start(prepared, stop)


def events_after_start(
    prepared: PreparedRun | PreparedChatRun, stop: Stop = never
) -> Generator[Prompt | Token | Done | Error, None, None]:
    """The same without the `start` event, which a server sends before the model is loaded."""
    try:
        if isinstance(prepared, PreparedChatRun):
            yield from chat_events(prepared, stop)
        else:
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
    from mav_engine.generation.ending import TokenEnding
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
        _measure_columns(session, builder.columns)
        prefill = _read(prepared, session, builder, stop)
        if prefill is None:
            yield builder.done(began)
            return
        yield builder.prompt(prefill, 1000 * (time.perf_counter() - began))
        builder.fit()
        tokens = generate(
            session,
            sampler,
            prepared.read_ids,
            prefill.step,
            TokenEnding(prepared.stop_ids, prepared.eos_ids, prepared.limit, prepared.forced),
            begin=begin,
        )
        for generated in tokens:
            yield builder.token(generated, prepared.stop_condition(generated) or stop())
            if builder.reason is not None:
                break
        yield builder.done(began)
    finally:
        session.close()


def _measure_columns(session: Session, columns: PromptColumns) -> None:
    # Sessions of plugins need not be able to.
    measure_columns = getattr(session, "measure_columns", None)
    if columns.positions and measure_columns is not None:
        measure_columns(columns.positions, columns.points, columns.measure)


def _read(
    prepared: PreparedRun, session: Session, builder: EventBuilder, stop: Stop
) -> PrefillResult | None:
    """Prefill the prompt and the tokens written before; None where the run is stopped meanwhile.

    In float32 all tokens are prefilled at once. In other dtypes that rounds so differently that
    other tokens could follow, so there the tokens written before are decoded one by one, as they
    were the first time; likewise for models whose keys depend on the length of the text.
    """
    # Backends of plugins need not have it.
    depends_on_length = getattr(prepared.backend, "depends_on_length", False)
    if prepared.backend.info.dtype == "float32" and not depends_on_length:
        return session.prefill(prepared.read_ids)
    prefill = session.prefill(prepared.prompt_ids)
    rows = None if prefill.pattern is None else PatternMap(prefill.pattern, len(prepared.read_ids))
    for token_id in prepared.written:
        if (reason := stop()) is not None:
            builder.stop(reason)
            return None
        prediction = Prediction(prefill.step.logits)
        prefill.logprobs.append(prediction.logprob(token_id))
        prefill.entropies.append(prediction.entropy)
        prefill.step = session.step(token_id)
        position = prefill.step.n_keys - 1
        if position in builder.columns.positions:
            builder.columns.measure(position, prefill.step)
        if rows is not None and prefill.step.pattern is not None:
            rows.append(prefill.step.pattern)
    if rows is not None:
        prefill.pattern = rows.so_far(len(prepared.read_ids))
    return prefill


def error_event(error: MavError) -> Error:
    """The event of an error."""
    return Error(
        code=error.code,
        title=error.title,
        detail=error.detail,
        field=error.field,
        retry_after_s=error.retry_after_s,
    )
