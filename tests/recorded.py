"""The recordings in `tests/recordings`, and how far a damaged one can be read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from mav_engine.errors import RecordingProblem

RECORDINGS = Path(__file__).parent / "recordings"
T = TypeVar("T")


def before_problem(items: Iterable[T]) -> tuple[list[T], RecordingProblem | None]:
    """What can be read of a recording, and the problem that ends it."""
    read: list[T] = []
    try:
        for item in items:
            read.append(item)  # noqa: PERF402 - what came before the problem counts
    except RecordingProblem as problem:
        return read, problem
    return read, None
