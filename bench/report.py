"""The figures as Markdown."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch

from bench.costs import Cost
from bench.speed import Speed


def machine() -> str:
    """What the figures were taken on."""
    return f"{_chip()}, {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}"


def heading(rounds: int, threads: int) -> str:
    """What, where and when."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    return (
        f"{date.today()}, {machine()}, {threads} threads; Python {platform.python_version()}, "
        f"{packages}. Medians of {rounds} alternating rounds; a ratio is to plain `generate()` "
        "(KV cache, SDPA, greedy) of the same float32 model in the same process."
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


def _chip() -> str:
    told = Path("/proc/cpuinfo")
    name = (
        re.search(r"model name\s*:\s*(.+)", told.read_text(encoding="utf-8"))
        if told.exists()
        else None
    )
    return name[1] if name else platform.processor() or platform.machine()
