"""`distribution`: the shape of the raw prediction over the whole vocabulary.

The entropy is Shannon's (1948); its exponential is the perplexity of the one prediction.
"""

from __future__ import annotations

import math

from mav_engine.contract.events import Distribution
from mav_engine.probes.base import Measured, Probe, StepContext


def measure(context: StepContext) -> Measured:
    """Mass by rank [20 bins], entropy in nats, exp(entropy), the number of tokens left by the
    sampling controls, and the entropy of the sampled distribution."""
    prediction = context.prediction
    return {
        "distribution": Distribution(
            rank_bins=prediction.rank_mass(context.rank_bin_edges),
            entropy=prediction.entropy,
            effective_tokens=math.exp(prediction.entropy),
            kept=context.choice.kept,
            sampled_entropy=context.choice.sampled_entropy,
        )
    }


DISTRIBUTION = Probe(
    name="distribution",
    unit="probability mass, nats, tokens",
    shape="[rank_bins]",
    hook_point="logits",
    needs=frozenset(),
    section="token",
    measure=measure,
    always=True,
)
