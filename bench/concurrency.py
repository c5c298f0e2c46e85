"""`python -m bench.concurrency`: one run and several at once, of the embedded model.

In the first table every run has a thread, as in the server, and all its events are built and
encoded; in the second they are streams of a server in a process of its own, read by as many
clients here, which take their part of the processor. Rounds alternate between one run and several;
the ratio is the median of those of neighbouring rounds. The waits are those between a run's tokens.
The CPU ratio compares the processor time of a token, which depends less on other processes.
The last table is the time to the first new token of a run that begins like an earlier one.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import results
from bench.clients import served
from bench.threads import use_threads
from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.contract.events import Token, to_json
from mav_engine.settings import DEFAULT_MODEL

PROMPTS = (
    "Once upon a time, there was a little girl named Lily. She loved to play",
    "One day, a big dog",
    "The sun was hot and the sky was blue. Tom went",
    "A bird sat in a tree and",
    "Mom said it was time for bed, but Ben",
    "There was a small house by the sea. In it",
    "Sue had a red ball. She",
    "The old bear was hungry, so he",
)
LONG = " ".join(PROMPTS) * 3


TokenTimes = Callable[[str, int], list[float]]
"""Of a run with this prompt and so many tokens, when each token came, in seconds."""


@dataclass(frozen=True, slots=True)
class Round:
    """Runs of one length that were let go together."""

    rate: float
    """Tokens per second of all."""
    times: list[list[float]]
    """When each token of each run came."""
    cpu_s: float
    """Processor time a token, of this process."""


def _in_process(backend: Backend) -> TokenTimes:
    def token_times(prompt: str, length: int) -> list[float]:
        times = []
        settings = RunSettings(prompt=prompt, max_new_tokens=length, min_new_tokens=length)
        for event in run(settings, backend=backend):
            to_json(event)
            if isinstance(event, Token):
                times.append(time.perf_counter())
        return times

    return token_times


def _round(token_times: TokenTimes, count: int, length: int) -> Round:
    times: list[list[float]] = [[] for _ in range(count)]
    start = threading.Barrier(count + 1)

    def work(place: int) -> None:
        start.wait()
        times[place] = token_times(PROMPTS[place % len(PROMPTS)], length)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    start.wait()
    began, cpu_began = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.join()
    tokens = count * length
    cpu_s = (time.process_time() - cpu_began) / tokens
    return Round(tokens / (time.perf_counter() - began), times, cpu_s)


def _spread(times: list[list[float]]) -> tuple[float, float]:
    """The slowest run's time over the fastest's, and the longest wait over the median one."""
    lasted = [each[-1] - each[0] for each in times]
    waits = [b - a for each in times for a, b in pairwise(each)]
    return max(lasted) / min(lasted), max(waits) / statistics.median(waits)


@dataclass(frozen=True, slots=True)
class Many:
    """One run and several at once; medians over the rounds."""

    title: str
    runs: int
    one: float
    """Tokens per second of one run alone."""
    all: float
    """Tokens per second of all runs together."""
    ratio: float
    """`all` to `one`, of neighbouring rounds."""
    cpu_ratio: float | None
    """Processor time a token of one run to that of several; None where it is not measured."""
    slowest: float
    """The slowest run's time to the fastest's."""
    longest_wait: float
    """The longest wait between two tokens to the median one."""


@dataclass(frozen=True, slots=True)
class FirstToken:
    """Milliseconds to the first token of a run that begins like an earlier one."""

    begins_with: str
    without_cache_ms: float
    with_cache_ms: float


def _many(
    title: str, token_times: TokenTimes, runs: int, length: int, rounds: int, *, cpu: bool
) -> Many:
    _round(token_times, runs, 16)
    pairs = [
        (_round(token_times, 1, length), _round(token_times, runs, length)) for _ in range(rounds)
    ]
    slowest, longest = zip(*(_spread(many.times) for _, many in pairs), strict=True)
    median = statistics.median
    return Many(
        title=title,
        runs=runs,
        one=round(median(alone.rate for alone, _ in pairs)),
        all=round(median(many.rate for _, many in pairs)),
        ratio=round(median(many.rate / alone.rate for alone, many in pairs), 2),
        cpu_ratio=round(median(a.cpu_s / many.cpu_s for a, many in pairs), 2) if cpu else None,
        slowest=round(median(slowest), 2),
        longest_wait=round(median(longest), 1),
    )


def _table(measured: Many) -> Table:
    table = Table(
        "runs", "tokens/s, all", "ratio", "CPU ratio", "slowest / fastest", "longest / usual wait",
        title=measured.title,
    )  # fmt: skip
    cpu = measured.cpu_ratio is not None
    table.add_row("1", f"{measured.one:.0f}", "1.00", "1.00" if cpu else "", "", "")
    table.add_row(
        str(measured.runs), f"{measured.all:.0f}", f"{measured.ratio:.2f}",
        f"{measured.cpu_ratio:.2f}" if cpu else "",
        f"{measured.slowest:.2f}", f"{measured.longest_wait:.1f}",
    )  # fmt: skip
    return table


def _first_token_ms(backend: Backend, settings: RunSettings) -> float:
    began = time.perf_counter()
    for event in run(settings, backend=backend):
        if isinstance(event, Token) and not event.forced:
            return 1000 * (time.perf_counter() - began)
    raise RuntimeError("the run generated no token of its own")


def _first_tokens(rounds: int) -> list[FirstToken]:
    found = []
    plain, keeping = load_backend(DEFAULT_MODEL, prefix_bytes=0), load_backend(DEFAULT_MODEL)
    ids = keeping.encode_prompt(LONG)
    for length in (20, 200):
        text = keeping.vocabulary.decode(ids[:length])
        for name, given in (
            (f"a prompt of {length} tokens", {"prompt": text, "max_new_tokens": 1}),
            (
                f"{length} forced tokens",
                {"prompt": "Once", "forced_ids": ids[1:length], "max_new_tokens": length},
            ),
        ):
            settings = RunSettings(**{**given, "block_eos_steps": length})
            for backend in (plain, keeping):
                _first_token_ms(backend, settings)
            pairs = [
                (_first_token_ms(plain, settings), _first_token_ms(keeping, settings))
                for _ in range(rounds)
            ]
            medians = [round(statistics.median(side), 1) for side in zip(*pairs, strict=True)]
            found.append(FirstToken(name, *medians))
    return found


def main(
    runs: Annotated[int, typer.Option(help="Runs at once.")] = 8,
    length: Annotated[int, typer.Option(help="New tokens of each.")] = 128,
    rounds: Annotated[int, typer.Option(help="Alternating rounds.")] = 7,
    threads: Annotated[int, typer.Option(help="Threads that a model may use.")] = 2,
    save: Annotated[
        bool, typer.Option(help="Write docs/figures/concurrency.json, for `make figures`.")
    ] = False,
) -> None:
    """Print total tokens per second of one run and of several, and the spread among them."""
    use_threads(threads)
    console = Console()
    measured = results.circumstances(rounds, threads)
    in_process = _in_process(load_backend(DEFAULT_MODEL))
    engine = _many("the engine", in_process, runs, length, rounds, cpu=True)
    console.print(_table(engine))
    with served(threads) as client:
        token_times = client.token_times
        clients = _many("clients of the server", token_times, runs, length, rounds, cpu=False)
    console.print(_table(clients))
    first_tokens = _first_tokens(rounds)
    table = Table("begins with", "without cache", "with cache", title="first own token, ms")
    for each in first_tokens:
        table.add_row(each.begins_with, str(each.without_cache_ms), str(each.with_cache_ms))
    console.print(table)
    console.print(
        f"{measured['date']}, {measured['machine']}, {threads} threads, torch {measured['torch']}; "
        f"{length} tokens a run, median of {rounds} alternating rounds"
    )
    if save:
        results.save(
            "concurrency",
            measured,
            length=length,
            engine=asdict(engine),
            server=asdict(clients),
            first_token=[asdict(each) for each in first_tokens],
        )


if __name__ == "__main__":
    typer.run(main)
