"""`sampler_stages`: the way of the prediction through the sampling controls, one by one.

The controls are those of transformers, in its order; what could be drawn after each is kept while
the token is chosen, so nothing is computed a second time in another way.
"""

from __future__ import annotations

from mav_engine.probes.base import Measured, Probe, Scene


def measure(scene: Scene) -> Measured:
    """A row for each control that was active: how many tokens it left, and the probability
    [top_n] of each row of `top` after it."""
    return {"sampler_stages": scene.choice.stages}


SAMPLER_STAGES = Probe(
    name="sampler_stages",
    unit="probability, tokens",
    shape="[controls][top_n]",
    hook_point="logits, after each sampling control",
    needs=frozenset(),
    section="token",
    measure=measure,
)
