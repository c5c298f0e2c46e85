"""`python -m bench.scaling`: what many watchers and runs need, and what they cost a month.

Queueing arithmetic over measured service times: of the server from `bench.concurrency`, of
watchers from `bench.watchers`. Everything else is an assumption, named below. docs/scaling.md has
the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.results import load

WATCHERS = 10_000
"""Of all runs, the clients that start them included."""
RUNS = 1_000
"""At the same time."""
PACE = 5.0
"""Tokens per second of each run: somewhat faster than people read."""
TOKENS = 64
"""Tokens of a run: the default of max_new_tokens."""
UTILISATION = 0.7
"""Share of the processors that is planned for."""
PEAK_HOURS = 2 * 30
"""Hours a month at this load."""
IDLE_CORES = 4
"""Cores that stay up the rest of the time: two engines, and gateways beside them."""
MONTH_HOURS = 730

Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Platform:
    """The prices of a platform: assumptions with their source."""

    name: str
    vcpu_hour: float
    """Price of a virtual processor (half a core) for an hour."""
    traffic: tuple[tuple[float, float], ...]
    """Price of a gigabyte to the internet, below so many terabytes a month."""
    currency: str
    source: str


PLATFORMS = (
    Platform(
        "AWS EC2, us-east-1",
        0.096 / 2,
        ((10, 0.09), (50, 0.085), (150, 0.07), (math.inf, 0.05)),
        "$",
        "m5.large on demand: go-cloud.io/ec2-instance-costs; traffic: "
        "cloudcalcep.com/guides/egress-costs-guide.html (January 2026)",
    ),
    Platform(
        "Google Compute Engine, us-central1",
        0.0971 / 2,
        ((10, 0.12), (50, 0.11), (math.inf, 0.08)),
        "$",
        "n2-standard-2 on demand: assumed, without a source; traffic of the premium "
        "tier: dev.to, “The hidden tax on your cloud bill” (2025)",
    ),
    Platform(
        "Hetzner Cloud, dedicated vCPUs",
        0.012,
        ((20, 0.0), (math.inf, 0.001)),
        "€",
        "both assumed, without a source; 20 TB are included with each server, and counted here "
        "once",
    ),
)
"""Read on 29 November 2026."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Service times."""

    tokens_a_core: float
    """Tokens per second that one core generates and sends to the client of each run."""
    event_us: float
    """Processor time to send one event, alone, to one further watcher."""
    event_bytes: float
    watcher_kb: float
    """Memory of one watcher."""

    @classmethod
    def saved(cls) -> Measured:
        """The results in docs/figures."""
        server = load("concurrency")
        many, alone = load("watchers")["costs"][:2]
        return cls(
            tokens_a_core=server["server"]["all"] / server["measured"]["threads"],
            event_us=alone["cpu_us"],
            event_bytes=alone["event_bytes"],
            watcher_kb=many["memory_kb"],
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What the load needs."""

    measured: Measured

    @property
    def token_cores(self) -> float:
        """Busy cores for the runs, each with one client."""
        return RUNS * PACE / self.measured.tokens_a_core

    @property
    def watcher_cores(self) -> float:
        """Busy cores for the other watchers."""
        return (WATCHERS - RUNS) * PACE * self.measured.event_us / 1e6

    @property
    def cores(self) -> int:
        """Cores to have."""
        return math.ceil((self.token_cores + self.watcher_cores) / UTILISATION)

    @property
    def bytes_a_second(self) -> float:
        """To all watchers."""
        return WATCHERS * PACE * self.measured.event_bytes

    @property
    def memory_mb(self) -> float:
        """Kept events and watchers, without the models."""
        kept = RUNS * TOKENS * self.measured.event_bytes
        return (kept + 1000 * WATCHERS * self.measured.watcher_kb) / 1e6

    @property
    def watchers_an_engine(self) -> int:
        """Most watchers of a single run, which one process on one core has."""
        return int(UTILISATION * 1e6 / (PACE * self.measured.event_us))


def waiting(slots: int, load_erlangs: float, service_s: float) -> tuple[float, float]:
    """The share of runs that wait for a slot, and the mean wait of all in seconds.

    Erlang's C formula: runs arrive at random, slots are shared, and nobody leaves the queue.
    """
    if slots <= load_erlangs:
        return 1.0, math.inf
    blocked = 1.0
    for count in range(1, slots + 1):
        blocked = load_erlangs * blocked / (count + load_erlangs * blocked)
    waits = blocked / (1 - load_erlangs / slots * (1 - blocked))
    return waits, waits * service_s / (slots - load_erlangs)


def assumed() -> str:
    """The load, in a sentence."""
    return (
        f"Assumptions: {RUNS:,} runs of `mav-tiny` are active at once, each writes {TOKENS} tokens "
        f"at {PACE:g} tokens a second, and each is watched by {WATCHERS // RUNS} clients."
    )


def shared() -> tuple[Sequence[str], Rows]:
    """What is done once for a run, and what for each watcher."""
    plan = Plan(Measured.saved())
    measured = plan.measured
    return ("work", "done once for", "cost"), [
        ("a forward pass, its measurements and their encoding, and the stream of one client",
         "a token of a run", f"{1e6 / measured.tokens_a_core:,.0f} µs of a core"),
        ("kept events", "a run", f"{TOKENS * measured.event_bytes / 1000:,.0f} kB"),
        ("sending the encoded bytes", "a token of a watcher",
         f"{measured.event_us:,.0f} µs of a core, {measured.event_bytes / 1000:.1f} kB"),
        ("a connection and its buffers", "a watcher", f"{measured.watcher_kb:,.0f} kB"),
    ]  # fmt: skip


def needs() -> tuple[Sequence[str], Rows]:
    """What the load needs at its peak."""
    plan = Plan(Measured.saved())
    return ("resource", "needed"), [
        ("busy cores for runs", f"{plan.token_cores:.1f}"),
        ("busy cores for their other watchers", f"{plan.watcher_cores:.1f}"),
        (f"cores at {UTILISATION:.0%} use", f"{plan.cores}"),
        ("network", f"{8 * plan.bytes_a_second / 1e9:.1f} Gbit/s"),
        ("memory besides the models", f"{plan.memory_mb / 1000:.1f} GB"),
        ("most watchers of a single run", f"{plan.watchers_an_engine:,}"),
    ]


def waits() -> tuple[Sequence[str], Rows]:
    """How long runs wait, by the slots of all engines."""
    plan = Plan(Measured.saved())
    service_s = TOKENS / PACE
    rows: Rows = []
    for more in (0.01, 0.03, 0.05, 0.1):
        slots = math.ceil(RUNS * (1 + more))
        share, mean_s = waiting(slots, RUNS, service_s)
        rows.append((f"{slots:,}", f"{math.ceil(slots / plan.cores)}", f"{share:.1%}",
                     f"{1000 * mean_s:,.0f} ms"))  # fmt: skip
    return ("slots of all engines", "`MAV_MAX_RUNS` of each", "runs that wait", "mean wait"), rows


def costs() -> tuple[Sequence[str], Rows]:
    """A month on each platform."""
    plan = Plan(Measured.saved())
    vcpu_hours = 2 * (plan.cores * PEAK_HOURS + IDLE_CORES * (MONTH_HOURS - PEAK_HOURS))
    terabytes = plan.bytes_a_second * PEAK_HOURS * 3600 / 1e12
    rows: Rows = []
    for each in PLATFORMS:
        computing = vcpu_hours * each.vcpu_hour
        traffic = _traffic(terabytes, each.traffic)
        prices = (computing, traffic, computing + traffic)
        rows.append((each.name, *(f"{each.currency}{price:,.0f}" for price in prices), each.source))
    traffic_title = f"traffic, {terabytes:,.0f} TB"
    return ("platform", "processors", traffic_title, "a month", "prices: assumptions from"), rows


def _traffic(terabytes: float, tiers: tuple[tuple[float, float], ...]) -> float:
    price, below = 0.0, 0.0
    for limit, gigabyte in tiers:
        price += 1000 * gigabyte * max(0.0, min(terabytes, limit) - below)
        below = limit
    return price


def bottleneck() -> str:
    """What is short first, in a sentence."""
    plan = Plan(Measured.saved())
    sending, running = plan.watcher_cores, plan.token_cores
    first = "sending to watchers" if sending > running else "generating"
    return (
        f"The first bottleneck is {first}: {max(sending, running):.1f} busy cores against "
        f"{min(sending, running):.1f}. The largest cost is the traffic, which "
        f"{WATCHERS // RUNS} watchers of each run multiply by {WATCHERS // RUNS}."
    )


if __name__ == "__main__":
    print(assumed())
    for head, rows in (shared(), needs(), waits(), costs()):
        table = Table(*head)
        for row in rows:
            table.add_row(*row)
        Console().print(table)
    print(bottleneck())
