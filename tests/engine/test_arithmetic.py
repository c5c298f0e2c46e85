"""The small operations of a written-out step give the same by numpy and by torch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mav_engine.backends import load_backend
from mav_engine.backends.transformers import decoding, native
from mav_engine.backends.transformers.arithmetic import BY_TORCH
from mav_engine.backends.transformers.ranges import NumpyRange, TorchRange
from tests.engine.conftest import Case
from tests.engine.test_batching import alone, assert_alike, together

RUNS = [
    {"prompt": "Once upon a time, there was", "max_new_tokens": 12, "temperature": 0.9, "seed": 3},
    {"prompt": "One day", "max_new_tokens": 20, "capture": ["attention_rows", "logit_lens"]},
    {"prompt": "Tom and Sue went to the park. " * 4, "max_new_tokens": 9},
]
WRITTEN_OUT = ["mav-tiny", "llama", "gpt2"]


@pytest.mark.parametrize("kind", WRITTEN_OUT)
def test_by_torch_a_run_has_the_numbers_that_it_has_by_numpy(
    make_case: Callable[[str], Case], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(make_case(kind).folder)
    monkeypatch.setattr(native, "compiled_pass", lambda: None)
    by_numpy = load_backend(folder, prefix_bytes=0)
    monkeypatch.setattr(decoding, "BY_NUMPY", BY_TORCH)
    by_torch = load_backend(folder, prefix_bytes=0)
    ranges = [each._stepper._decoder.arithmetic.range for each in (by_numpy, by_torch)]  # type: ignore[attr-defined]
    assert ranges == [NumpyRange, TorchRange]
    expected = [alone(by_numpy, **settings) for settings in RUNS]
    for ours, theirs in zip(together(by_torch, RUNS), expected, strict=True):
        assert_alike(ours, theirs)
