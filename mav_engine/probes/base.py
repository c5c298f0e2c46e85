"""The door by which every probe enters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mav_engine.capture import HookPoint, Step
from mav_engine.prediction import Prediction
from mav_engine.settings import RunSettings
from mav_engine.text import Vocabulary

if TYPE_CHECKING:
    # Descriptions of probes must be had without torch, which sampling brings in.
    from mav_engine.sampling import Choice

Measured = Mapping[str, Any]
"""Fields of the event, by name."""


@dataclass(slots=True)
class Scene:
    """All that a probe may look at: one step, what it predicted and what was chosen."""

    step: Step
    prediction: Prediction
    choice: Choice
    settings: RunSettings
    vocabulary: Vocabulary
    rank_bin_edges: list[int]


@dataclass(frozen=True, slots=True)
class Probe:
    """One measurement of a step."""

    name: str
    unit: str
    shape: str
    """Axes of its arrays, by name."""
    hook_point: str
    """The tensors that it reads, in the words of the field."""
    needs: frozenset[HookPoint]
    """What must be captured for it; nothing is captured that no probe needs."""
    section: Literal["token", "layers"]
    """The part of the token event that its fields stand in."""
    measure: Callable[[Scene], Measured]
    always: bool = False
    """Whether every run measures it, asked for or not."""
