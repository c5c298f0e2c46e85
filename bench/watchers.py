"""`python -m bench.watchers`: what it costs that many clients watch one run.

A server in a process of its own generates one run of the embedded model, which clients here watch.
The costs are differences in the processor time and in the memory of the server between one watcher
and many. Each watcher must receive the same bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.table import Table

from bench import results
from bench.clients import served
from bench.streams import JSON, body_of, requested

PROMPT = "Once upon a time"
GZIP = "Accept-Encoding: gzip\r\n"
MANY, FEW = 500, 25
CASES: tuple[tuple[str, dict[str, object], str, int], ...] = (
    ("the five default measurements", {}, "", MANY),
    ("the same, few watchers: events are sent nearly one by one", {}, "", FEW),
    ("attention rows added", {"capture": ["attention_rows"]}, "", MANY),
    ("attention rows added, gzip", {"capture": ["attention_rows"]}, GZIP, MANY),
)
"""Title, settings, headers and number of watchers. The second one is that of `alone`."""


@dataclass(frozen=True, slots=True)
class Received:
    """What one watcher received."""

    digest: str
    """SHA-256 of its events."""
    events: int
    """Number of events."""
    size: int
    """Bytes of the body as it was sent."""
    chunks: int
    """Parts in which it was sent; events that are ready together are sent together."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One run and its watchers."""

    received: list[Received]
    seconds: float
    """From the start of the run until the last watcher had all of it."""


async def watch(port: int, settings: dict[str, object], watchers: int, head: str = "") -> Watched:
    """Start a run and watch it.

    Args:
        port: the server's.
        settings: of the run.
        watchers: number of watchers, the client that starts the run included.
        head: further headers of the other watchers, each with its line break.

    Raises:
        RuntimeError: the server refuses a watcher.
    """
    began = time.perf_counter()
    body = json.dumps({"prompt": PROMPT, **settings})
    first = await requested(port, "POST /api/run", JSON, body)
    beginning = await first.reader.readuntil(b'"run_id":"')
    run_id = (await first.reader.readuntil(b'"'))[:-1]
    path = f"GET /api/runs/{run_id.decode()}/events"
    others = [asyncio.create_task(_watcher(port, path, head)) for _ in range(watchers - 1)]
    whole = _received(beginning + run_id + b'"' + await first.reader.read())
    first.writer.close()
    received = [whole, *[await each for each in others]]
    return Watched(received, time.perf_counter() - began)


async def _watcher(port: int, path: str, head: str) -> Received:
    connection = await requested(port, path, head)
    answer = await connection.reader.read()
    connection.writer.close()
    return _received(answer)


def _received(answer: bytes) -> Received:
    body = body_of(answer)
    digest = hashlib.sha256(body.events).hexdigest()
    return Received(digest, body.events.count(b"\ndata: "), body.size, body.chunks)


@dataclass(frozen=True, slots=True)
class Cost:
    """Many watchers of one run; processor time and memory are those of the server."""

    title: str
    watchers: int
    tokens: int
    seconds: float
    """Until the last watcher had the whole run."""
    event_bytes: int
    """Bytes of one event, as they are sent to one watcher."""
    cpu_us: float
    """Processor time for one event of one further watcher, in microseconds."""
    events_a_part: float
    """Events that are sent together, since they were ready together."""
    memory_kb: float
    """Memory for one further watcher, in 1000 bytes."""


def measure(title: str, settings: dict[str, object], head: str, watchers: int, tokens: int) -> Cost:
    """Compare one watcher with many, each in a new server.

    Raises:
        RuntimeError: the watchers did not all receive the same.
    """
    alone = _watched(settings, head, 1, tokens)
    many = _watched(settings, head, watchers, tokens)
    watched, more = many.watched, watchers - 1
    others = watched.received[1:]
    last = others[-1]
    return Cost(
        title=title,
        watchers=watchers,
        tokens=tokens,
        seconds=round(watched.seconds, 1),
        event_bytes=round(last.size / last.events),
        cpu_us=round(1e6 * (many.cpu_s - alone.cpu_s) / more / last.events, 1),
        events_a_part=round(sum(c.events for c in others) / sum(c.chunks for c in others), 1),
        memory_kb=round((many.resident_bytes - alone.resident_bytes) / more / 1000, 1),
    )


@dataclass(frozen=True, slots=True)
class _Load:
    watched: Watched
    cpu_s: float
    resident_bytes: int
    """Memory when the run has just ended, which the kept events are part of."""


def _watched(settings: dict[str, object], head: str, watchers: int, tokens: int) -> _Load:
    with served(threads=1) as client:
        process = psutil.Process(client.pid)
        settings = settings | {"max_new_tokens": tokens, "min_new_tokens": tokens}
        before = process.cpu_times()
        watched = asyncio.run(watch(client.port, settings, watchers, head))
        after = process.cpu_times()
        resident = process.memory_info().rss
    if len({each.digest for each in watched.received}) > 1:
        raise RuntimeError("the watchers did not all receive the same")
    cpu_s = after.user + after.system - before.user - before.system
    return _Load(watched, cpu_s, resident)


def main(
    tokens: Annotated[int, typer.Option(help="New tokens of the run.")] = 128,
    save: Annotated[bool, typer.Option(help="Write docs/figures/watchers.json.")] = False,
) -> None:
    """Measure what watchers of one run cost a server."""
    costs = [measure(*case, tokens) for case in CASES]
    table = Table("measured", "watchers", "bytes", "CPU, µs", "events a part", "memory, kB", "s")
    for each in costs:
        table.add_row(
            each.title, str(each.watchers), str(each.event_bytes), str(each.cpu_us),
            str(each.events_a_part), str(each.memory_kb), str(each.seconds),
        )  # fmt: skip
    Console().print(table)
    if save:
        results.save(
            "watchers", results.circumstances(1, 1), costs=[asdict(each) for each in costs]
        )


if __name__ == "__main__":
    typer.run(main)
