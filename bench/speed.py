"""Tokens per second against plain `generate()`, side by side in one process."""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import ROWS_AND_LENS, Contender, openmav, ours, plain, prompt_length
from bench.models import Shape
from mav_engine.backends import load_backend

WARM_UP_TOKENS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of speeds."""

    name: str
    title: str
    must: Mapping[str, float]
    """The ratio to reach, by shape; the aim beside it."""
    aim: Mapping[str, float]


def _same(value: float) -> dict[str, float]:
    return dict.fromkeys(("mav-tiny", "gpt2", "smollm"), value)


ROWS = (
    Row("general", "any architecture, float32", _same(1.0), _same(1.05)),
    Row("decoder", "decoder, float32", _same(1.15) | {"mav-tiny": 1.5},
        _same(1.3) | {"mav-tiny": 2.2}),
    Row("int8", "decoder, int8", {"gpt2": 2.5, "smollm": 2.5},
        {"gpt2": 3.2, "smollm": 3.2}),
    Row("rows", "attention rows and logit lens added, float32", _same(0.85), _same(1.0)),
    Row("openmav", "against OpenMAV's way, float32", {"mav-tiny": 20}, {"mav-tiny": 30}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured of one row, shape and length."""

    row: Row
    shape: Shape
    length: int
    ratio: float
    """Median over the rounds of a round's ratio."""
    theirs: float
    """Median tokens per second of the other side."""
    ours: float

    def as_json(self) -> dict[str, Any]:
        """The figures, with the names and titles of row and model."""
        return {
            "row": self.row.name,
            "title": self.row.title,
            "shape": self.shape.name,
            "model": self.shape.title,
            "length": self.length,
            "ratio": round(self.ratio, 2),
            "theirs": round(self.theirs, 1),
            "ours": round(self.ours, 1),
        }


def measure(
    shape: Shape, folder: Path, lengths: Collection[int], rounds: int, rows: Collection[str]
) -> Iterator[Speed]:
    """The rows of a shape, at each length that its context holds."""
    context = load_backend(str(folder), prefix_bytes=0).info.context
    room = (context or 10**9) - prompt_length(folder)
    against = [row for row in ROWS if row.name in rows and row.name != "openmav"]
    if against:
        sides = {"plain": plain(folder), **_ours(folder, {row.name for row in against})}
        for length in sorted({min(length, room) for length in lengths}):
            times = _alternate(sides, length, rounds, shape.name)
            yield from (
                _speed(row, shape, length, times["plain"], times[row.name]) for row in against
            )
    if "openmav" in rows and not shape.large:
        gc.collect()
        pair = {
            "openmav": openmav(folder),
            "decoder": ours(load_backend(str(folder), prefix_bytes=0)),
        }
        length = min(512, room)
        times = _alternate(pair, length, rounds, shape.name)
        yield _speed(ROWS[-1], shape, length, times["openmav"], times["decoder"])


def _ours(folder: Path, names: Collection[str]) -> dict[str, Contender]:
    backend = load_backend(str(folder), dtype="float32", prefix_bytes=0)
    sides = {
        "decoder": ours(backend),
        "rows": ours(backend, ROWS_AND_LENS),
    }
    if "general" in names:
        from mav_engine.backends.hf.load import load

        # What any architecture takes, also those that the engine can read without transformers.
        given = {"name": folder.name, "device": "auto", "dtype": "float32"}
        sides["general"] = ours(load(str(folder), **given, prefix_bytes=0), general=True)
    if "int8" in names:
        sides["int8"] = ours(load_backend(str(folder), dtype="int8-dynamic", prefix_bytes=0))
    return {name: side for name, side in sides.items() if name in names}


def _alternate(
    sides: Mapping[str, Contender], length: int, rounds: int, label: str
) -> dict[str, list[float]]:
    """Seconds of each side in each round."""
    for write in sides.values():
        write(WARM_UP_TOKENS)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        print(f"{label}, {length} tokens, round {number + 1}/{rounds}", file=sys.stderr)
        for name, write in sides.items():
            began = time.perf_counter()
            write(length)
            times[name].append(time.perf_counter() - began)
    return times


def _speed(row: Row, shape: Shape, length: int, theirs: list[float], mine: list[float]) -> Speed:
    pairs = zip(theirs, mine, strict=True)
    return Speed(
        row=row,
        shape=shape,
        length=length,
        ratio=statistics.median(other / our for other, our in pairs),
        theirs=length / statistics.median(theirs),
        ours=length / statistics.median(mine),
    )
