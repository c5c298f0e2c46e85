"""`top`: the likeliest tokens, and the effect of the sampling controls on them.

Probabilities are the softmax of the raw logits; the controls are those of transformers.
"""

from __future__ import annotations

import numpy as np

from mav_engine.contract.arrays import floats
from mav_engine.contract.events import Candidate
from mav_engine.probes.base import Measured, Probe, StepContext


def measure(context: StepContext) -> Measured:
    """`top_n` rows, best first; logit and prob are the model's own, before any control."""
    choice = context.choice
    logits, probs = context.prediction.top_numbers(context.settings.top_n)
    texts = context.vocabulary.labels(choice.top_ids)
    drawn = choice.sampled_probs
    if choice.kept > 1:
        drawn = floats(np.array(drawn, dtype=np.float32))
    return {"top": list(map(Candidate, choice.top_ids, texts, logits, probs, drawn, choice.cut_by))}


PREDICTIONS = Probe(
    name="predictions",
    unit="logit, probability",
    shape="[top_n]",
    hook_point="logits",
    needs=frozenset(),
    section="token",
    measure=measure,
    always=True,
)
