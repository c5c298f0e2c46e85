"""Watching a model learn: in any training loop, or as a callback of transformers' Trainer.

Its names are imported on first use: the server reads recordings without the client that sends them,
and without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mav_engine.training.callback import MAVCallback
    from mav_engine.training.recording import Snapshot, replay_training
    from mav_engine.training.watch import Cost, TrainingWatch

__all__ = ["Cost", "MAVCallback", "Snapshot", "TrainingWatch", "replay_training"]

_HOMES = {
    "Cost": "watch",
    "MAVCallback": "callback",
    "Snapshot": "recording",
    "TrainingWatch": "watch",
    "replay_training": "recording",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
