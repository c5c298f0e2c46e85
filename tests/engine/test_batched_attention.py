"""A few tokens of one text, read at once: the numbers that the model's own pass has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mav_engine.backends import load_backend
from mav_engine.backends.hf import decoders
from mav_engine.backends.hf.session import TransformersSession
from mav_engine.backends.hf.shared_session import PASSAGE
from mav_engine.backends.inference.kernels.ops import BY_NUMPY, BY_TORCH, Arithmetic
from mav_engine.generation.capture import HookPoint, PromptReading
from tests.engine.conftest import Case
from tests.engine.test_batching import assert_vectors_close

POINTS: tuple[HookPoint, ...] = ("resid", "mlp_out", "attn_out", "pattern", "full_pattern", "lens")
MEASURED = ("logits", "resid", "mlp_out", "attn_out", "pattern", "lens")


def read_by_the_model(backend: Any, ids: list[int]) -> PromptReading:
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


def assert_same_reading(ours: PromptReading, theirs: PromptReading) -> None:
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


@pytest.mark.parametrize("length", [1, 2, 7, PASSAGE, PASSAGE + 1])
def test_a_prompt_has_the_numbers_of_the_models_own_pass(case: Case, length: int) -> None:
    ids = [*range(100, 100 + length)]
    session = case.backend.open(POINTS, 64)
    assert_same_reading(session.prefill(ids), read_by_the_model(case.backend, ids))
    session.close()


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("arithmetic", [BY_NUMPY, BY_TORCH])
def test_short_prompts_are_not_read_by_the_models_own_pass(
    make_case: Callable[[str], Case],
    kind: str,
    arithmetic: Arithmetic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoders, "BY_NUMPY", arithmetic)
    backend: Any = load_backend(str(make_case(kind).folder))
    ids = [*range(100, 100 + PASSAGE)]
    expected = read_by_the_model(backend, ids)
    passes: list[int] = []
    backend._model.register_forward_pre_hook(lambda *_: passes.append(1))
    session = backend.open(POINTS, 64)
    assert_same_reading(session.prefill(ids), expected)
    assert passes == []
    session.close()


def test_what_does_not_fit_in_memory_at_once_is_read_in_halves(
    fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [*range(100, 110)]
    expected = read_by_the_model(fresh, ids)
    step, read = fresh._batch_decoder._decoder.step, []

    def small(given: list[int], *rest: Any) -> Any:
        if len(given) > 3:
            raise torch.OutOfMemoryError("no room")
        read.append(len(given))
        return step(given, *rest)

    monkeypatch.setattr(fresh._batch_decoder._decoder, "step", small)
    session = fresh.open(POINTS, 64)
    assert_same_reading(session.prefill(ids), expected)
    assert read == [2, 3, 2, 3]
    session.close()
