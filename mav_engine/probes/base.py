"""The interface of a probe: `Probe`, and the values that its functions receive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.generation.capture import HookPoint, PrefillResult, Step
from mav_engine.generation.prediction import Prediction
from mav_engine.settings import RunSettings
from mav_engine.text.tokens import Vocabulary

if TYPE_CHECKING:
    # Probe descriptions must be available without torch, which sampling imports.
    from mav_engine.generation.sampler import Choice

Measured = Mapping[str, Any]
"""Fields of the event, by name."""


@dataclass(slots=True)
class StepContext:
    """The input of a probe's `measure`: one step, its prediction and the chosen token."""

    step: Step
    prediction: Prediction
    choice: Choice
    settings: RunSettings
    vocabulary: Vocabulary
    rank_bin_edges: list[int]
    index: int = 0
    """Index of the new token, from 0."""
    pattern_map: Floats | None = None
    """[n_layers, n_heads, n_keys, n_keys] attention of every query so far; None unless a probe
    needs `full_pattern` and `attn_every` is set."""
    fitted: Mapping[str, Any] = field(default_factory=dict)
    """The result of each probe's `fit`, by probe name."""


@dataclass(frozen=True, slots=True)
class ColumnContext:
    """The input of a probe's `measure_column`: a position of the prompt before its last one."""

    step: Step
    """What was captured there; it predicts nothing."""
    settings: RunSettings
    vocabulary: Vocabulary
    next_id: int
    """The next token of the prompt."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that has not started: the input of a probe's `check`."""

    settings: RunSettings
    model: ModelInfo
    prompt_tokens: int
    new_tokens: int
    """Upper limit of new tokens."""


@dataclass(frozen=True, slots=True)
class FitContext:
    """The input of a probe's `fit`, which is called once a run, between prompt and first token."""

    settings: RunSettings
    activations: Callable[[HookPoint], Floats | None]
    """Returns [rows, positions, d_model] of `resid`, `mlp_out` or `attn_out` (rows as in `Step`) at
    the first positions of the prompt and all positions of the calibration text; None where the
    model has no such vectors."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One measurement of a step."""

    name: str
    unit: str
    shape: str
    """Names of the axes of its arrays, such as `[n_layers][n_heads]`."""
    hook_point: str
    """The tensors it measures, by their usual names."""
    needs: frozenset[HookPoint]
    """Hook points to capture. Points that no probe needs are not captured."""
    section: Literal["token", "layers", "extra"]
    """The part of the token event that holds its fields; `extra` for plugins."""
    measure: Callable[[StepContext], Measured]
    measure_prompt: Callable[[PrefillResult], Measured] | None = None
    """Returns the probe's fields of the prompt event; built-ins only."""
    measure_column: Callable[[ColumnContext], Measured] | None = None
    """Returns its fields of a column of the prompt, in the same section; built-ins only."""
    fit: Callable[[FitContext], Any] | None = None
    """Computes something once before the first token; the result is in `StepContext.fitted`."""
    check: Callable[[Plan], None] | None = None
    """Raises InvalidSettings if the run would exceed the probe's limits; built-ins only."""
    needs_by: Callable[[RunSettings], frozenset[HookPoint]] | None = None
    """Further hook points for these settings; if the model lacks them, the fields are null."""
    partial: bool = False
    """Whether the probe also runs on models that have only some of its hook points."""
    always: bool = False
    """Whether every run measures it, even if `capture` does not name it; not for plugins."""

    def points(self, settings: RunSettings) -> frozenset[HookPoint]:
        """The hook points to capture in a run with these settings."""
        return self.needs | (self.needs_by(settings) if self.needs_by else frozenset())
