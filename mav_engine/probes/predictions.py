"""`top`: the likeliest tokens, and what the sampling controls did to them.

Probabilities are the softmax of the raw logits; the controls are those of transformers.
"""

from __future__ import annotations

import numpy as np

from mav_engine.arrays import floats
from mav_engine.events import Candidate
from mav_engine.probes.base import Measured, Probe, Scene


def measure(scene: Scene) -> Measured:
    """`top_n` rows, best first; logit and prob are the model's own, before any control."""
    choice, prediction = scene.choice, scene.prediction
    ids = choice.top_ids
    logits = floats(prediction.logits[ids])
    probs = floats(prediction.probs[ids])
    sampled = floats(np.array(choice.sampled_probs, dtype=np.float32))
    label = scene.vocabulary.label
    rows = zip(ids, logits, probs, sampled, choice.cut_by, strict=True)
    return {"top": [Candidate(i, label(i), logit, p, q, cut) for i, logit, p, q, cut in rows]}


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
