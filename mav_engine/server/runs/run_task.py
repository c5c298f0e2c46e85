"""One run on the server: waits for its slot and its model, then computes on its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import anyio
import anyio.to_thread

from mav_engine.config import ServerConfig
from mav_engine.contract.events import Done, Event, FinishReason, ModelInfo, Queued
from mav_engine.errors import Busy, MavError, RunFailed
from mav_engine.faults import refused_for, run_fault
from mav_engine.models.catalog import CatalogEntry
from mav_engine.probes import captured
from mav_engine.probes import names as probe_names
from mav_engine.running.chat_run import PreparedChatRun
from mav_engine.running.prepare import PreparedRun
from mav_engine.running.run import error_event, events_after_start, start_event
from mav_engine.server.http.problems import INTERNAL_ERROR
from mav_engine.server.logs import RUN_ID
from mav_engine.server.runs.byte_budget import ByteBudget
from mav_engine.server.runs.channel import Channel, Encoded
from mav_engine.server.runs.limits import check_prompt
from mav_engine.server.runs.memory import MemoryBudget, RunMemory, run_memory
from mav_engine.server.runs.model_cache import AnyModel, Lease
from mav_engine.server.runs.run_progress import RunProgress
from mav_engine.server.runs.run_queue import RETRY_AFTER_S, Slot
from mav_engine.settings import RunSettings

LOG = logging.getLogger("mav.api")
CHANNEL_CAPACITY = 8
"""Most events that wait for a slow client before its run blocks."""
CHANNEL_BYTES = 1_000_000
"""Most bytes that wait; a single event may be larger."""
BLOCKED_S = 0.5
"""Seconds after which a blocked run gives up its slot."""
LAST_TOKEN_S = 0.5
"""Seconds after which a cancelled run ends before its next token, which may take long."""
LAST_WORDS_S = 5.0
"""Seconds that a client has to receive the end of a stopped run."""

Encode = Callable[[Event], bytes]
Prepared = PreparedRun | PreparedChatRun
OnThread = Callable[[Callable[[], Prepared]], Awaitable[Prepared]]


class ClientTooSlow(RunFailed):
    code = "client_too_slow"
    title = "The client reads too slowly"


class RunTask:
    """One run, from its position in the queue to its last event. Runs on the event loop.

    Its slot and its lease of the model are released when its thread ends, or by `abandon` if no
    thread was started.
    """

    def __init__(
        self,
        settings: RunSettings,
        entry: CatalogEntry,
        config: ServerConfig,
        slot: Slot,
        lease: Lease,
        on_end: Callable[[RunTask], None],
        how: Callable[[RunSettings, AnyModel], Prepared],
        budget: ByteBudget,
        memory: MemoryBudget,
        on_thread: OnThread,
        run_id: str,
    ) -> None:
        self.partner: RunTask | None = None
        """In a comparison, the run that waits for this one's tokens."""
        self.run_id = run_id
        self.record = RunProgress(run_id, entry.name)
        self.reason: FinishReason | None = None
        """Why the run is being stopped, or None."""
        self._settings = settings
        self._entry = entry
        self._config = config
        self._slot = slot
        self._lease = lease
        self._on_end = on_end
        self._how = how
        self._budget = budget
        self._memory = memory
        self._needed: RunMemory | None = None
        self._on_thread = on_thread
        self._failure: MavError | None = None
        """The error with which the run is being ended, or None."""
        self._blocked = False
        """Whether a slow client blocks the run."""
        self._began = time.perf_counter()
        self._prepared: Prepared | None = None
        self._computing = False
        self._encode: Encode | None = None
        """The encoder of the events, once they are computed."""
        self._emitting = threading.Lock()
        """Held while an event is encoded, so that `_end_early` adds none beside it."""
        self._in_flight = False
        """Whether an event is encoded that is not in the channel yet."""
        self._has_ended = False
        """Whether the last event has been encoded."""
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._channel = Channel(self._loop, CHANNEL_CAPACITY, CHANNEL_BYTES)
        self._deadline = self._loop.call_later(config.deadline_s, self.stop, "deadline")
        slot.on_change = self._news.set
        slot.on_evicted = self._evicted
        lease.loading.add_done_callback(lambda _: self._on_loop(self._news.set))

    @property
    def captures(self) -> frozenset[str]:
        """The captured probes."""
        return frozenset(self._settings.capture)

    async def ready(self) -> None:
        """Wait briefly for the model and check the run before the stream starts.

        Raises:
            MavError: the model cannot be loaded, or the settings are invalid for it.
        """
        with anyio.move_on_after(self._config.load_patience_s):
            await self._news_until(self._lease.loading.done)
        if self._lease.loading.done():
            prepared = await self._prepare()
            if self._slot.position == 0:
                self._take_memory(prepared)
        else:
            # On a thread, since this imports plugins.
            await anyio.to_thread.run_sync(self._check_capture)

    def stop(self, reason: FinishReason) -> None:
        """Stop the run with its next token; an earlier reason is kept."""
        if self.reason is None:
            self.reason = reason
            self._news.set()
            after = LAST_TOKEN_S if reason == "cancelled" else LAST_WORDS_S - LAST_TOKEN_S
            self._loop.call_later(after, self._end_early)
            self._loop.call_later(LAST_WORDS_S, self._channel.close)

    @property
    def waits(self) -> bool:
        """Whether its computation has not begun."""
        return not self._computing

    def abandon(self) -> None:
        """Stop the run and release its resources, since the client has disconnected."""
        self.stop("cancelled")
        self._channel.close()
        if not self._computing:
            self._release()

    async def batches(self, encode: Encode) -> AsyncIterator[list[Encoded]]:
        """The events with their encoded bytes: start, queued …, prompt, token …, done or error.

        Events that are ready form one batch.
        """
        try:
            prepared = self._prepared
            settings = self._settings if prepared is None else prepared.settings
            start = start_event(settings, await self._info(), self.run_id)
            started = _encoded(start, encode)
        except Exception:
            yield [self._failed(encode)]
            return
        yield [started]
        async for position in self._queued_at():
            yield [_encoded(Queued(position), encode)]
        if self.reason is not None:
            yield [self._noted(self._done_before_it_began(self.reason), encode)]
            return
        try:
            prepared = self._prepared or await self._prepare()
            self._take_memory(prepared)
            self._start(prepared, encode)
        except Exception as error:
            if not isinstance(error, MavError):
                LOG.exception(
                    "run of %s could not be started",
                    self._entry.name,
                    extra={"run_id": self.run_id},
                )
            yield [self._noted(error_event(run_fault(error, None)), encode)]
            return
        async for batch in self._channel.batches():
            yield batch

    def _take_memory(self, prepared: Prepared) -> None:
        needed = self._needed or run_memory(prepared, self._config.keep_run_bytes)
        self._memory.take(self, needed, self.partner)

    def _start(self, prepared: Prepared, encode: Encode) -> None:
        name = f"run {self.run_id}"
        work = threading.Thread(
            target=self._compute, args=(prepared, encode), name=name, daemon=True
        )
        self._encode = encode
        # Raises if the process cannot start a thread; then nothing runs.
        work.start()
        self._computing = True

    async def _info(self) -> ModelInfo:
        if self._prepared is not None:
            return self._prepared.backend.info
        return await anyio.to_thread.run_sync(self._entry.describe)

    async def _queued_at(self) -> AsyncIterator[int]:
        """The positions in the queue as they change; 0 while the model is being loaded."""
        sent: int | None = None
        while self.reason is None:
            position = self._slot.position
            if position == 0 and self._lease.loading.done():
                return
            if position != sent:
                sent = position
                yield position
            else:
                self._news.clear()
                await self._news.wait()

    async def _prepare(self) -> Prepared:
        backend = self._lease.loading.result()
        try:
            with anyio.fail_after(self._deadline.when() - self._loop.time()):
                prepared = await self._on_thread(partial(self._prepared_for, backend))
        except TimeoutError:
            raise Busy(
                f"The prompt was not tokenized within {self._config.deadline_s:g} seconds: "
                f"the tokenizer of {self._entry.name} is slow or busy. Shorten the prompt, or try "
                "again later.",
                field="messages" if self._settings.messages else "prompt",
                retry_after_s=RETRY_AFTER_S,
            ) from None
        check_prompt(prepared, self._config.max_prompt_tokens)
        self._budget.check_size(prepared)
        self._needed = run_memory(prepared, self._config.keep_run_bytes)
        self._memory.check(prepared, self._needed)
        self._prepared = prepared
        return prepared

    def _prepared_for(self, backend: AnyModel) -> Prepared:
        # SystemExit on this thread must become an exception that the event loop can handle.
        with refused_for("model", f"The model {self._entry.name}"):
            return self._how(self._settings, backend)

    def _check_capture(self) -> None:
        with refused_for("capture", "A probe"):
            captured(self._settings.capture, probe_names(), self._entry.name)

    def _compute(self, prepared: Prepared, encode: Encode) -> None:
        try:
            events = events_after_start(prepared, lambda: self.reason)
            RUN_ID.set(self.run_id)
            self.record.began_at = time.time()
            with contextlib.closing(events):
                for event in events:
                    if not self._emit(event, encode):
                        break
        except BaseException:
            with self._emitting:
                if not self._has_ended:
                    self._has_ended = True
                    self._channel.put(self._failed(encode))
        finally:
            with self._emitting:
                self._has_ended = True
            self._channel.end()
            self._on_loop(self._release)

    def _emit(self, event: Event, encode: Encode) -> bool:
        """Send an event; returns whether the run goes on."""
        with self._emitting:
            if self._has_ended:
                return False
            item = self._noted(event, encode)
            failure = self._failure or self._budget.spend(len(item.data))
            if failure:
                item = self._noted(error_event(failure), encode)
                self._has_ended = True
            self._in_flight = True
        self._send(item)
        self._in_flight = False
        return failure is None

    def _noted(self, event: Event, encode: Encode) -> Encoded:
        self.record.note(event)
        return _encoded(event, encode)

    def _end_early(self) -> None:
        """End a stopped run whose next token takes long; its thread ends with that token.

        The client gets a `resume` token for what it has.
        """
        if self._encode is None or self._prepared is None or self.reason is None:
            return
        with self._emitting:
            # A client that is not reading gets nothing more.
            if self._has_ended or self._in_flight:
                return
            self._has_ended = True
            done = self._done_early(self._prepared, self.reason)
            self._channel.append(self._noted(done, self._encode))
        self._channel.end()

    def _done_early(self, prepared: Prepared, reason: FinishReason) -> Done:
        record = self.record
        written = [*prepared.written, *record.ids]
        elapsed_s = time.time() - (record.began_at or record.queued_at)
        return Done(
            reason,
            text="".join(record.texts),
            tokens=len(record.ids),
            elapsed_ms=1000 * elapsed_s,
            tokens_per_second=None,
            resume=prepared.resume_token(written) if written else None,
        )

    def _failed(self, encode: Encode) -> Encoded:
        """Log the current exception; returns the event that ends the stream."""
        LOG.exception("run of %s failed", self._entry.name, extra={"run_id": self.run_id})
        return self._noted(error_event(internal_error()), encode)

    def _send(self, item: Encoded) -> None:
        blocked = False
        while not self._channel.put(item, BLOCKED_S):
            blocked = True
            self._on_loop(partial(self._set_blocked, True))
        if blocked:
            self._on_loop(partial(self._set_blocked, False))

    def _set_blocked(self, blocked: bool) -> None:
        self._blocked = blocked
        pair = [run for run in (self, self.partner) if run is not None]
        for run in pair:
            # In a comparison both runs wait, one for the other.
            run._slot.set_blocked(any(each._blocked for each in pair))

    def _evicted(self) -> None:
        self._failure = ClientTooSlow(
            "The client reads more slowly than the run generates, and other runs wait for the "
            "model. Read faster, capture less, or try again when fewer runs are active.",
            retry_after_s=RETRY_AFTER_S,
        )
        self._loop.call_later(LAST_WORDS_S, self._channel.close)

    def _release(self) -> None:
        self._deadline.cancel()
        self.record.ended_at = self.record.ended_at or time.time()
        self._memory.give_back(self)
        self._slot.leave()
        self._lease.release()
        self._on_end(self)

    async def _news_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    def _on_loop(self, work: Callable[[], None]) -> None:
        # The loop may be closed if the server has stopped.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work)

    def _done_before_it_began(self, reason: FinishReason) -> Done:
        elapsed_ms = 1000 * (time.perf_counter() - self._began)
        return Done(reason, text="", tokens=0, elapsed_ms=elapsed_ms, tokens_per_second=None)


def internal_error() -> MavError:
    """The error of a run with an unexpected exception."""
    return RunFailed(INTERNAL_ERROR)


def _encoded(event: Event, encode: Encode) -> Encoded:
    return Encoded(event, encode(event))
