"""How much the events of a run, and of all runs of a client, may be.

A request of a few hundred bytes can ask for gigabytes. Bytes are counted as they are encoded,
before they are compressed.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from mav_engine.addresses import ip_address
from mav_engine.errors import InvalidSettings, MavError, RunFailed
from mav_engine.probes.attention_map import due_maps
from mav_engine.running.prepare import PreparedRun
from mav_engine.server.http.problems import RequestRefused

PERIOD_S = 3600.0
"""Seconds in which a client's budget is filled up again."""
CLIENTS = 10_000
"""Clients that are remembered; the ones seen longest ago are forgotten first."""
_OWN = "127.0.0.1"
"""Stands for every loopback address: the operator's own programs have no budget."""
_BASE64 = 4 / 3


class RunTooLarge(RunFailed):
    code = "run_too_large"
    title = "The run sends too much"


class ClientBudgetSpent(RequestRefused):
    status = 429
    code = "client_budget_spent"
    title = "This client has received too much"


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class ClientBudgets:
    """A token bucket of bytes for each client address. Safe to use from any thread.

    Args:
        limit: bytes an hour for each client; 0 is no limit.
        clock: seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, client: str, size: int) -> ClientBudgetSpent | None:
        """Take bytes from a client's budget; returns the error to send if nothing was left.

        Args:
            client: an IP address, or any other name; of IPv6 the network of 64 bits counts. This
                machine's own address has no limit.
            size: bytes; 0 only asks.
        """
        if self._limit == 0:
            return None
        client = _network(client)
        if client == _OWN:
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
                # The last run may overdraw it by one event, which the next one has to wait for.
                bucket.left -= size
                return None
        # Until a tenth is there again, so that a run gets somewhere.
        wait_s = math.ceil((self._limit / 10 - left) * PERIOD_S / self._limit)
        return ClientBudgetSpent(
            f"This client has received the {self._limit} bytes of events that it may receive in "
            f"an hour (MAV_MAX_CLIENT_BYTES). Try again in {wait_s} seconds, and capture less: "
            "attention_map, attention_rows and tiles are the largest.",
            retry_after_s=wait_s,
        )


class ByteBudget:
    """What one request may still send: a run, or both runs of a comparison.

    Args:
        limit: bytes of one run.
        clients: the budgets of all clients.
        client: the address of this one.
    """

    def __init__(self, limit: int, clients: ClientBudgets, client: str) -> None:
        self._limit = limit
        self._clients = clients
        self._client = client
        self._sent = 0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Refuse the request of a client that has nothing left.

        Raises:
            ClientBudgetSpent: with the time to wait.
        """
        if error := self._clients.spend(self._client, 0):
            raise error

    def check_size(self, prepared: PreparedRun) -> None:
        """Refuse a run whose attention maps alone could pass the limit.

        Raises:
            InvalidSettings: in the field attn_every, or capture.
        """
        size = _size_of_maps(prepared)
        if size > self._limit:
            every = prepared.settings.attn_every
            raise InvalidSettings(
                f"The attention maps of this run could have {size:,} bytes, but this server sends "
                f"at most {self._limit:,} in a run (MAV_MAX_RUN_BYTES). Raise attn_every (it is "
                f"{every}; 0 sends the prompt's map alone), lower max_new_tokens, or capture "
                "attention_rows instead of attention_map.",
                field="attn_every" if every else "capture",
            )

    def spend(self, size: int) -> MavError | None:
        """Count an event that is about to be sent; why it must not be, where it must not."""
        with self._lock:
            self._sent += size
            sent = self._sent
        if sent > self._limit:
            return RunTooLarge(
                f"The events of this run pass the {self._limit:,} bytes that this server sends in "
                "a run (MAV_MAX_RUN_BYTES). Capture less (attention_map, attention_rows and tiles "
                "are the largest), lower top_n, or ask for fewer tokens."
            )
        return self._clients.spend(self._client, size)


def _size_of_maps(prepared: PreparedRun) -> int:
    """Bytes of all attention maps of a run that ends by its length, as they are sent."""
    settings, info = prepared.settings, prepared.backend.info
    if "attention_map" not in settings.capture or not info.layers or not info.heads:
        return 0
    read = len(prepared.read_ids)
    new = prepared.limit - len(prepared.written)
    lengths = (read, *(read + index for index in due_maps(new, settings.attn_every)))
    numbers = info.layers * info.heads * sum(length**2 for length in lengths)
    return math.ceil(numbers * _BASE64)


def _network(client: str) -> str:
    address = ip_address(client)
    if address is None:
        return client
    if address.is_loopback:
        return _OWN
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)
