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
    sampled = np.array(choice.sampled_probs, dtype=np.float32)
    # One conversion for all three: it costs more than the numbers do.
    numbers = floats(np.concatenate([prediction.logits[ids], prediction.probs[ids], sampled]))
    count = len(ids)
    logits, probs, drawn = (numbers[at : at + count] for at in range(0, 3 * count, count))
    texts = scene.vocabulary.labels(ids)
    return {"top": list(map(Candidate, ids, texts, logits, probs, drawn, choice.cut_by))}


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
