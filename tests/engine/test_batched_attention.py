"""A few tokens of one text, read at once: the numbers that the model's own pass has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mav_engine.backends.hf import decoders
from mav_engine.backends.inference.kernels.arithmetic import Arithmetic
from mav_engine.backends.inference.kernels.blas import multiplied
from mav_engine.backends.inference.kernels.ops import NUMPY_ARITHMETIC, TORCH_ARITHMETIC
from mav_engine.backends.inference.session import DECODER_CHUNK
from tests.engine.conftest import Case, load_by_transformers
from tests.engine.prefills import POINTS, assert_same_reading, read_by_the_model


@pytest.mark.parametrize("length", [1, 2, 7, DECODER_CHUNK, DECODER_CHUNK + 1])
def test_a_prompt_has_the_numbers_of_the_models_own_pass(case: Case, length: int) -> None:
    ids = [*range(100, 100 + length)]
    for backend in case.backends:
        session = backend.open(POINTS, 64)
        assert_same_reading(session.prefill(ids), read_by_the_model(case.by_transformers, ids))
        session.close()


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("arithmetic", [NUMPY_ARITHMETIC, TORCH_ARITHMETIC])
def test_short_prompts_are_not_read_by_the_models_own_pass(
    make_case: Callable[[str], Case],
    kind: str,
    arithmetic: Arithmetic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoders, "NUMPY_ARITHMETIC", arithmetic)
    backend = load_by_transformers(str(make_case(kind).folder))
    ids = [*range(100, 100 + DECODER_CHUNK)]
    expected = read_by_the_model(backend, ids)
    passes: list[int] = []
    backend._model.register_forward_pre_hook(lambda *_: passes.append(1))
    session = backend.open(POINTS, 64)
    assert_same_reading(session.prefill(ids), expected)
    assert passes == []
    session.close()


def test_what_does_not_fit_in_memory_at_once_is_read_in_halves(
    fresh: Any, tiny_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [*range(100, 110)]
    expected = read_by_the_model(tiny_case.by_transformers, ids)
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


@pytest.mark.parametrize(
    ("heads", "rows", "keys"),
    [(3, 384, 400), (4, 32, 40), (1, 7, 1000), (9, 130, 393), (2, 5, 9000)],
)
def test_products_in_parts_are_the_whole_product(heads: int, rows: int, keys: int) -> None:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((heads, rows, 64), np.float32)
    y = generator.standard_normal((heads, keys, 64), np.float32).swapaxes(-1, -2)
    made = multiplied(x, y)
    np.testing.assert_allclose(made, np.einsum("hrk,hkc->hrc", x, y), atol=1e-4)
    # The mask of a chunk is added in place to another shape of it.
    assert made.flags.c_contiguous
