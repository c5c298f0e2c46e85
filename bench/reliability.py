"""`python -m bench.reliability`: bad days of a server, with figures.

Servers in processes of their own run the embedded model: with many more clients than places, with
clients that read slowly, with clients that vanish, and with an end by `kill -9`. What must hold is
checked, and a figure says how far it holds; speeds are only reported.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import httpx2
import psutil
import typer
from rich.console import Console
from rich.table import Table

from bench import results
from bench.clients import Client, free_port, served
from bench.streams import JSON, Connection, body_of, requested
from mav_engine.client import Client as MavClient
from mav_engine.client import Retry
from mav_engine.contract.events import Token

PROMPTS = (
    "Once upon a time", "One day, a big dog", "The sun was hot", "A bird sat in a tree", "Mom said",
)  # fmt: skip
SEEDS = 8
"""Seeds of the clients' runs, so that many runs have the same settings."""
NEW_TOKENS = 40
SAMPLE_S = 1.0
"""Seconds between two measurements of the server's memory."""
SLOW_READERS = 8
SLOW_READ_S = 1.0
"""Seconds between the events that a slow client reads."""
SLOW_BUFFER = 4096
SETTLE_S = 60.0
"""How long the server's runs, threads and open files are waited for."""
CUT_OFF = 20
"""Clients whose server is killed."""
SECRET = "signs the tokens of this test"


@dataclass(frozen=True, slots=True)
class ManyClients:
    """More clients than places, over and over."""

    clients: int
    places: int
    seconds: float
    runs: int
    tokens: int
    unfinished: int
    """Runs that did not end with `done` and all their tokens."""
    wrong_order: int
    """Streams in which an event was missing, repeated or out of order."""
    different: int
    """Runs whose text was not that of another run with the same settings and seed."""
    wait_s: float
    """Median time from the request to the first token."""
    longest_wait_s: float
    memory_growth: float
    """Median resident memory of the last quarter of the time over that of the second."""


