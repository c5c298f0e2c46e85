"""Shows a run in a notebook as a live picture, which is saved with the notebook.

    show(run(RunSettings(prompt="Once upon a time")))

It uses IPython's display protocol without widgets; the notebook keeps the last picture.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

from mav_engine.contract.events import Done, Error, Event
from mav_engine.errors import MissingExtra
from mav_engine.results.result import RunRecord

REFRESH_S = 0.25
"""Minimum seconds between two pictures."""


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, without importing IPython."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def show(events: Iterable[Event], *, refresh_s: float = REFRESH_S) -> None:
    """Show the events of a run until it ends.

    An interrupted or failed run leaves its last picture. To also get the numbers, use
    `show(record.kept(run(...)))`.

    Args:
        events: the events of `run` or `replay`.
        refresh_s: minimum seconds between two pictures.

    Raises:
        MissingExtra: IPython is not installed.
    """
    display = _display()
    record = RunRecord()
    handle = display(record, display_id=True)
    shown_at = time.monotonic()
    try:
        for event in events:
            record.add(event)
            ended = isinstance(event, Done | Error)
            if not ended and time.monotonic() - shown_at >= refresh_s:
                handle.update(record)
                shown_at = time.monotonic()
    finally:
        handle.update(record)


class Canvas:
    """An output of a notebook that is updated in place; HTML without scripts."""

    def __init__(self) -> None:
        self._display = _display()
        self._handle: Any = None

    def draw(self, html: str) -> None:
        """Replace the output."""
        data = {"text/html": html, "text/plain": "a run of MAV"}
        if self._handle is None:
            self._handle = self._display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def _display() -> Any:
    try:
        from IPython.display import display
    except ImportError:
        raise MissingExtra(
            "show() draws in notebooks and needs IPython, which is not installed: pip install "
            "ipython. In a terminal use `mav`; collect(run(...)).svg() gives the picture."
        ) from None
    return display
