"""Products of weights that stay in the blocks of their GGUF file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type

from mav_engine.backends.inference.kernels import numpy_linear
from mav_engine.backends.inference.kernels.blocks_numpy import BLOCK_BYTES, to_float32
from mav_engine.backends.inference.kernels.native import blocks as native_blocks
from mav_engine.backends.inference.kernels.native.blocks import (
    KINDS,
    CompiledBlocksProduct,
    blocks_builds,
)
from mav_engine.models.gguf.tensor_types import TENSOR_TYPES
from tests.engine.gguf_files import quantized, write_model
from tests.engine.test_gguf import FILES, LLAMA, MIXED, logits_of, make_model
from tests.engine.test_native_models import IDS, LENGTH, POINTS, assert_same_step, close, native

INPUTS = 768
BUILDS = blocks_builds()
needs_blocks = pytest.mark.compiled("blocks")


def weight(kind: str, outputs: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The blocks of a random weight, and the weight in float32."""
    values = np.random.default_rng(seed).normal(0, 0.1, (outputs, INPUTS)).astype(np.float32)
    blocks = np.ascontiguousarray(quantized(values, Type[kind]))
    return blocks, to_float32(blocks.reshape(-1, BLOCK_BYTES[kind]), kind).reshape(outputs, -1)


def rows(count: int) -> np.ndarray:
    return np.random.default_rng(7).normal(0, 1, (count, INPUTS)).astype(np.float32)


@needs_blocks
@pytest.mark.parametrize("build", BUILDS or ["none"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_product_is_that_of_the_converted_weight(build: str, kind: str) -> None:
    blocks, values = weight(kind, 53)
    x, bias = rows(5), np.linspace(-1, 1, 53, dtype=np.float32)
    product = CompiledBlocksProduct(BUILDS[build], [(kind, blocks)], INPUTS, bias, 2)
    expected = x.astype(np.float64) @ values.astype(np.float64).T + bias
    close(product(x), expected, 1e-6)
    # Neither the other rows nor the number of threads change a bit.
    alone = CompiledBlocksProduct(BUILDS[build], [(kind, blocks)], INPUTS, bias, 1)
    for at in range(5):
        np.testing.assert_array_equal(alone(x[at : at + 1])[0], product(x)[at])


@needs_blocks
@pytest.mark.parametrize("build", BUILDS or ["none"])
def test_weights_of_several_kinds_are_one_product(build: str) -> None:
    parts = [
        ("Q4_K", *weight("Q4_K", 20)),
        ("Q6_K", *weight("Q6_K", 7)),
        ("Q8_0", *weight("Q8_0", 1)),
    ]
    bias = np.arange(28, dtype=np.float32)
    given = [(kind, blocks) for kind, blocks, _ in parts]
    product = CompiledBlocksProduct(BUILDS[build], given, INPUTS, bias, 2)
    expected = rows(3) @ np.concatenate([values for *_, values in parts]).T + bias
    close(product(rows(3)), expected, 1e-5)


def test_the_compiled_kinds_are_those_with_blocks() -> None:
    sizes = {each.name: each.size for each in TENSOR_TYPES.values()}
    assert {kind: sizes[kind] for kind in KINDS} == BLOCK_BYTES


@pytest.mark.parametrize("name", ["llama, Q4_1", "llama, mixed", "gpt2, mixed, untied"])
def test_a_model_takes_no_more_memory_than_its_file(name: str, tmp_path: Path) -> None:
    kind, config, types = FILES[name]
    path = write_model(tmp_path / "model.gguf", make_model(kind, config), types)
    assert native(path).memory_bytes < 1.15 * path.stat().st_size


@pytest.mark.parametrize("config", [LLAMA, {**LLAMA, "tie_word_embeddings": True}])
def test_without_compiled_code_numbers_are_the_same(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_model(tmp_path / "model.gguf", make_model("llama", config), MIXED)
    compiled = native(path)
    monkeypatch.setattr(numpy_linear, "blocks_build", lambda: None)
    plain = native(path)
    one, other = (each.open(POINTS, LENGTH + 1) for each in (compiled, plain))
    assert_same_step(one.prefill(IDS).step, other.prefill(IDS).step)
    assert_same_step(one.step(3), other.step(3))


@needs_blocks
def test_a_model_in_blocks_uses_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_model(tmp_path / "model.gguf", make_model("llama", LLAMA), Type.Q8_0)
    before = logits_of(native(path))
    calls = []
    original = native_blocks.CompiledBlocksProduct.__call__

    def counted(self: CompiledBlocksProduct, x: np.ndarray) -> np.ndarray:
        calls.append(x.shape)
        return original(self, x)

    monkeypatch.setattr(native_blocks.CompiledBlocksProduct, "__call__", counted)
    np.testing.assert_array_equal(logits_of(native(path)), before)
    assert calls
