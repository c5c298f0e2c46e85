"""The door by which every probe enters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.generation.capture import HookPoint, PromptReading, Step
from mav_engine.generation.prediction import Prediction
from mav_engine.settings import RunSettings
from mav_engine.text.tokens import Vocabulary

if TYPE_CHECKING:
    # Descriptions of probes must be had without torch, which sampling brings in.
    from mav_engine.generation.sampler import Choice

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
    index: int = 0
    """Counts the new tokens from 0."""
    pattern_map: Floats | None = None
    """[n_layers, n_heads, n_keys, n_keys] attention of every query so far, where a probe needs
    `full_pattern` and `attn_every` asks for maps."""
    fitted: Mapping[str, Any] = field(default_factory=dict)
    """What each probe's `fit` gave, by the probe's name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before anything is computed."""

    settings: RunSettings
    model: ModelInfo
    prompt_tokens: int
    new_tokens: int
    """How many it may write at most."""


@dataclass(frozen=True, slots=True)
class Groundwork:
    """What a probe may be fitted on, once a run, between the prompt and the first token."""

    settings: RunSettings
    activations: Callable[[HookPoint], Floats | None]
    """[rows, positions, d_model] of `resid`, `mlp_out` or `attn_out`, rows as in `Step`, at the
    prompt's first positions and at all of the calibration text; None where there are none."""


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
    section: Literal["token", "layers", "extra"]
    """The part of the token event that its fields stand in; a plugin's is `extra`."""
    measure: Callable[[Scene], Measured]
    measure_prompt: Callable[[PromptReading], Measured] | None = None
    """Its fields in the prompt event, for built-ins that have some there."""
    fit: Callable[[Groundwork], Any] | None = None
    """What it must know before the first token; it finds that again in `Scene.fitted`."""
    check: Callable[[Plan], None] | None = None
    """Raises InvalidSettings where a run would ask too much of it; for built-ins."""
    needs_by: Callable[[RunSettings], frozenset[HookPoint]] | None = None
    """What more must be captured with these settings; a model without it gives null."""
    partial: bool = False
    """Whether it measures what a model has of its points, or needs all of them."""
    always: bool = False
    """Whether every run measures it, asked for or not; not for plugins."""

    def points(self, settings: RunSettings) -> frozenset[HookPoint]:
        """The hook points that it reads in a run with these settings."""
        return self.needs | (self.needs_by(settings) if self.needs_by else frozenset())
