"""What is registered, and what a run's settings ask of it.

Every probe enters as an entry point, `name = "module:PROBE"`: the built-ins from the table below,
those of plugins from the group `mav_engine.probes` of the packages that are installed. Names are
looked up once; a plugin's module is imported when its probe is asked for, or when a model tells
what it can give. A plugin that cannot be taken is logged, and a run that asks for it gets null with
the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.metadata import EntryPoint, distributions

from mav_engine.contract.events import ProbeInfo
from mav_engine.errors import InvalidSettings
from mav_engine.generation.capture import HookPoint
from mav_engine.probes.base import Measured, Probe, Scene
from mav_engine.settings import DEFAULT_PROBES
from mav_engine.wording import did_you_mean, shown

GROUP = "mav_engine.probes"
BUILT_IN = {
    "predictions": "mav_engine.probes.predictions:PREDICTIONS",
    "distribution": "mav_engine.probes.distribution:DISTRIBUTION",
    "residual": "mav_engine.probes.norms:RESIDUAL",
    "mlp": "mav_engine.probes.norms:MLP",
    "attention_entropy": "mav_engine.probes.attention:ATTENTION_ENTROPY",
    "attention_rows": "mav_engine.probes.attention:ATTENTION_ROWS",
    "attention_map": "mav_engine.probes.attention_map:ATTENTION_MAP",
    "logit_lens": "mav_engine.probes.lens:LOGIT_LENS",
    "tiles": "mav_engine.probes.tiles:TILES",
    "sampler_stages": "mav_engine.probes.sampler_stages:SAMPLER_STAGES",
}
_log = logging.getLogger(__name__)


class BrokenPlugin(Exception):
    """A plugin's probe that cannot be taken; the text says why."""


@cache
def names() -> tuple[str, ...]:
    """Every probe that can be asked for, built-ins first; no plugin is imported for it."""
    return tuple(_entries())


def probe(name: str) -> Probe:
    """The probe of a known name; a plugin that is broken gives one that fails with the reason."""
    loaded = _loaded(name)
    return _failing(name, loaded) if isinstance(loaded, str) else loaded


def plugins() -> dict[str, tuple[str, Probe | str]]:
    """The probes of other packages by name: which package, and the probe or why it is broken."""
    others = {name: entry for name, entry in _entries().items() if name not in BUILT_IN}
    return {name: (_source(entry), _loaded(name)) for name, entry in others.items()}


def capabilities(points: Collection[HookPoint]) -> list[str]:
    """The probes that a model with these hook points can give."""
    return [name for name in names() if _gives(probe(name), set(points)) and _works(name)]


def _gives(probe: Probe, has: set[HookPoint]) -> bool:
    return probe.needs <= has or (probe.partial and bool(probe.needs & has))


def captured(asked: Sequence[str], given: Sequence[str], model: str) -> list[Probe]:
    """The probes of a run: those asked for and those that always measure.

    Raises:
        InvalidSettings: a name is unknown, or the model cannot give that probe.
    """
    for name in asked:
        if name not in names():
            raise InvalidSettings(
                f"There is no probe named {shown(name)}.{did_you_mean(name, names())} "
                f"Known: {', '.join(names())}.",
                field="capture",
            )
        # Of the defaults a model without such a part gives null, so that every model runs; so
        # does a plugin that is broken.
        if name not in given and name not in DEFAULT_PROBES and _works(name):
            raise InvalidSettings(
                f"{model} cannot give the probe {name}; it gives {', '.join(given)}.",
                field="capture",
            )
    return _measuring(asked)


def probe_infos(asked: Sequence[str]) -> list[ProbeInfo]:
    """What the captured probes measure, for the start event; unknown names are left out."""
    return [
        ProbeInfo(each.name, each.unit, each.shape, each.hook_point) for each in _measuring(asked)
    ]


def _measuring(asked: Sequence[str]) -> list[Probe]:
    built_in = [probe(name) for name in BUILT_IN]
    plugins = [probe(name) for name in names() if name in asked and name not in BUILT_IN]
    return [each for each in built_in if each.always or each.name in asked] + plugins


@cache
def _entries() -> dict[str, EntryPoint]:
    """The entry points by name; of two with one name the built-in or the first is taken."""
    entries = {name: EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()}
    for entry in sorted(_of_plugins(), key=lambda entry: (_source(entry), entry.name)):
        taken = entries.setdefault(entry.name, entry)
        if taken is not entry and taken.value != entry.value:
            owner = "MAV itself" if entry.name in BUILT_IN else _source(taken)
            _log.warning(
                "%s names a probe %s, but that is the name of one of %s; it is left out",
                _source(entry), entry.name, owner,
            )  # fmt: skip
    return entries


@cache
def _loaded(name: str) -> Probe | str:
    """The probe, imported; or why a plugin's cannot be taken."""
    entry = _entries()[name]
    if name in BUILT_IN:
        built_in: Probe = entry.load()
        return built_in
    try:
        return _taken(entry)
    # A module that ends the program when it is imported must not end ours.
    except (Exception, SystemExit) as error:
        reason = f"{_source(entry)} cannot give the probe {name}: {type(error).__name__}: {error}"
        _log.warning("%s", reason, exc_info=error)
        return reason


def _of_plugins() -> Iterator[EntryPoint]:
    for package in distributions():
        try:
            yield from package.entry_points.select(group=GROUP)
        # Of a package whose own files are broken only that package's probes are lost.
        except Exception:
            _log.warning("the entry points of %s cannot be read", package, exc_info=True)


def _taken(entry: EntryPoint) -> Probe:
    """A plugin's probe as it was registered.

    Raises:
        BrokenPlugin: it is no probe, or not one that a plugin may bring.
    """
    loaded = entry.load()
    if not isinstance(loaded, Probe):
        raise BrokenPlugin(f"{entry.value} is a {type(loaded).__name__}, not a Probe")
    if loaded.name != entry.name:
        raise BrokenPlugin(f"it calls itself {loaded.name}; both names must be the same")
    if loaded.section != "extra":
        raise BrokenPlugin(f"its section is {loaded.section}; a plugin's is extra")
    if loaded.always:
        raise BrokenPlugin("a plugin measures only where it is asked for, so not always")
    if loaded.measure_prompt is not None or loaded.check is not None:
        raise BrokenPlugin("measure_prompt and check are for built-in probes")
    return loaded


def _failing(name: str, reason: str) -> Probe:
    def measure(_: Scene) -> Measured:
        raise BrokenPlugin(reason)

    return Probe(
        name=name,
        unit="none",
        shape="none",
        hook_point=f"none, because {reason}",
        needs=frozenset(),
        section="extra",
        measure=measure,
    )


def _works(name: str) -> bool:
    return isinstance(_loaded(name), Probe)


def _source(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
