"""`attention_entropy` and `attention_rows`: where each head looks, and how spread out.

The pattern is softmax(q k^T / sqrt(d_head)) with what the architecture adds to it (Vaswani et al.,
"Attention is all you need", 2017); its entropy follows Clark et al., "What does BERT look at?"
(2019).
"""

from __future__ import annotations

import math

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.probes.base import Measured, Probe, Scene


def pattern_entropy(pattern: Floats) -> Floats:
    """Entropy -sum(p ln p) in nats of [..., n_keys] along the keys, with 0 ln 0 = 0."""
    logs = np.log(np.maximum(pattern, np.finfo(np.float32).tiny))
    # Subtracting from zero gives a head that looks at one key only 0, not -0.
    entropy: Floats = np.float32(0) - np.vecdot(pattern, logs)
    return entropy


def measure(scene: Scene) -> Measured:
    """[n_layers, n_heads] entropies of the last query, and ln(n_keys), their ceiling."""
    entropies = scene.step.reduced("pattern", pattern_entropy)
    if entropies is None:
        return {}
    return {
        "attn_entropy": entropies,
        "attn_entropy_max": math.log(scene.step.n_keys),
    }


def measure_rows(scene: Scene) -> Measured:
    """[n_layers, n_heads, n_keys]: what the last query looks at; each row sums to 1."""
    return {"attention_rows": scene.step.pattern}


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
