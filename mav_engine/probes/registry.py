"""What is registered, and what a run's settings ask of it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from mav_engine.errors import InvalidSettings
from mav_engine.events import ProbeInfo
from mav_engine.probes.attention import ATTENTION_ENTROPY
from mav_engine.probes.base import Probe
from mav_engine.probes.distribution import DISTRIBUTION
from mav_engine.probes.norms import MLP, RESIDUAL
from mav_engine.probes.predictions import PREDICTIONS

PROBES: dict[str, Probe] = {
    probe.name: probe for probe in (PREDICTIONS, DISTRIBUTION, RESIDUAL, MLP, ATTENTION_ENTROPY)
}


def captured(names: Sequence[str], capabilities: Sequence[str], model: str) -> list[Probe]:
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
        if name not in capabilities:
            raise InvalidSettings(
                f"{model} cannot give the probe {name}; it gives {', '.join(capabilities)}.",
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
