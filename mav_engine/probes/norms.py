"""`residual` and `mlp`: the norms of a layer's vectors.

The hook points are those that TransformerLens calls resid_pre, resid_post, mlp_out and attn_out;
the residual stream is Elhage et al., "A mathematical framework for transformer circuits" (2021).
"""

from __future__ import annotations

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.generation.capture import Reduction
from mav_engine.probes.base import ColumnContext, Measured, Probe, StepContext
from mav_engine.settings import Aggregation


def _l2(rows: Floats) -> Floats:
    norms: Floats = np.sqrt(np.vecdot(rows, rows))
    return norms


def _rms(rows: Floats) -> Floats:
    return _l2(rows) / np.float32(np.sqrt(rows.shape[-1]))


def _max_abs(rows: Floats) -> Floats:
    peaks: Floats = np.abs(rows).max(axis=-1)
    return peaks


def _mean_abs(rows: Floats) -> Floats:
    means: Floats = np.abs(rows).mean(axis=-1)
    return means


_AGGREGATIONS: dict[Aggregation, Reduction] = {
    "l2": _l2,
    "max_abs": _max_abs,
    "mean_abs": _mean_abs,
    "rms": _rms,
}


def measure_residual(context: StepContext | ColumnContext) -> Measured:
    """[n_layers + 1]: the embedding, then the residual stream after each layer."""
    how = _AGGREGATIONS[context.settings.aggregation]
    return {"resid_norm": context.step.reduced("resid", how)}


def measure_blocks(context: StepContext | ColumnContext) -> Measured:
    """[n_layers] each: outputs of the MLP and of the attention blocks."""
    how = _AGGREGATIONS[context.settings.aggregation]
    return {
        "mlp_norm": context.step.reduced("mlp_out", how),
        "attn_norm": context.step.reduced("attn_out", how),
    }


RESIDUAL = Probe(
    name="residual",
    unit="activation, by the run's aggregation",
    shape="[n_layers + 1]",
    hook_point="resid_pre 0, resid_post",
    needs=frozenset({"resid"}),
    section="layers",
    measure=measure_residual,
    measure_column=measure_residual,
)

MLP = Probe(
    name="mlp",
    unit="activation, by the run's aggregation",
    shape="[n_layers]",
    hook_point="mlp_out, attn_out",
    needs=frozenset({"mlp_out", "attn_out"}),
    section="layers",
    measure=measure_blocks,
    measure_column=measure_blocks,
    partial=True,
)
