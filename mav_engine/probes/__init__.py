"""Probes: what can be measured of a step.

A probe is a name, a unit, the hook points it needs and one pure function over numpy arrays.
Built-ins and plugins enter by the same door: an entry point that names a `Probe`.
"""

from mav_engine.probes.base import Groundwork, Measured, Plan, Probe, Scene
from mav_engine.probes.registry import capabilities, captured, names, probe_infos

__all__ = [
    "Groundwork",
    "Measured",
    "Plan",
    "Probe",
    "Scene",
    "capabilities",
    "captured",
    "names",
    "probe_infos",
]
