"""A probe: how unevenly each head spreads its attention over the keys."""

import numpy as np

from mav_engine.probes import Probe


def measure(context):
    """[n_layers, n_heads] Gini coefficient of the last query's attention; 0 is even, 1 one key."""
    shares = np.sort(context.step.pattern, axis=-1)
    keys = shares.shape[-1]
    return {"by_head": 1 + 1 / keys - 2 * shares.cumsum(-1).sum(-1) / keys}


GINI = Probe(
    name="gini",
    unit="none",
    shape="[n_layers][n_heads]",
    hook_point="pattern, last query",
    needs=frozenset({"pattern"}),
    section="extra",
    measure=measure,
)
