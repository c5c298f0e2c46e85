"""Hook points, and the tensors that one step of a model leaves at them.

    tokens ─▶ embedding ─▶ resid_pre 0 ─┬─▶ attention ─▶ attn_out ─┐
                                        └────────────▶ + ◀─────────┘─┬─▶ MLP ─▶ mlp_out ─┐
                                                                     └──────▶ + ◀────────┘
    ─▶ resid_post 0 = resid_pre 1 ─▶ … ─▶ resid_post n-1 ─▶ final norm ─▶ unembedding ─▶ logits

A step is always about one position: the last one that the model has read, which predicts the
next token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mav_engine.contract.arrays import Floats
from mav_engine.generation.prediction import Prediction

HookPoint = Literal["resid", "mlp_out", "attn_out", "pattern", "full_pattern", "lens"]
"""`full_pattern` is the pattern of every query of the prompt, not of its last one only."""


Reduction = Callable[[Floats], Floats]
"""[..., n] to [...]: one number for each vector along the last axis."""


class Beside:
    """What runs that stepped together left at a hook point, [rows, runs, …], and what was reduced
    of it: one call for all runs, since a call of numpy costs more than its work does."""

    def __init__(self, values: Floats) -> None:
        self.values = values
        self._reduced: dict[Reduction, Floats] = {}

    def reduced(self, how: Reduction) -> Floats:
        """[rows, runs, …] without the last axis."""
        if how not in self._reduced:
            self._reduced[how] = how(self.values)
        return self._reduced[how]


@dataclass(slots=True)
class Step:
    """What one forward pass left behind, for the last position it read.

    What was not asked for is None; a layer without the part is a row of NaN.
    """

    logits: Floats
    """[vocabulary] raw next-token scores."""
    n_keys: int
    """How many positions the model has read."""
    elapsed_ms: float
    """Milliseconds of the forward pass."""
    resid: Floats | None = None
    """[n_layers + 1, d_model] row 0 is the embedding (resid_pre of layer 0), row i the
    resid_post of layer i - 1; the last row is before the final norm."""
    mlp_out: Floats | None = None
    """[n_layers, d_model] output of each MLP block."""
    attn_out: Floats | None = None
    """[n_layers, d_model] output of each attention block."""
    pattern: Floats | None = None
    """[n_layers, n_heads, n_keys] attention of the last query, after the softmax."""
    lens: Floats | None = None
    """[n_layers, vocabulary] each resid_post through the final norm and the unembedding."""
    prediction: Prediction | None = None
    """What follows from the logits, once it is computed; where several runs step together it
    comes with the step."""
    beside: Mapping[HookPoint, tuple[Beside, int]] = field(default_factory=dict)
    """Where several runs step together: what all of them left, and which of them this is."""

    def reduced(self, point: HookPoint, how: Reduction) -> Floats | None:
        """One number for each vector at `resid`, `mlp_out`, `attn_out` or `pattern`; None where
        there are none."""
        values: Floats | None = getattr(self, point)
        if values is None or point not in self.beside:
            return None if values is None else how(values)
        all_runs, run = self.beside[point]
        return all_runs.reduced(how)[:, run]


@dataclass(slots=True)
class PromptReading:
    """What the model thought of the prompt it has read."""

    logprobs: list[float | None]
    """For each token its log-probability (nats) given those before; None for the first."""
    entropies: list[float | None]
    """Entropy (nats) of the prediction of each token; None for the first."""
    step: Step
    """The step at the prompt's last position."""
    pattern: Floats | None = None
    """[n_layers, n_heads, n_queries, n_keys] attention of every query; None if not asked."""
