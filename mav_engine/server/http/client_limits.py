"""How often one client may ask, and how many runs it may have at a time.

Counts are kept in this process, or in Redis for several servers. Programs on this machine have no
limits.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, TypeVar

import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from mav_engine.config import ServerConfig, rates_of
from mav_engine.errors import InvalidSettings
from mav_engine.server.http.client_name import OWN, client_network, client_of
from mav_engine.server.http.key_check import is_open
from mav_engine.server.http.problems import RequestRefused

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.storage import MemoryStorage, RedisStorage

    Store = MemoryStorage | RedisStorage

LOG = logging.getLogger("mav.api")
REDIS_TIMEOUT_S = 1.0
"""Seconds that a request waits for Redis."""
REDIS_AGAIN_S = 10.0
"""Seconds without Redis after it failed."""
RUN_RETRY_S = 5.0
"""Retry-After of a client that has too many runs."""
MARGIN_S = 60
"""Seconds after a run's deadline at which its place is free even if a server died with it."""

Result = TypeVar("Result")


class RateLimited(RequestRefused):
    status: ClassVar[int] = 429
    code = "rate_limited"
    title = "Too many requests"


class TooManyRuns(RequestRefused):
    status: ClassVar[int] = 429
    code = "too_many_runs"
    title = "This client has too many runs"


@dataclass(slots=True)
class _Counting:
    """The library with its stores; imported when the first client from elsewhere comes."""

    rates: list[RateLimitItem]
    memory: MemoryStorage
    redis: RedisStorage | None


class ClientLimits:
    """Limits of each client. Used on one event loop.

    Raises:
        InvalidSettings: a package that they need is not installed.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._rates = rates_of(config.rate_limit)
        self._runs = config.max_client_runs
        self._redis_url = config.redis
        self._run_s = math.ceil(config.deadline_s) + MARGIN_S
        self._counting: _Counting | None = None
        self._redis_at = 0.0
        """When Redis may be asked again."""
        self._releasing: set[asyncio.Task[None]] = set()
        if self._rates or self._runs:
            _check_installed(config)

    async def check_rate(self, client: str) -> None:
        """Count a request.

        Args:
            client: an address or the name of an API key.

        Raises:
            RateLimited: the client has sent too many.
        """
        name = client_network(client)
        if not self._rates or name == OWN:
            return
        for rate in (await self._loaded()).rates:
            wait_s = await self._in_store(partial(_wait_s, rate, name))
            if wait_s is not None:
                raise RateLimited(
                    f"This client has sent {rate.amount} requests within "
                    f"{rate.multiples} {rate.GRANULARITY.name}, the most that are allowed "
                    f"(MAV_RATE_LIMIT). Try again in {wait_s} seconds.",
                    retry_after_s=wait_s,
                )

    async def take_run(self, client: str) -> RunPermit:
        """Take one of the client's places for runs.

        Raises:
            TooManyRuns: all are taken.
        """
        name = client_network(client)
        if not self._runs or name == OWN:
            return RunPermit(None)
        await self._loaded()
        taken = await self._in_store(lambda store: self._place(store, name))
        if taken is None:
            raise TooManyRuns(
                f"This client has {self._runs} unfinished runs, the most that are allowed "
                f"(MAV_MAX_CLIENT_RUNS). Try again in {RUN_RETRY_S:.0f} seconds, or end one.",
                retry_after_s=RUN_RETRY_S,
            )
        store, place = taken
        return RunPermit(lambda: self._release(store, place))

    async def _place(self, store: Store, name: str) -> tuple[Store, str] | None:
        """A free place. Each is a counter of its own, so one that a dead server held expires."""
        for number in range(self._runs):
            place = f"run/{name}/{number}"
            if await store.incr(place, self._run_s) == 1:
                return store, place
        return None

    def _release(self, store: Store, place: str) -> None:
        async def clear() -> None:
            try:
                await store.clear(place)
            except Exception as error:
                self._note_failure(error)

        task = asyncio.get_running_loop().create_task(clear())
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def _loaded(self) -> _Counting:
        if self._counting is None:
            made = await anyio.to_thread.run_sync(self._load)
            self._counting = self._counting or made
        return self._counting

    def _load(self) -> _Counting:
        from limits import parse
        from limits.aio.storage import MemoryStorage, RedisStorage

        redis = None
        if self._redis_url:
            redis = RedisStorage(
                self._redis_url,
                implementation="redispy",
                key_prefix="mav",
                socket_connect_timeout=REDIS_TIMEOUT_S,
                socket_timeout=REDIS_TIMEOUT_S,
            )
        return _Counting([parse(each) for each in self._rates], MemoryStorage(), redis)

    async def _in_store(self, count: Callable[[Store], Awaitable[Result]]) -> Result:
        """Count in Redis; while it cannot be reached, in this process."""
        counting = await self._loaded()
        if counting.redis is not None and time.monotonic() >= self._redis_at:
            try:
                return await count(counting.redis)
            except Exception as error:
                self._note_failure(error)
        return await count(counting.memory)

    def _note_failure(self, error: Exception) -> None:
        self._redis_at = time.monotonic() + REDIS_AGAIN_S
        LOG.warning(
            "Redis (MAV_REDIS) cannot be reached (%s); until it can, this server counts its "
            "clients by itself.",
            type(error).__name__,
        )


class RunPermit:
    """A client's place for one request's runs. The place is free when the last holder drops it."""

    def __init__(self, release: Callable[[], None] | None) -> None:
        self._release = release
        self._holders = 1

    def hold(self) -> None:
        """Add a holder."""
        self._holders += 1

    def drop(self) -> None:
        """Remove a holder."""
        self._holders -= 1
        if self._holders == 0 and self._release is not None:
            self._release()


class RateCheck:
    """Middleware for the API; health checks and streamed trainings are not counted.

    Raises:
        RateLimited: the client has sent too many requests.
    """

    def __init__(self, app: ASGIApp, limits: ClientLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise."""
        if scope["type"] == "http" and not is_open(scope):
            await self._limits.check_rate(client_of(scope))
        await self._app(scope, receive, send)


async def _wait_s(rate: RateLimitItem, name: str, store: Store) -> int | None:
    """None if a request is allowed, else the seconds after which one is."""
    from limits.aio.strategies import SlidingWindowCounterRateLimiter

    limiter = SlidingWindowCounterRateLimiter(store)
    if await limiter.hit(rate, name):
        return None
    stats = await limiter.get_window_stats(rate, name)
    return max(1, math.ceil(stats.reset_time - time.time()))


def _check_installed(config: ServerConfig) -> None:
    needed = {"limits": "limits", **({"redis": "mav-engine[redis]"} if config.redis else {})}
    for package, name in needed.items():
        if find_spec(package) is None:
            setting = "MAV_REDIS" if package == "redis" else "MAV_RATE_LIMIT"
            raise InvalidSettings(
                f"{setting} needs a package that is not installed: pip install '{name}'. "
                "MAV_RATE_LIMIT=0 and MAV_MAX_CLIENT_RUNS=0 are no limits.",
                field=setting,
            )
