"""`python -m bench.stack`: what the probes of the panel "The stack" cost, in bytes and in time.

Bytes are those of events without compression, near the 512th position of a text. Times are medians
over all tokens of two runs that take turns at every token, one with the default probes and one with
`attention_sources` besides.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from bench import results
from bench.models import PROMPT, SHAPES, Shape
from bench.threads import use_threads
from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.contract.events import Event, Token, to_json
from mav_engine.settings import DEFAULT_PROBES

SOURCES = ("residual", "mlp", "attention_sources")
LENS = "logit_lens"
KEYS = 500


@dataclass(frozen=True, slots=True)
class Cost:
    """What the probes of the Stack cost one model."""

    model: str
    layers: int
    heads: int
    sources_bytes: int
    """What sizes and sources add to a token event."""
    lens_bytes: int
    """The same with the logit lens."""
    event_bytes: int
    """The whole token event with all of them."""
    default_us: float
    """Microseconds of a token with the default probes, encoding included."""
    with_sources_us: float
    """The same with `attention_sources`, too."""
    ratio: float
    """Median of the ratio of these two."""


def measure(shape: Shape, folder: Path, tokens: int) -> Cost:
    """The bytes and times of one model."""
    first, second = (load_backend(str(folder), dtype="float32", prefix_bytes=0) for _ in range(2))
    nothing, sources, lens = (
        _event_bytes(first, capture) for capture in ((), SOURCES, (*SOURCES, LENS))
    )
    sides = (first, DEFAULT_PROBES), (second, (*DEFAULT_PROBES, "attention_sources"))
    _alternating(sides, 8)
    pairs = _alternating(sides, tokens)
    default_s, with_sources_s = (statistics.median(each) for each in zip(*pairs, strict=True))
    return Cost(
        model=shape.title,
        layers=first.info.layers or 0,
        heads=first.info.heads or 0,
        sources_bytes=sources - nothing,
        lens_bytes=lens - nothing,
        event_bytes=lens,
        default_us=round(1e6 * default_s, 1),
        with_sources_us=round(1e6 * with_sources_s, 1),
        ratio=round(statistics.median(ours / theirs for theirs, ours in pairs), 4),
    )


def _event_bytes(backend: Backend, capture: Sequence[str]) -> int:
    """Bytes of the token event near position `KEYS`."""
    unit = PROMPT + " "
    prompt = unit * max(1, KEYS // len(backend.encode_prompt(unit)))
    settings = RunSettings(prompt=prompt, max_new_tokens=1, capture=list(capture))
    (token,) = (event for event in run(settings, backend=backend) if isinstance(event, Token))
    return len(to_json(token))


def _alternating(
    sides: Sequence[tuple[Backend, Sequence[str]]], tokens: int
) -> list[tuple[float, ...]]:
    """Seconds of each token of each side."""
    runs = [_tokens(backend, capture, tokens) for backend, capture in sides]
    return [tuple(_seconds(each) for each in runs) for _ in range(tokens - 1)]


def _tokens(backend: Backend, capture: Sequence[str], tokens: int) -> Iterator[Event]:
    """The events of a run after the first token, which comes from the prefill."""
    settings = RunSettings(
        prompt=PROMPT, max_new_tokens=tokens, min_new_tokens=tokens, capture=list(capture)
    )
    events = run(settings, backend=backend)
    next(event for event in events if isinstance(event, Token))
    return events


def _seconds(events: Iterator[Event]) -> float:
    began = time.perf_counter()
    to_json(next(events))
    return time.perf_counter() - began


def main(
    tokens: Annotated[int, typer.Option(help="New tokens of each run.", min=9)] = 400,
    threads: Annotated[int, typer.Option(help="Threads that a model may use.", min=1)] = 2,
    save: Annotated[
        bool, typer.Option(help="Write docs/figures/stack.json, for `make figures`.")
    ] = False,
) -> None:
    """Print a line for each model."""
    use_threads(threads)
    costs = []
    with tempfile.TemporaryDirectory() as made:
        for shape in SHAPES:
            cost = measure(shape, shape.folder(Path(made)), tokens)
            print(
                f"{cost.model}: {cost.sources_bytes} bytes, {cost.lens_bytes} with lens, event "
                f"{cost.event_bytes}; {cost.default_us} → {cost.with_sources_us} µs a token "
                f"({100 * (cost.ratio - 1):+.1f} %)"
            )
            costs.append(asdict(cost))
    if save:
        results.save("stack", results.circumstances(1, threads), costs=costs)


if __name__ == "__main__":
    typer.run(main)
