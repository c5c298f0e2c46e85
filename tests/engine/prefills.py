"""Prefills by the model's own forward pass, and comparisons with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from mav_engine.backends.hf.session import TransformersSession
from mav_engine.generation.capture import HookPoint, PrefillResult
from tests.engine.runs import assert_vectors_close

POINTS: tuple[HookPoint, ...] = ("resid", "mlp_out", "attn_out", "pattern", "full_pattern", "lens")
MEASURED = ("logits", "resid", "mlp_out", "attn_out", "pattern", "lens")


def read_by_the_model(backend: Any, ids: list[int]) -> PrefillResult:
    session = TransformersSession(
        backend._model,
        backend._n_layers,
        POINTS,
        64,
        scheduler=backend._scheduler,
        lens=backend._lens,
        layout=backend._layout,
    )
    return session.prefill(ids)


def assert_same_reading(ours: PrefillResult, theirs: PrefillResult) -> None:
    assert ours.step.n_keys == theirs.step.n_keys
    for name in MEASURED:
        assert_vectors_close(getattr(ours.step, name), getattr(theirs.step, name))
    assert ours.pattern is not None
    assert theirs.pattern is not None
    assert_vectors_close(ours.pattern, theirs.pattern)
    for one, other in ((ours.logprobs, theirs.logprobs), (ours.entropies, theirs.entropies)):
        assert one[0] is None
        assert other[0] is None
        np.testing.assert_allclose(one[1:], other[1:], rtol=1e-4, atol=1e-5)
