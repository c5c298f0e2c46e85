"""`sampler_stages`: the prediction after each sampling control.

The controls are those of transformers, in its order. The sampler records them while it chooses the
token, so nothing is computed twice.
"""

from __future__ import annotations

from mav_engine.probes.base import Measured, Probe, StepContext


def measure(context: StepContext) -> Measured:
    """A row for each active control: the number of tokens it left, and the probability [top_n] of
    each row of `top` after it."""
    return {"sampler_stages": context.choice.stages}


SAMPLER_STAGES = Probe(
    name="sampler_stages",
    unit="probability, tokens",
    shape="[controls][top_n]",
    hook_point="logits, after each sampling control",
    needs=frozenset(),
    section="token",
    measure=measure,
)
