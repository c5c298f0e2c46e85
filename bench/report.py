"""The figures of `python -m bench` as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.costs import Cost
from bench.speed import Speed


def heading(measured: Mapping[str, Any]) -> str:
    """What was measured, where and when (`bench.results.circumstances`)."""
    return (
        f"{measured['date']}, {measured['machine']}, {measured['threads']} threads; "
        f"Python {measured['python']}, torch {measured['torch']}, "
        f"transformers {measured['transformers']}. Medians of {measured['rounds']} alternating "
        "rounds; a ratio is to plain `generate()` (KV cache, SDPA, greedy) of the same float32 "
        "model in the same process."
    )


def speeds(measured: Sequence[Speed]) -> str:
    """A line for each row and shape, a column for each length."""
    lines = [
        f"| {first.row.title} | {first.shape.title} | {_at_lengths(group)} "
        f"| {_target(first.row.must.get(first.shape.name))} "
        f"| {_target(first.row.aim.get(first.shape.name))} |"
        for group in _grouped(measured)
        for first in group[:1]
    ]
    head = "| with the five default probes | model | ratio (tokens/s: theirs → ours), at tokens |"
    return "\n".join([f"{head} must reach | aim for |", "|---|---|---|---|---|", *lines])


def costs(measured: Iterable[Cost]) -> str:
    """A line for each figure."""
    lines = [f"| {cost.what} | {cost.figure} | {cost.limit} |" for cost in measured]
    return "\n".join(["| besides | figure | at most |", "|---|---|---|", *lines])


def _grouped(measured: Sequence[Speed]) -> list[list[Speed]]:
    groups: dict[tuple[str, str], list[Speed]] = {}
    for speed in measured:
        groups.setdefault((speed.row.name, speed.shape.name), []).append(speed)
    return list(groups.values())


def _at_lengths(group: Iterable[Speed]) -> str:
    return ", ".join(
        f"**{each.ratio:.2f}** ({each.theirs:.1f} → {each.ours:.1f}) at {each.length}"
        for each in group
    )


def _target(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:g}"
