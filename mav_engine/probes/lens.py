"""`logit_lens`: what each layer would predict if the model ended there.

nostalgebraist, "interpreting GPT: the logit lens" (2020).
"""

from __future__ import annotations

import numpy as np

from mav_engine.contract.arrays import Floats, floats
from mav_engine.contract.events import LensRow
from mav_engine.generation.capture import Step
from mav_engine.probes.base import ColumnContext, Measured, Probe, StepContext
from mav_engine.text.tokens import Vocabulary


def measure(context: StepContext) -> Measured:
    """[n_layers] each: the layer's likeliest token, its probability, and the rank of the emitted
    token; resid_post is passed through the final norm and the unembedding."""
    return _rows(context.step, context.choice.token_id, context.vocabulary)


def measure_column(context: ColumnContext) -> Measured:
    """The same, with the rank of the prompt's next token."""
    return _rows(context.step, context.next_id, context.vocabulary)


def _rows(step: Step, token_id: int, vocabulary: Vocabulary) -> Measured:
    if step.lens is None:
        return {}
    # Layer by layer, since the logits of one layer fit in the processor's caches.
    layers = [_likeliest(layer, token_id) for layer in step.lens]
    best, totals, ranks = zip(*layers, strict=True)
    label = vocabulary.label
    rows = zip(best, floats(np.float32(1) / np.array(totals, np.float32)), ranks, strict=True)
    return {"logit_lens": [LensRow(i, label(i), prob, rank) for i, prob, rank in rows]}


def _likeliest(logits: Floats, token_id: int) -> tuple[int, np.float32, int]:
    """Id of the largest of logits [vocabulary], the sum of e^(logit - largest), a token's rank."""
    best = int(logits.argmax())
    shifted = logits - logits[best]
    rank = int(np.count_nonzero(logits > logits[token_id]))
    # numpy sums pairwise, so float32 keeps six digits over a vocabulary.
    return best, np.exp(shifted, out=shifted).sum(), rank


LOGIT_LENS = Probe(
    name="logit_lens",
    unit="probability, rank",
    shape="[n_layers]",
    hook_point="resid_post, through the final norm and the unembedding",
    needs=frozenset({"resid", "lens"}),
    section="token",
    measure=measure,
    measure_column=measure_column,
)
