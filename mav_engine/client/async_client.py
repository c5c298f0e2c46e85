"""The client for programs with an event loop; `client.py` is the same without one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Generic, Self, TypeVar

import anyio
import httpx2
from pydantic import BaseModel

from mav_engine.client.answers import (
    MAX_EVENT_BYTES,
    MAX_PROBLEM_BYTES,
    check_stream,
    compare_event,
    cut_off,
    failure_of,
    lost,
    parsed,
    problem_of,
)
from mav_engine.client.asked import Ask, compare_asked, run_asked
from mav_engine.client.connection import TIMEOUT_S, options_of, request_of, unusable_environment
from mav_engine.client.followed_run import FollowedRun, is_passing
from mav_engine.client.retry import Retry
from mav_engine.compare.events import Compared, CompareEvent
from mav_engine.compare.settings import Mode
from mav_engine.contract.events import Error, Event
from mav_engine.contract.model_list import ModelList
from mav_engine.contract.tokenized import TokenizeResult
from mav_engine.errors import MavError
from mav_engine.settings import RunSettings

E = TypeVar("E")
Body = TypeVar("Body", bound=BaseModel)


class AsyncEvents(Generic[E]):
    """The events of a run or comparison, in order. Closing it ends the run on the server.

    It is closed by the end of an `async with` block or by `aclose()`. A `break` out of a loop does
    not close it at once, so use `async with client.run(…) as events`.
    """

    def __init__(self, events: AsyncIterator[E], close: Callable[[], Awaitable[None]]) -> None:
        self._events = events
        self._close = close

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        return await anext(self._events)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the run with its next token, if it has not ended."""
        await self._close()


class AsyncClient:
    """A MAV server, for asyncio and trio.

    Requests are repeated while the server cannot be reached or is busy (429, 503 with Retry-After),
    as `retry` says. That is safe: a run ends when its client has gone, and changes nothing.

    Args:
        url: the address of the site, such as http://localhost:8000.
        key: its MAV_KEY, if it has one.
        retry: how often, and after which pauses, requests are repeated.
        timeout_s: seconds of silence after which a connection counts as lost; None is unlimited.
        sleep: waits for a number of seconds.

    Raises:
        InvalidSettings: the address or key is invalid.
    """

    def __init__(
        self,
        url: str = "http://localhost:8000",
        key: str | None = None,
        *,
        retry: Retry = Retry(),  # noqa: B008
        timeout_s: float | None = TIMEOUT_S,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        options = options_of(url, key, timeout_s)
        try:
            self._http = httpx2.AsyncClient(**options)
        except (ImportError, ValueError, httpx2.InvalidURL) as error:
            raise unusable_environment(error) from None
        self.url = str(options["base_url"]).rstrip("/")
        """The address of the site."""
        self._retry = retry
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections, which ends runs that have not ended."""
        await self._http.aclose()

    def run(self, settings: RunSettings | None = None, /, **keywords: object) -> AsyncEvents[Event]:
        """Run a model and yield its events: start, queued …, prompt, token …, done.

        The request is sent for the first event. If the connection is lost, or the server's time
        limit ends the run, it is continued, and no token is lost or repeated: the events are those
        of one run.

        Args:
            settings: the settings of the run.
            **keywords: the same as keywords, such as prompt="Once upon a time".

        Raises:
            MavError: a setting is invalid, the run was refused or failed, or the server cannot be
                reached. Errors after the first event are raised by the iterator.
        """
        events = self._run(FollowedRun(run_asked(settings, keywords), self._retry))
        return AsyncEvents(events, events.aclose)

    def compare(
        self,
        a: RunSettings | Mapping[str, object],
        b: RunSettings | Mapping[str, object],
        mode: Mode = "own",
    ) -> AsyncEvents[CompareEvent]:
        """Compare two runs and yield their events and divergences; the last event is `compared`.

        A comparison whose connection is lost cannot be continued.

        Args:
            a: the settings of the first run.
            b: those of the second run.
            mode: own or forced, as in `CompareSettings`.

        Raises:
            MavError: as for `run`.
        """
        events = self._compare(Ask("POST", "/api/compare", compare_asked(a, b, mode)))
        return AsyncEvents(events, events.aclose)

    async def tokenize(self, text: str, model: str | None = None) -> TokenizeResult:
        """The tokens of a text.

        Args:
            text: the text.
            model: the model whose tokenizer it is; by default the server's default model.

        Raises:
            MavError: the request was refused, or the server cannot be reached.
        """
        ask = Ask("POST", "/api/tokenize", {"model": model, "text": text})
        return await self._answer(ask, TokenizeResult)

    async def models(self) -> ModelList:
        """The models of the server, and which is the default.

        Raises:
            MavError: as for `tokenize`.
        """
        return await self._answer(Ask("GET", "/api/models"), ModelList)

    async def _run(self, run: FollowedRun) -> AsyncGenerator[Event, None]:
        while not run.ended:
            try:
                async with self._stream(run.next) as sent:
                    run.begin()
                    async for each in sent:
                        for event in run.receive(each.data, each.id):
                            yield event
                        if run.part_over:
                            break
                    else:
                        raise cut_off(self.url)
            except MavError as error:
                if pause := run.after(error):
                    await self._sleep(pause)

    async def _compare(self, ask: Ask) -> AsyncGenerator[CompareEvent, None]:
        failures, has_begun = 0, False
        while True:
            try:
                async with self._stream(ask) as sent:
                    async for each in sent:
                        event = compare_event(each.data)
                        if isinstance(event, Error):
                            raise failure_of(event)
                        has_begun = True
                        yield event
                        if isinstance(event, Compared):
                            return
                raise cut_off(self.url)
            except MavError as error:
                failures += 1
                await self._pause(error, failures, is_repeatable=not has_begun)

    async def _answer(self, ask: Ask, kind: type[Body]) -> Body:
        failures = 0
        while True:
            try:
                async with self._open(ask, "application/json") as response:
                    await response.aread()
                return parsed(response, kind, self.url)
            except MavError as error:
                failures += 1
                await self._pause(error, failures)

    async def _pause(self, error: MavError, failures: int, *, is_repeatable: bool = True) -> None:
        """Wait before the next attempt, or raise the error."""
        pause = self._retry.pause(failures, error.retry_after_s)
        if pause is None or not is_repeatable or not is_passing(error):
            raise error
        await self._sleep(pause)

    @asynccontextmanager
    async def _stream(self, ask: Ask) -> AsyncIterator[AsyncIterator[httpx2.ServerSentEvent]]:
        async with self._open(ask, "text/event-stream") as response:
            check_stream(response, self.url)
            yield aiter(httpx2.EventSource(response, MAX_EVENT_BYTES))

    @asynccontextmanager
    async def _open(self, ask: Ask, accept: str) -> AsyncIterator[httpx2.Response]:
        """The response to a request, which is a success."""
        try:
            async with self._http.stream(**request_of(ask, accept)) as response:
                if not response.is_success:
                    start = await anext(response.aiter_bytes(MAX_PROBLEM_BYTES), b"")
                    raise problem_of(response, start, self.url)
                yield response
        except httpx2.RequestError as error:
            raise lost(error, self.url) from error
