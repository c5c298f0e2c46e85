"""Limits on the bytes of one run, and of all runs of a client.

A request of a few hundred bytes can ask for gigabytes. Encoded bytes are counted before
compression.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from mav_engine.errors import InvalidSettings, MavError, RunFailed
from mav_engine.probes.attention_map import due_maps
from mav_engine.running.chat_run import PreparedChatRun
from mav_engine.running.prepare import PreparedRun
from mav_engine.server.http.client_name import OWN, client_network
from mav_engine.server.http.problems import RequestRefused

PERIOD_S = 3600.0
"""Seconds in which a client's budget is refilled."""
CLIENTS = 10_000
"""Most clients that are tracked; the least recently seen are dropped first."""
_BASE64 = 4 / 3


class RunTooLarge(RunFailed):
    code = "run_too_large"
    title = "The run is too large"


class ClientBudgetSpent(RequestRefused):
    status = 429
    code = "client_budget_spent"
    title = "The client's budget is used up"


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class ClientBudgets:
    """A token bucket of bytes for each client address. Safe to use from any thread.

    Args:
        limit: bytes per hour for each client; 0 is no limit.
        clock: returns seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, client: str, size: int) -> ClientBudgetSpent | None:
        """Take bytes from a client's budget; returns the error to send if it is used up.

        Args:
            client: an IP address (of IPv6 the /64 network counts) or another name. Loopback
                addresses have no limit.
            size: bytes; 0 only checks.
        """
        if self._limit == 0:
            return None
        client = client_network(client)
        if client == OWN:
            return None
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(client, _Bucket(self._limit, now))
            self._buckets.move_to_end(client)
            while len(self._buckets) > CLIENTS:
                self._buckets.popitem(last=False)
            gained = (now - bucket.at) * self._limit / PERIOD_S
            bucket.left, bucket.at = min(bucket.left + gained, self._limit), now
            left = bucket.left
            if left > 0:
                # A run may overdraw the budget by one event, for which the next run waits.
                bucket.left -= size
                return None
        # Wait until a tenth is refilled, so that a run can make progress.
        wait_s = math.ceil((self._limit / 10 - left) * PERIOD_S / self._limit)
        return ClientBudgetSpent(
            f"This client has received {self._limit} bytes of events, the most that are allowed in "
            f"an hour (MAV_MAX_CLIENT_BYTES). Try again in {wait_s} seconds, and capture less: "
            "attention_map, attention_rows and tiles are the largest.",
            retry_after_s=wait_s,
        )


class ByteBudget:
    """The remaining bytes of one request: a run, or both runs of a comparison.

    Args:
        limit: most bytes of one run.
        clients: the budgets of all clients.
        client: address of this client.
    """

    def __init__(self, limit: int, clients: ClientBudgets, client: str) -> None:
        self._limit = limit
        self._clients = clients
        self._client = client
        self._sent = 0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Check that the client's budget is not used up.

        Raises:
            ClientBudgetSpent: it is; the error has the time to wait.
        """
        if error := self._clients.spend(self._client, 0):
            raise error

    def check_size(self, prepared: PreparedRun | PreparedChatRun) -> None:
        """Check that the attention maps of a run fit the limit.

        Raises:
            InvalidSettings: they may not (field attn_every or capture).
        """
        size = _size_of_maps(prepared)
        if size > self._limit:
            every = prepared.settings.attn_every
            raise InvalidSettings(
                f"The attention maps of this run could have {size:,} bytes, but this server sends "
                f"at most {self._limit:,} per run (MAV_MAX_RUN_BYTES). Raise attn_every (it is "
                f"{every}; 0 sends only the prompt's map), lower max_new_tokens, or capture "
                "attention_rows instead of attention_map.",
                field="attn_every" if every else "capture",
            )

    def spend(self, size: int) -> MavError | None:
        """Count an event before it is sent; returns the error to send instead, or None."""
        with self._lock:
            self._sent += size
            sent = self._sent
        if sent > self._limit:
            return RunTooLarge(
                f"The events of this run exceed {self._limit:,} bytes, the most that this server "
                "sends per run (MAV_MAX_RUN_BYTES). Capture less (attention_map, attention_rows "
                "and tiles are the largest), lower top_n, or ask for fewer tokens."
            )
        return self._clients.spend(self._client, size)


def _size_of_maps(prepared: PreparedRun | PreparedChatRun) -> int:
    """Encoded bytes of all attention maps of a run of maximum length."""
    settings, info = prepared.settings, prepared.backend.info
    if isinstance(prepared, PreparedChatRun):
        return 0
    if "attention_map" not in settings.capture or not info.layers or not info.heads:
        return 0
    read = len(prepared.read_ids)
    new = prepared.limit - len(prepared.written)
    lengths = (read, *(read + index for index in due_maps(new, settings.attn_every)))
    numbers = info.layers * info.heads * sum(length**2 for length in lengths)
    return math.ceil(numbers * _BASE64)
