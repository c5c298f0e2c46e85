"""What is registered, and what a run's settings ask of it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from mav_engine.capture import HookPoint
from mav_engine.errors import InvalidSettings
from mav_engine.events import ProbeInfo
from mav_engine.probes.attention import ATTENTION_ENTROPY, ATTENTION_ROWS
from mav_engine.probes.base import Probe
from mav_engine.probes.distribution import DISTRIBUTION
from mav_engine.probes.lens import LOGIT_LENS
from mav_engine.probes.norms import MLP, RESIDUAL
from mav_engine.probes.predictions import PREDICTIONS
from mav_engine.settings import DEFAULT_PROBES

PROBES: dict[str, Probe] = {
    probe.name: probe
    for probe in (
        PREDICTIONS,
        DISTRIBUTION,
        RESIDUAL,
        MLP,
        ATTENTION_ENTROPY,
        ATTENTION_ROWS,
        LOGIT_LENS,
    )
}


def capabilities(points: Collection[HookPoint]) -> list[str]:
    """The probes that read only these hook points."""
    return [name for name, probe in PROBES.items() if probe.needs <= set(points)]


def captured(names: Sequence[str], given: Sequence[str], model: str) -> list[Probe]:
    """The probes of a run: those asked for and those that always measure.

    Raises:
        InvalidSettings: a name is unknown, or the model cannot give that probe.
    """
    for name in names:
        if name not in PROBES:
            near = difflib.get_close_matches(name, PROBES, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InvalidSettings(
                f"There is no probe named {name!r}.{hint} Known: {', '.join(PROBES)}.",
                field="capture",
            )
        # Of the defaults a model without such a part gives null, so that every model runs.
        if name not in given and name not in DEFAULT_PROBES:
            raise InvalidSettings(
                f"{model} cannot give the probe {name}; it gives {', '.join(given)}.",
                field="capture",
            )
    return [probe for name, probe in PROBES.items() if probe.always or name in names]


def probe_infos(names: Sequence[str]) -> list[ProbeInfo]:
    """What the captured probes measure, for the start event; unknown names are left out."""
    return [
        ProbeInfo(probe.name, probe.unit, probe.shape, probe.hook_point)
        for name, probe in PROBES.items()
        if probe.always or name in names
    ]
