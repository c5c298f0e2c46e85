"""`attention_entropy` and `attention_rows`: where each head attends, and how broadly.

The pattern is softmax(q k^T / sqrt(d_head)) with what the architecture adds to it (Vaswani et al.,
"Attention is all you need", 2017); its entropy follows Clark et al., "What does BERT look at?"
(2019).
"""

from __future__ import annotations

import math

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.probes.base import Measured, Probe, StepContext


def pattern_entropy(pattern: Floats) -> Floats:
    """Entropy -sum(p ln p) in nats of [..., n_keys] along the keys, with 0 ln 0 = 0."""
    logs = np.log(np.maximum(pattern, np.finfo(np.float32).tiny))
    # Subtracting from zero avoids -0 for a head that attends to a single key.
    entropy: Floats = np.float32(0) - np.vecdot(pattern, logs)
    return entropy


def measure(context: StepContext) -> Measured:
    """[n_layers, n_heads] entropies of the last query, and their maximum ln(n_keys)."""
    entropies = context.step.reduced("pattern", pattern_entropy)
    if entropies is None:
        return {}
    return {
        "attn_entropy": entropies,
        "attn_entropy_max": math.log(context.step.n_keys),
    }


def measure_rows(context: StepContext) -> Measured:
    """[n_layers, n_heads, n_keys] pattern of the last query; each row sums to 1."""
    return {"attention_rows": context.step.pattern}


ATTENTION_ROWS = Probe(
    name="attention_rows",
    unit="share of attention",
    shape="[n_layers][n_heads][keys]",
    hook_point="pattern, last query",
    needs=frozenset({"pattern"}),
    section="token",
    measure=measure_rows,
)

ATTENTION_ENTROPY = Probe(
    name="attention_entropy",
    unit="nats",
    shape="[n_layers][n_heads]",
    hook_point="pattern, last query",
    needs=frozenset({"pattern"}),
    section="layers",
    measure=measure,
)
