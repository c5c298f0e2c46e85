"""What other packages add through entry points: found by name, imported when it is asked for.

A plugin that cannot be taken costs itself only: why is told where it was asked for and in
`mav plugins`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, distributions
from typing import Any

_log = logging.getLogger(__name__)

Check = Callable[[Any], str | None]
"""Why what was imported is not what it should be, or None."""


@dataclass(frozen=True)
class Found:
    """An entry point of some package."""

    entry: EntryPoint

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def package(self) -> str:
        """Its package's name and version, or where it is where there is none."""
        dist = self.entry.dist
        return f"{dist.name} {dist.version}" if dist is not None else self.entry.value

    @property
    def requires(self) -> list[str]:
        """What its package needs besides MAV."""
        dist = self.entry.dist
        needed = (dist.requires or []) if dist is not None else []
        return [each for each in needed if not each.startswith("mav-engine") and ";" not in each]

    def take(self, check: Check) -> Any:
        """What it names, imported; or, a text, why it cannot be taken."""
        return _taken(self.entry, check)


@cache
def entries(group: str, own: frozenset[str] = frozenset()) -> dict[str, Found]:
    """The entry points of a group by name, the first package by name where two have one; those
    with names of MAV's own are left out, and both are logged. Nothing is imported."""
    found: dict[str, Found] = {}
    for each in sorted(_of_group(group), key=lambda each: (each.package, each.name)):
        if each.name in own:
            _log.warning("%s names a %s, which is MAV's own; left out", each.package, each.name)
        elif found.setdefault(each.name, each).entry.value != each.entry.value:
            _log.warning("%s names a %s, as another does; left out", each.package, each.name)
    return found


def _of_group(group: str) -> Iterator[Found]:
    for package in distributions():
        try:
            yield from map(Found, package.entry_points.select(group=group))
        # Of a package whose own files are broken only that package's plugins are lost.
        except Exception:
            _log.warning("the entry points of %s cannot be read", package, exc_info=True)


@cache
def _taken(entry: EntryPoint, check: Check) -> Any:
    try:
        loaded = entry.load()
        wrong = check(loaded)
    # A module that ends the program when it is imported must not end ours.
    except (Exception, SystemExit) as error:
        wrong = f"{type(error).__name__}: {error}"
    if wrong is None:
        return loaded
    reason = f"{Found(entry).package} cannot give {entry.name}: {wrong}"
    _log.warning("%s", reason)
    return reason
