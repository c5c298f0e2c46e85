"""Hook points, and the tensors that one decode step captures at them.

    tokens ─▶ embedding ─▶ resid_pre 0 ─┬─▶ attention ─▶ attn_out ─┐
                                        └────────────▶ + ◀─────────┘─┬─▶ MLP ─▶ mlp_out ─┐
                                                                     └──────▶ + ◀────────┘
    ─▶ resid_post 0 = resid_pre 1 ─▶ … ─▶ resid_post n-1 ─▶ final norm ─▶ unembedding ─▶ logits

A step describes one position: the last one in the context, which predicts the next token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from mav_engine.contract.arrays import Floats
from mav_engine.generation.prediction import Prediction

HookPoint = Literal["resid", "mlp_out", "attn_out", "pattern", "full_pattern", "lens"]
"""`full_pattern` is the pattern of every query of the prompt, not only of the last one."""


Reduction = Callable[[Floats], Floats]
"""Maps [rows, ...] to an array whose first axes are rows and, in a batch, runs: numbers of each
vector along the last axis, or of all vectors of a run."""


class BatchShared:
    """The values of all runs of a batch at one hook point, [rows, runs, …], and their reductions.

    A reduction is computed once for all runs, because the overhead of a numpy call exceeds the
    work on a single run.

    Args:
        values: [rows, runs, …].
        compiled: faster forms of some reductions.
    """

    def __init__(
        self, values: Floats, compiled: Mapping[Reduction, Reduction] = MappingProxyType({})
    ) -> None:
        self.values = values
        self._compiled = compiled
        self._reduced: dict[Reduction, Floats] = {}

    def reduced(self, how: Reduction) -> Floats:
        """The values reduced for each run: [runs, rows, …], in C order."""
        if how not in self._reduced:
            by_row = self._compiled.get(how, how)(self.values)
            self._reduced[how] = by_row.swapaxes(0, 1).copy()
        return self._reduced[how]


@dataclass(slots=True)
class Step:
    """What one forward pass captured at its last position.

    Points that were not captured are None; a layer that lacks the part is a row of NaN.
    """

    logits: Floats
    """[vocabulary] raw next-token scores; may be empty before the last position of a prompt."""
    n_keys: int
    """Positions in the KV cache, this one included."""
    elapsed_ms: float
    """Duration of the forward pass."""
    resid: Floats | None = None
    """[n_layers + 1, d_model]; row 0 is the embedding (resid_pre of layer 0), row i the
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
    """The prediction of these logits, computed on first use; batched steps come with it."""
    shared: Mapping[HookPoint, tuple[BatchShared, int]] = field(default_factory=dict)
    """For batched steps, by hook point: the values of the whole batch, and this run's index."""

    def reduced(self, point: HookPoint, how: Reduction) -> Floats | None:
        """The values at `resid`, `mlp_out`, `attn_out` or `pattern`, reduced; None if the point was
        not captured."""
        values: Floats | None = getattr(self, point)
        if values is None or point not in self.shared:
            return None if values is None else how(values)
        all_runs, run = self.shared[point]
        reduced: Floats = all_runs.reduced(how)[run]
        return reduced


@dataclass(slots=True)
class PrefillResult:
    """The model's scores of the prompt's own tokens, and the step at its last position."""

    logprobs: list[float | None]
    """Log-probability of each token given those before it, in nats; None for the first."""
    entropies: list[float | None]
    """Entropy of the prediction of each token, in nats; None for the first."""
    step: Step
    """The step at the prompt's last position."""
    pattern: Floats | None = None
    """[n_layers, n_heads, n_queries, n_keys] attention of every query; None if not captured."""
