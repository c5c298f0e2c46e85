"""`distribution`: the shape of the raw prediction over the whole vocabulary.

The entropy is Shannon's (1948); its exponential is the perplexity of the one prediction.
"""

from __future__ import annotations

import math

from mav_engine.contract.events import Distribution
from mav_engine.probes.base import Measured, Probe, Scene


def measure(scene: Scene) -> Measured:
    """Mass by rank [20 bins], entropy in nats, exp(entropy); how many tokens could be drawn, and
    the entropy of what was drawn from."""
    prediction = scene.prediction
    return {
        "distribution": Distribution(
            rank_bins=prediction.rank_mass(scene.rank_bin_edges),
            entropy=prediction.entropy,
            effective_tokens=math.exp(prediction.entropy),
            kept=scene.choice.kept,
            sampled_entropy=scene.choice.sampled_entropy,
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
