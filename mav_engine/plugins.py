"""Registries of built-ins and of entry points of other packages.

Names are looked up once. A plugin's module is imported on first use; if it cannot be used, that is
logged and nothing else is affected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, distributions
from typing import Any

from mav_engine.errors import InvalidSettings
from mav_engine.wording import did_you_mean, shown

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plugin:
    """An entry point of another package."""

    entry: EntryPoint

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def package(self) -> str:
        """Name and version of its package, or the entry point's value if there is no package."""
        dist = self.entry.dist
        return f"{dist.name} {dist.version}" if dist is not None else self.entry.value

    @property
    def requires(self) -> list[str]:
        """The requirements of its package, except MAV."""
        dist = self.entry.dist
        needed = (dist.requires or []) if dist is not None else []
        return [each for each in needed if not each.startswith("mav-engine") and ";" not in each]


@dataclass(frozen=True, eq=False)
class Registry:
    """The built-ins and plugins of one kind: probes, panels or backends."""

    kind: str
    """The kind as a word for messages."""
    group: str
    """The group of the entry points."""
    built_in: Mapping[str, str]
    """Built-ins by name, as `module:ATTRIBUTE`."""
    setting: str
    """The setting or option that names one."""
    check: Callable[[str, Any], str | None]
    """Takes a plugin's name and imported object; returns why it cannot be used, or None."""
    _loaded: dict[str, Any] = field(default_factory=dict, init=False)

    def names(self) -> tuple[str, ...]:
        """All names, the built-in ones first. Imports no plugin."""
        return (*self.built_in, *self.plugins)

    @cached_property
    def plugins(self) -> dict[str, Plugin]:
        """The plugins by name. If two have the same name, the alphabetically first package is
        used."""
        found: dict[str, Plugin] = {}
        for each in sorted(_in_group(self.group), key=lambda each: (each.package, each.name)):
            owner = "MAV itself"
            if each.name not in self.built_in:
                first = found.setdefault(each.name, each)
                if first.entry.value == each.entry.value:
                    continue
                owner = first.package
            _log.warning(
                "%s names a %s %s, but that is the name of one of %s; it is left out",
                each.package, self.kind, each.name, owner,
            )  # fmt: skip
        return found

    def load(self, name: str) -> Any:
        """Import a built-in or plugin; a text says why a plugin cannot be used.

        Raises:
            InvalidSettings: there is no such name.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> Any:
        if name in self.built_in:
            return EntryPoint(name, self.built_in[name], self.group).load()
        if name not in self.plugins:
            raise self.unknown(name)
        plugin, fault = self.plugins[name], None
        try:
            loaded = plugin.entry.load()
            problem = self.check(name, loaded)
        # A module that raises SystemExit on import must not end this program.
        except (Exception, SystemExit) as error:
            fault, problem = error, f"{type(error).__name__}: {error}"
        if problem is None:
            return loaded
        reason = f"the {self.kind} {name} of {plugin.package} cannot be used: {problem}"
        _log.warning("%s", reason, exc_info=fault)
        return reason

    def unknown(self, name: str) -> InvalidSettings:
        """The error for an unknown name."""
        known = self.names()
        return InvalidSettings(
            f"There is no {self.kind} named {shown(name)}.{did_you_mean(name, known)} "
            f"Known: {', '.join(known)}.",
            field=self.setting,
        )


def _in_group(group: str) -> Iterator[Plugin]:
    for package in distributions():
        try:
            yield from map(Plugin, package.entry_points.select(group=group))
        # A package with broken metadata only loses its own plugins.
        except Exception:
            _log.warning("the entry points of %s cannot be read", package, exc_info=True)
