"""Watching a model learn: in any training loop, or as a callback of transformers' Trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mav_engine.training.recording import Look, replay_training
from mav_engine.training.watch import Cost, TrainingWatch

if TYPE_CHECKING:
    from mav_engine.training.callback import MAVCallback

__all__ = ["Cost", "Look", "MAVCallback", "TrainingWatch", "replay_training"]


def __getattr__(name: str) -> Any:
    if name == "MAVCallback":  # brings transformers and torch along
        from mav_engine.training.callback import MAVCallback

        return MAVCallback
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
