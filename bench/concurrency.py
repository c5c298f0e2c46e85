"""`python -m bench.concurrency`: one run and several at once, of the embedded model.

Every run has a thread, as in the server, and all its events are built and encoded. Rounds
alternate between one run and several; the ratio is the median of those of neighbouring rounds.
The waits are those between a run's tokens. The second table is how soon a run that begins like
an earlier one tells its first token of its own.
"""

from __future__ import annotations

import platform
import statistics
import threading
import time
from datetime import date
from itertools import pairwise
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.events import Token, to_json
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


def _told_at(settings: RunSettings, backend: Backend) -> list[float]:
    """When each token of a run was encoded, in seconds."""
    times = []
    for event in run(settings, backend=backend):
        to_json(event)
        if isinstance(event, Token):
            times.append(time.perf_counter())
    return times


def _round(backend: Backend, count: int, length: int) -> tuple[float, list[list[float]]]:
    """Tokens per second of so many runs together, and the times of each run's tokens."""
    told: list[list[float]] = [[] for _ in range(count)]
    start = threading.Barrier(count + 1)

    def work(place: int) -> None:
        prompt = PROMPTS[place % len(PROMPTS)]
        settings = RunSettings(prompt=prompt, max_new_tokens=length, min_new_tokens=length)
        start.wait()
        told[place] = _told_at(settings, backend)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return count * length / (time.perf_counter() - began), told


def _spread(told: list[list[float]]) -> tuple[float, float]:
    """The slowest run's time over the fastest's, and the longest wait over the median one."""
    lasted = [times[-1] - times[0] for times in told]
    waits = [b - a for times in told for a, b in pairwise(times)]
    return max(lasted) / min(lasted), max(waits) / statistics.median(waits)


def _many(backend: Backend, runs: int, length: int, rounds: int) -> Table:
    pairs = [(_round(backend, 1, length), _round(backend, runs, length)) for _ in range(rounds)]
    spreads = [_spread(told) for _, (_, told) in pairs]
    table = Table("runs", "tokens/s, all", "ratio", "slowest / fastest run", "longest / usual wait")
    one = statistics.median(alone[0] for alone, _ in pairs)
    together = statistics.median(many[0] for _, many in pairs)
    ratio = statistics.median(many[0] / alone[0] for alone, many in pairs)
    slowest, longest = (statistics.median(column) for column in zip(*spreads, strict=True))
    table.add_row("1", f"{one:.0f}", "1.00", "", "")
    table.add_row(str(runs), f"{together:.0f}", f"{ratio:.2f}", f"{slowest:.2f}", f"{longest:.1f}")
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
    backend = load_backend(DEFAULT_MODEL)
    _round(backend, runs, 16)
    console = Console()
    console.print(_many(backend, runs, length, rounds))
    console.print(_branches(rounds))
    console.print(
        f"{date.today()}, {platform.machine()}, {threads} threads, torch {torch.__version__}; "
        f"{length} tokens a run, median of {rounds} alternating rounds"
    )


if __name__ == "__main__":
    typer.run(main)
