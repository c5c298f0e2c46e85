"""A step gives the same by numpy, by torch, and by what is compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mav_engine.backends import load_backend
from mav_engine.backends.hf import decoders
from mav_engine.backends.inference.decoders import compiled_llama
from mav_engine.backends.inference.kernels import (
    int8,
    int8_torch,
    linear,
    linear_modules,
    rms_norm,
    single_query_attention,
)
from mav_engine.backends.inference.kernels.batched_attention import CompiledBatchAttention
from mav_engine.backends.inference.kernels.ops import TORCH_ARITHMETIC
from mav_engine.backends.inference.kernels.torch_attention import TorchBatchAttention
from tests.engine.conftest import SHAPES, Case, _save, load_by_transformers
from tests.engine.runs import alone, assert_alike, together, tokens_of

RUNS = [
    {"prompt": "Once upon a time, there was", "max_new_tokens": 12, "temperature": 0.9, "seed": 3},
    {"prompt": "One day", "max_new_tokens": 20, "capture": ["attention_rows", "logit_lens"]},
    {"prompt": "Tom and Sue went to the park. " * 4, "max_new_tokens": 9},
]
WIDE = {
    "gpt2": {"n_embd": 64},
    "qwen3": {"hidden_size": 64, "intermediate_size": 128},
}
"""Sizes that the compiled calls can read, the int8 product too."""
WITH_DECODER = ["mav-tiny", "llama", "gpt2"]


@pytest.mark.parametrize("kind", WITH_DECODER)
def test_by_torch_a_run_has_the_numbers_that_it_has_by_numpy(
    make_case: Callable[[str], Case], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(make_case(kind).folder)
    monkeypatch.setattr(compiled_llama, "llama_build", lambda: None)
    by_numpy = load_by_transformers(folder, prefix_bytes=0)
    monkeypatch.setattr(decoders, "NUMPY_ARITHMETIC", TORCH_ARITHMETIC)
    by_torch = load_by_transformers(folder, prefix_bytes=0)
    kinds = [
        each._batch_decoder._decoder.operations.batch_attention for each in (by_numpy, by_torch)
    ]  # type: ignore[attr-defined]
    assert kinds == [CompiledBatchAttention, TorchBatchAttention]
    expected = [alone(by_numpy, **settings) for settings in RUNS]
    for ours, theirs in zip(together(by_torch, RUNS), expected, strict=True):
        assert_alike(ours, theirs)


def without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where nothing could be compiled."""
    for module, name in (
        (compiled_llama, "llama_build"),
        (linear, "products_build"),
        (linear_modules, "products_build"),
        (single_query_attention, "small_build"),
        (rms_norm, "small_build"),
        (int8, "int8_build"),
        (decoders, "int8_build"),
    ):
        monkeypatch.setattr(module, name, lambda: None)


@pytest.mark.parametrize("kind", [*WITH_DECODER, "qwen3", "gemma"])
def test_without_a_compiler_a_run_has_the_same_numbers(
    make_case: Callable[[str], Case], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(make_case(kind).folder)
    compiled = load_by_transformers(folder, prefix_bytes=0)
    expected = [alone(compiled, **settings) for settings in RUNS]
    without_a_compiler(monkeypatch)
    plain = load_by_transformers(folder, prefix_bytes=0)
    for settings, theirs in zip(RUNS, expected, strict=True):
        assert_alike(alone(plain, **settings), theirs)


def test_without_a_compiler_an_int8_model_writes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = load_backend("mav-tiny", dtype="int8-dynamic", prefix_bytes=0)
    expected = alone(compiled, **RUNS[2])
    without_a_compiler(monkeypatch)
    plain = load_backend("mav-tiny", dtype="int8-dynamic", prefix_bytes=0)
    # The last bit of a float sum decides on which step an activation falls. Where torch has half as
    # many steps, other tokens may follow, and the first one is compared.
    pairs = list(zip(tokens_of(alone(plain, **RUNS[2])), tokens_of(expected), strict=True))
    for one, other in pairs if int8_torch.activation_steps() == 127 else pairs[:1]:
        assert one.token == other.token
        assert one.logprob == pytest.approx(other.logprob, abs=0.1)
        np.testing.assert_allclose(one.layers.resid_norm, other.layers.resid_norm, rtol=0.02)


@pytest.mark.compiled("products", "small")
@pytest.mark.parametrize(
    "dtype", ["float32", pytest.param("int8-dynamic", marks=pytest.mark.compiled("int8"))]
)
@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_compiled_a_run_has_the_same_numbers_alone_and_among_others_to_the_last_bit(
    tmp_path: Path, kind: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, width in WIDE[kind].items():
        monkeypatch.setitem(SHAPES[kind], name, width)
    backend = load_backend(str(_save(kind, tmp_path)), dtype=dtype, prefix_bytes=0)
    expected = [alone(backend, **settings) for settings in RUNS]
    for ours, theirs in zip(together(backend, RUNS), expected, strict=True):
        for one, other in zip(tokens_of(ours), tokens_of(theirs), strict=True):
            assert (one.token, one.logprob, one.rank) == (other.token, other.logprob, other.rank)
            assert [row.logit for row in one.top or ()] == [row.logit for row in other.top or ()]
            for found in ("resid_norm", "mlp_norm", "attn_norm"):
                values = [getattr(each.layers, found, None) for each in (one, other)]
                np.testing.assert_array_equal(*values)
            np.testing.assert_array_equal(one.attention_rows, other.attention_rows)
