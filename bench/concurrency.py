"""`python -m bench.concurrency`: one run and several at once, of the embedded model.

In the first table every run has a thread, as in the server, and all its events are built and
encoded; in the second they are streams of a server in a process of its own, read by as many
clients here, which take their part of the processor. Rounds alternate between one run and several;
the ratio is the median of those of neighbouring rounds. The waits are those between a run's tokens.
The CPU ratio is that of the processor's time a token: it tells less of what else the machine does.
The last table is how soon a run that begins like an earlier one tells its first token of its own.
"""

from __future__ import annotations

import platform
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from bench.clients import served
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


ToldAt = Callable[[str, int], list[float]]
"""Of a run with this prompt and so many tokens, when each token came, in seconds."""


@dataclass(frozen=True, slots=True)
class Round:
    """Runs of one length that were let go together."""

    rate: float
    """Tokens per second of all."""
    told: list[list[float]]
    """When each token of each run came."""
    cpu_s: float
    """Processor time a token, of this process."""


def _in_process(backend: Backend) -> ToldAt:
    def told_at(prompt: str, length: int) -> list[float]:
        times = []
        settings = RunSettings(prompt=prompt, max_new_tokens=length, min_new_tokens=length)
        for event in run(settings, backend=backend):
            to_json(event)
            if isinstance(event, Token):
                times.append(time.perf_counter())
        return times

    return told_at


def _round(told_at: ToldAt, count: int, length: int) -> Round:
    told: list[list[float]] = [[] for _ in range(count)]
    start = threading.Barrier(count + 1)

    def work(place: int) -> None:
        start.wait()
        told[place] = told_at(PROMPTS[place % len(PROMPTS)], length)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    start.wait()
    began, cpu_began = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.join()
    tokens = count * length
    cpu_s = (time.process_time() - cpu_began) / tokens
    return Round(tokens / (time.perf_counter() - began), told, cpu_s)


def _spread(told: list[list[float]]) -> tuple[float, float]:
    """The slowest run's time over the fastest's, and the longest wait over the median one."""
    lasted = [times[-1] - times[0] for times in told]
    waits = [b - a for times in told for a, b in pairwise(times)]
    return max(lasted) / min(lasted), max(waits) / statistics.median(waits)


def _many(title: str, told_at: ToldAt, runs: int, length: int, rounds: int, *, cpu: bool) -> Table:
    _round(told_at, runs, 16)
    pairs = [(_round(told_at, 1, length), _round(told_at, runs, length)) for _ in range(rounds)]
    spreads = [_spread(many.told) for _, many in pairs]
    table = Table(
        "runs", "tokens/s, all", "ratio", "CPU ratio", "slowest / fastest", "longest / usual wait",
        title=title,
    )  # fmt: skip
    one = statistics.median(alone.rate for alone, _ in pairs)
    together = statistics.median(many.rate for _, many in pairs)
    ratio = statistics.median(many.rate / alone.rate for alone, many in pairs)
    spent = statistics.median(alone.cpu_s / many.cpu_s for alone, many in pairs)
    slowest, longest = (statistics.median(column) for column in zip(*spreads, strict=True))
    table.add_row("1", f"{one:.0f}", "1.00", "1.00" if cpu else "", "", "")
    table.add_row(
        str(runs), f"{together:.0f}", f"{ratio:.2f}", f"{spent:.2f}" if cpu else "",
        f"{slowest:.2f}", f"{longest:.1f}",
    )  # fmt: skip
    return table


def _first_token_ms(backend: Backend, settings: RunSettings) -> float:
    began = time.perf_counter()
    for event in run(settings, backend=backend):
        if isinstance(event, Token) and not event.forced:
            return 1000 * (time.perf_counter() - began)
    raise RuntimeError("the run told no token of its own")


def _branches(rounds: int) -> Table:
    """Milliseconds to the first token of a run that begins like an earlier one."""
    table = Table("begins with", "nothing kept", "kept", title="first own token, ms")
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
            medians = [f"{statistics.median(side):.1f}" for side in zip(*pairs, strict=True)]
            table.add_row(name, *medians)
    return table


def main(
    runs: Annotated[int, typer.Option(help="Runs at once.")] = 8,
    length: Annotated[int, typer.Option(help="New tokens of each.")] = 128,
    rounds: Annotated[int, typer.Option(help="Alternating rounds.")] = 7,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 2,
) -> None:
    """Print total tokens per second of one run and of several, and the spread among them."""
    torch.set_num_threads(threads)
    console = Console()
    engine = _in_process(load_backend(DEFAULT_MODEL))
    console.print(_many("the engine", engine, runs, length, rounds, cpu=True))
    with served(threads) as client:
        told_at = client.told_at
        console.print(_many("clients of the server", told_at, runs, length, rounds, cpu=False))
    console.print(_branches(rounds))
    console.print(
        f"{date.today()}, {platform.machine()}, {threads} threads, torch {torch.__version__}; "
        f"{length} tokens a run, median of {rounds} alternating rounds"
    )


if __name__ == "__main__":
    typer.run(main)
