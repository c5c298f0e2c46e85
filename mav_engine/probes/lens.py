"""`logit_lens`: what each layer would say if the model ended there.

nostalgebraist, "interpreting GPT: the logit lens" (2020).
"""

from __future__ import annotations

import numpy as np

from mav_engine.contract.arrays import Floats, floats
from mav_engine.contract.events import LensRow
from mav_engine.probes.base import Measured, Probe, Scene


def measure(scene: Scene) -> Measured:
    """A row [n_layers] each: the layer's likeliest token, its probability, and the rank that the
    emitted token has there; read from resid_post by the final norm and the unembedding."""
    logits = scene.step.lens
    if logits is None:
        return {}
    # Layer by layer: one layer's vocabulary stays in the processor's caches.
    looks = [_look(layer, scene.choice.token_id) for layer in logits]
    best, totals, ranks = zip(*looks, strict=True)
    label = scene.vocabulary.label
    rows = zip(best, floats(np.float32(1) / np.array(totals, np.float32)), ranks, strict=True)
    return {"logit_lens": [LensRow(i, label(i), prob, rank) for i, prob, rank in rows]}


def _look(logits: Floats, token_id: int) -> tuple[int, np.float32, int]:
    """The likeliest of logits [vocabulary], the sum of e^(logit - its), and a token's rank."""
    best = int(logits.argmax())
    shifted = logits - logits[best]
    rank = int(np.count_nonzero(logits > logits[token_id]))
    # numpy adds pairwise: over a vocabulary float32 keeps six digits.
    return best, np.exp(shifted, out=shifted).sum(), rank


LOGIT_LENS = Probe(
    name="logit_lens",
    unit="probability, rank",
    shape="[n_layers]",
    hook_point="resid_post, through the final norm and the unembedding",
    needs=frozenset({"resid", "lens"}),
    section="token",
    measure=measure,
)
