"""A run in a notebook: a picture that grows while the run goes on, and stays when it is saved.

    show(run(RunSettings(prompt="Once upon a time")))

It speaks IPython's display protocol and needs no widgets; a notebook keeps the last picture.
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
"""Seconds between two pictures; each is sent whole."""


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython is not imported to find out."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def show(events: Iterable[Event], *, refresh_s: float = REFRESH_S) -> None:
    """Run to the end under the eyes of whoever reads the notebook.

    A run that is interrupted or breaks leaves the picture of what there was. To have the numbers
    too, keep them on the way: `show(record.kept(run(...)))`.

    Args:
        events: what `run` or `replay` gives.
        refresh_s: seconds between two pictures at least.

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
    """One place of a notebook's output, drawn over again and again; HTML without scripts."""

    def __init__(self) -> None:
        self._display = _display()
        self._handle: Any = None

    def draw(self, html: str) -> None:
        """Show this instead of what was there."""
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
