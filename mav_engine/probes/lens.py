"""`logit_lens`: what each layer would say if the model ended there.

nostalgebraist, "interpreting GPT: the logit lens" (2020).
"""

from __future__ import annotations

import numpy as np

from mav_engine.arrays import floats
from mav_engine.events import LensRow
from mav_engine.probes.base import Measured, Probe, Scene


def measure(scene: Scene) -> Measured:
    """A row [n_layers] each: the layer's likeliest token, its probability, and the rank that the
    emitted token has there; read from resid_post by the final norm and the unembedding."""
    logits = scene.step.lens
    if logits is None:
        return {}
    best = logits.argmax(axis=-1)
    # numpy adds pairwise: over a vocabulary float32 keeps six digits.
    shifted = logits - np.take_along_axis(logits, best[:, None], axis=-1)
    probs = 1 / np.exp(shifted, out=shifted).sum(axis=-1)
    emitted = logits[:, scene.choice.token_id]
    ranks = np.count_nonzero(logits > emitted[:, None], axis=-1)
    rows = zip(best.tolist(), floats(probs), ranks.tolist(), strict=True)
    label = scene.vocabulary.label
    return {"logit_lens": [LensRow(i, label(i), prob, rank) for i, prob, rank in rows]}


LOGIT_LENS = Probe(
    name="logit_lens",
    unit="probability, rank",
    shape="[n_layers]",
    hook_point="resid_post, through the final norm and the unembedding",
    needs=frozenset({"resid", "lens"}),
    section="token",
    measure=measure,
)
