"""MAV: watch a language model think.

    from mav_engine import RunSettings, run
    for event in run(RunSettings(prompt="Once upon a time")):
        ...

Importing this package imports almost nothing: its names are imported on first use, and torch with
the first run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mav_engine.compat.openmav import MAV
    from mav_engine.contract.events import Event
    from mav_engine.errors import MavError
    from mav_engine.results.notebook import show
    from mav_engine.results.result import RunRecord, collect
    from mav_engine.running.run import run
    from mav_engine.settings import RunSettings
    from mav_engine.terminal.panel_base import PanelBase
    from mav_engine.training.callback import MAVCallback
    from mav_engine.training.watch import TrainingWatch

__version__ = "0.1.0"

__all__ = [
    "MAV", "Event", "MAVCallback", "MavError", "PanelBase", "RunRecord", "RunSettings",
    "TrainingWatch", "__version__", "collect", "run", "show",
]  # fmt: skip

_HOMES = {
    "Event": "mav_engine.contract.events",
    "MAV": "mav_engine.compat.openmav",
    "MAVCallback": "mav_engine.training.callback",
    "MavError": "mav_engine.errors",
    "PanelBase": "mav_engine.terminal.panel_base",
    "RunRecord": "mav_engine.results.result",
    "RunSettings": "mav_engine.settings",
    "TrainingWatch": "mav_engine.training.watch",
    "collect": "mav_engine.results.result",
    "run": "mav_engine.running.run",
    "show": "mav_engine.results.notebook",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