@dataclass(frozen=True, slots=True)
class SlowReaders:
    """A normal run beside clients that read one event a second."""

    readers: int
    alone: float
    """Tokens per second of a run alone."""
    beside: float
    """Tokens per second of a run beside slow clients."""
    memory_mb: float
    """By how much the server's memory grew meanwhile."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """Clients that went without a word."""

    clients: int
    settled_s: float | None
    """Seconds until no run was active or waiting; None if that did not come."""
    threads: int
    """How many more threads the server had afterwards."""
    files: int
    """How many more open files and sockets it had."""
    still_answers: bool


@dataclass(frozen=True, slots=True)
class Killed:
    """`kill -9` in the middle of runs, and a restart."""

    clients: int
    continued: int
    """Clients whose run ended with all tokens."""
    identical: int
    """Those whose tokens were the ones of an unbroken run."""


def many_clients(clients: int, seconds: float, threads: int) -> ManyClients:
    """Clients that ask for run after run, most of which wait in the queue."""
    with served(threads, MAV_MAX_QUEUE=str(2 * clients)) as server:
        memory = _Memory(server.pid)
        with memory:
            found = asyncio.run(_many(server.port, clients, seconds))
    texts: dict[tuple[str, int], set[str]] = {}
    for each in found:
        texts.setdefault((each.prompt, each.seed), set()).add(each.text)
    usual = {key: Counter(e.text for e in found if (e.prompt, e.seed) == key) for key in texts}
    waits = [each.wait_s for each in found]
    return ManyClients(
        clients=clients,
        places=8,
        seconds=seconds,
        runs=len(found),
        tokens=sum(each.tokens for each in found),
        unfinished=sum(not each.whole for each in found),
        wrong_order=sum(not each.in_order for each in found),
        different=sum(sum(c.values()) - max(c.values()) for c in usual.values()),
        wait_s=round(statistics.median(waits), 1),
        longest_wait_s=round(max(waits), 1),
        memory_growth=memory.growth(),
    )


@dataclass(frozen=True, slots=True)
class _Answered:
    """One run of a client."""

    prompt: str
    seed: int
    text: str
    tokens: int
    whole: bool
    in_order: bool
    wait_s: float


async def _many(port: int, clients: int, seconds: float) -> list[_Answered]:
    until = time.perf_counter() + seconds
    answered: list[_Answered] = []

    async def ask(client: int) -> None:
        number = client
        while time.perf_counter() < until:
            answered.append(await _answered(port, number))
            number += clients + 1

    await asyncio.gather(*(ask(client) for client in range(clients)))
    return answered


async def _answered(port: int, number: int) -> _Answered:
    prompt, seed = PROMPTS[number % len(PROMPTS)], number % SEEDS
    asked = {
        "prompt": prompt, "seed": seed, "temperature": 0.9, "max_new_tokens": NEW_TOKENS,
        "min_new_tokens": NEW_TOKENS,
    }  # fmt: skip
    began = time.perf_counter()
    connection = await requested(port, "POST /api/run", JSON, json.dumps(asked))
    first = await connection.reader.readuntil(b"event: token")
    wait_s = time.perf_counter() - began
    body = body_of(first + await connection.reader.read())
    connection.writer.close()
    ids = [int(line[line.rindex(b":") + 1 :]) for line in _fields(body.events, b"id: ")]
    events = [json.loads(line) for line in _fields(body.events, b"data: ")]
    tokens = [each for each in events if each["type"] == "token"]
    last = events[-1]
    return _Answered(
        prompt=prompt,
        seed=seed,
        text=" ".join(str(each["token"]["id"]) for each in tokens),
        tokens=len(tokens),
        whole=last["type"] == "done" and len(tokens) == NEW_TOKENS,
        in_order=ids == list(range(len(events)))
        and [each["index"] for each in tokens] == list(range(len(tokens))),
        wait_s=wait_s,
    )


def _fields(events: bytes, name: bytes) -> Iterator[bytes]:
    return (line[len(name) :].strip() for line in events.splitlines() if line.startswith(name))


def slow_readers(rounds: int, threads: int) -> SlowReaders:
    """Runs beside clients that read slowly, alternating with runs alone."""
    # They would be disconnected, which is tested; here they stay.
    with served(threads, MAV_MIN_READ_RATE="0", MAV_MAX_RUNS=str(SLOW_READERS + 1)) as server:
        process = psutil.Process(server.pid)

        def rate() -> float:
            times = server.token_times(PROMPTS[0], 128)
            return (len(times) - 1) / (times[-1] - times[0])

        alone = [rate() for _ in range(rounds)]
        before = process.memory_info().rss
        with _reading_slowly(server.port, SLOW_READERS):
            beside = [rate() for _ in range(rounds)]
            grown = process.memory_info().rss - before
    return SlowReaders(
        readers=SLOW_READERS,
        alone=round(statistics.median(alone)),
        beside=round(statistics.median(beside)),
        memory_mb=round(grown / 1e6, 1),
    )


@contextmanager
def _reading_slowly(port: int, readers: int) -> Iterator[None]:
    """Clients that read one event a second until the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asked = {"prompt": PROMPTS[1], "max_new_tokens": 400, "min_new_tokens": 400,
             "capture": ["attention_rows", "tiles"]}  # fmt: skip
    body = json.dumps(asked)

    async def read() -> None:
        connection = await requested(port, "POST /api/run", JSON, body, buffer=SLOW_BUFFER)
        try:
            while await connection.reader.read(SLOW_BUFFER):
                await asyncio.sleep(SLOW_READ_S)
        finally:
            connection.writer.close()

    async def read_all() -> None:
        await asyncio.gather(*(read() for _ in range(readers)))

    reading = asyncio.run_coroutine_threadsafe(read_all(), loop)
    try:
        # Until their buffers are full and they hold up their runs.
        time.sleep(5 * SLOW_READ_S)
        yield
    finally:
        reading.cancel()
        asyncio.run_coroutine_threadsafe(_cancelled(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancelled() -> None:
    """Wait for all other tasks, which were cancelled."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


def vanished(clients: int, threads: int) -> Vanished:
    """Clients that close their connections without reading on."""
    with served(threads, MAV_MAX_QUEUE=str(clients)) as server:
        process = psutil.Process(server.pid)
        # Every kind once, so that what the server keeps for good is there.
        asyncio.run(_vanish(server.port, 2 * len(_WAYS)))
        _settled_s(server)
        before = process.num_threads(), process.num_fds()
        asyncio.run(_vanish(server.port, clients))
        settled_s = _settled_s(server)
        after = _least(lambda: (process.num_threads(), process.num_fds()), before)
        answers = len(server.token_times(PROMPTS[0], 8)) == 8
    return Vanished(
        clients=clients,
        settled_s=settled_s,
        threads=after[0] - before[0],
        files=after[1] - before[1],
        still_answers=answers,
    )


_LONG = json.dumps({"prompt": PROMPTS[2], "max_new_tokens": 400, "min_new_tokens": 400})
_OTHER = json.dumps({"prompt": PROMPTS[2], "model": "mav-tiny@bfloat16", "max_new_tokens": 400})


async def _before_headers(port: int) -> None:
    """Before the headers have been sent."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/run HTTP/1.1\r\nHost: loc")
    await writer.drain()
    writer.close()


async def _unread(port: int, body: str) -> None:
    """Right after the request, in the queue or while the model is being loaded."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /api/run HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()


async def _in_the_middle(port: int) -> None:
    """After some tokens."""
    connection: Connection = await requested(port, "POST /api/run", JSON, _LONG)
    for _ in range(3):
        await connection.reader.readuntil(b"event: token")
    connection.writer.close()


async def _in_the_queue(port: int) -> None:
    await _unread(port, _LONG)


async def _while_loading(port: int) -> None:
    await _unread(port, _OTHER)


_WAYS: tuple[Callable[[int], Coroutine[Any, Any, None]], ...] = (
    _before_headers, _in_the_queue, _in_the_middle, _while_loading,
)  # fmt: skip


async def _vanish(port: int, clients: int) -> None:
    await asyncio.gather(*(_WAYS[client % len(_WAYS)](port) for client in range(clients)))


def _settled_s(server: Client) -> float | None:
    """Seconds until no run is active or waiting."""
    began = time.perf_counter()
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=SETTLE_S) as http:
        while time.perf_counter() - began < SETTLE_S:
            health = http.get("/api/health").json()
            if health["runs_active"] == health["runs_waiting"] == 0:
                return round(time.perf_counter() - began, 1)
            time.sleep(0.05)
    return None


def _least(figures: Callable[[], tuple[int, int]], wanted: tuple[int, int]) -> tuple[int, int]:
    """The figures as soon as none is above what is wanted, or after a while."""
    until = time.perf_counter() + SETTLE_S
    found = figures()
    while (found[0] > wanted[0] or found[1] > wanted[1]) and time.perf_counter() < until:
        time.sleep(0.1)
        found = figures()
    return found


def killed(clients: int, threads: int) -> Killed:
    """Clients that continue their runs on a server that was killed and started again."""
    port = free_port()
    reached = threading.Semaphore(0)
    texts: dict[int, list[int | None]] = {}

    def follow(number: int, signals: bool) -> list[int | None]:
        ids: list[int | None] = []
        with MavClient(f"http://127.0.0.1:{port}", retry=Retry(attempts=60)) as client:
            for event in client.run(
                prompt=PROMPTS[number % len(PROMPTS)], seed=number, temperature=0.8,
                max_new_tokens=200, min_new_tokens=200,
            ):  # fmt: skip
                if isinstance(event, Token):
                    ids.append(event.token.id)
                    if signals and len(ids) == 20:
                        reached.release()
        return ids

    def follow_killed(number: int) -> None:
        texts[number] = follow(number, signals=True)

    settings = {"MAV_SECRET": SECRET, "MAV_MAX_RUNS": str(clients)}
    workers = [threading.Thread(target=follow_killed, args=(n,)) for n in range(clients)]
    with served(threads, port, **settings) as server:
        for worker in workers:
            worker.start()
        for _ in workers:
            reached.acquire()
        os.kill(server.pid, signal.SIGKILL)
    with served(threads, port, **settings):
        for worker in workers:
            worker.join()
        unbroken = {number: follow(number, signals=False) for number in range(clients)}
    return Killed(
        clients=clients,
        continued=sum(len(ids) == 200 for ids in texts.values()),
        identical=sum(texts.get(number) == ids for number, ids in unbroken.items()),
    )


class _Memory:
    """The resident memory of a process, measured on a thread."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._sizes: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def growth(self) -> float:
        """Median of the last quarter of the time over that of the second one."""
        quarter = max(len(self._sizes) // 4, 1)
        second, last = self._sizes[quarter : 2 * quarter], self._sizes[-quarter:]
        return round(statistics.median(last) / statistics.median(second or last), 3)

    def _measure(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self._sizes.append(self._process.memory_info().rss)


def main(
    clients: Annotated[int, typer.Option(help="Clients at once.")] = 200,
    seconds: Annotated[float, typer.Option(help="Seconds for which they ask.")] = 120,
    vanishing: Annotated[int, typer.Option(help="Clients that vanish.")] = 500,
    rounds: Annotated[int, typer.Option(help="Runs beside slow readers.")] = 5,
    threads: Annotated[int, typer.Option(help="Threads that a model may use.")] = 2,
    save: Annotated[
        bool, typer.Option(help="Write docs/figures/reliability.json, for `make reliability`.")
    ] = False,
) -> None:
    """Put servers through bad days, and report what held."""
    found = {
        "many_clients": asdict(many_clients(clients, seconds, threads)),
        "slow_readers": asdict(slow_readers(rounds, threads)),
        "vanished": asdict(vanished(vanishing, threads)),
        "killed": asdict(killed(CUT_OFF, threads)),
    }
    table = Table("measured", "figure")
    for name, each in found.items():
        for figure, value in each.items():
            table.add_row(f"{name} {figure}", str(value))
    Console().print(table)
    if save:
        results.save(
            "reliability",
            results.circumstances(rounds, threads),
            **found,
        )


if __name__ == "__main__":
    typer.run(main)
