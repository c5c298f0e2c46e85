"""Probes: what can be measured of a step.

A probe is a name, a unit, the hook points it needs and one pure function over numpy arrays.
Built-ins and plugins enter by the same door, `Probe`; `PROBES` holds what is registered.
"""

from mav_engine.probes.base import Measured, Probe, Scene
from mav_engine.probes.registry import PROBES, capabilities, captured, probe_infos

__all__ = ["PROBES", "Measured", "Probe", "Scene", "capabilities", "captured", "probe_infos"]
