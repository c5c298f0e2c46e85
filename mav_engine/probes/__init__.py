"""Probes: what can be measured of a step.

A probe is a name, a unit, the hook points it needs and one pure function over numpy arrays.
Built-ins and plugins are registered in the same way: an entry point that names a `Probe`.
"""

from mav_engine.probes.base import FitContext, Measured, Plan, Probe, StepContext
from mav_engine.probes.registry import capabilities, captured, names, probe_infos

__all__ = [
    "FitContext",
    "Measured",
    "Plan",
    "Probe",
    "StepContext",
    "capabilities",
    "captured",
    "names",
    "probe_infos",
]
