"""The probes by name, and those that a run's settings ask for.

A run that asks for a plugin's probe that cannot be used gets null with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mav_engine.contract.events import ProbeInfo
from mav_engine.errors import InvalidSettings
from mav_engine.generation.capture import HookPoint
from mav_engine.plugins import Registry
from mav_engine.probes.base import Measured, Probe, StepContext
from mav_engine.settings import DEFAULT_PROBES

BUILT_IN = {
    "predictions": "mav_engine.probes.predictions:PREDICTIONS",
    "distribution": "mav_engine.probes.distribution:DISTRIBUTION",
    "residual": "mav_engine.probes.norms:RESIDUAL",
    "mlp": "mav_engine.probes.norms:MLP",
    "attention_entropy": "mav_engine.probes.attention:ATTENTION_ENTROPY",
    "attention_rows": "mav_engine.probes.attention:ATTENTION_ROWS",
    "attention_sources": "mav_engine.probes.attention_sources:ATTENTION_SOURCES",
    "attention_map": "mav_engine.probes.attention_map:ATTENTION_MAP",
    "logit_lens": "mav_engine.probes.lens:LOGIT_LENS",
    "tiles": "mav_engine.probes.tiles:TILES",
    "sampler_stages": "mav_engine.probes.sampler_stages:SAMPLER_STAGES",
}


def _check(name: str, loaded: object) -> str | None:
    """Why what a plugin names is no probe, or not one that a plugin may bring."""
    if not isinstance(loaded, Probe):
        return f"it is a {type(loaded).__name__}, not a Probe"
    if loaded.name != name:
        return f"it calls itself {loaded.name}; both names must be the same"
    if loaded.section != "extra":
        return f"its section is {loaded.section}; a plugin's is extra"
    if loaded.always:
        return "a plugin measures only where it is asked for, so not always"
    own = (loaded.measure_prompt, loaded.measure_column, loaded.check)
    if any(each is not None for each in own):
        return "measure_prompt, measure_column and check are for built-in probes"
    return None


PROBES = Registry(
    "probe", group="mav_engine.probes", built_in=BUILT_IN, setting="capture", check=_check
)


class BrokenPlugin(Exception):
    """A plugin's probe that cannot be used; the text says why."""


def names() -> tuple[str, ...]:
    """Every probe that can be asked for, built-ins first; no plugin is imported for it."""
    return PROBES.names()


def probe(name: str) -> Probe:
    """The probe of a known name; a plugin that is broken gives one that fails with the reason."""
    loaded: Probe | str = PROBES.load(name)
    return _failing(name, loaded) if isinstance(loaded, str) else loaded


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
            raise PROBES.unknown(name)
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


def _failing(name: str, reason: str) -> Probe:
    def measure(_: StepContext) -> Measured:
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
    return isinstance(PROBES.load(name), Probe)
