"""Compiled products and small operations: every build gives the numbers of the plain formulas."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from mav_engine.backends.hf.plain_attention import pattern_of
from mav_engine.backends.inference.kernels import int8_numpy, linear_modules, rms_norm
from mav_engine.backends.inference.kernels import single_query_attention as attention
from mav_engine.backends.inference.kernels.int8 import CompiledWeights, Int8Linear, quantized
from mav_engine.backends.inference.kernels.int8_numpy import NumpyInt8Product
from mav_engine.backends.inference.kernels.int8_torch import TorchWeights, activation_steps
from mav_engine.backends.inference.kernels.linear_modules import use_compiled_linears
from mav_engine.backends.inference.kernels.native import builds as native_builds
from mav_engine.backends.inference.kernels.native.builds import (
    OPTIONAL_SOURCES,
    OTHER_PROCESSOR,
    REQUIRED_SOURCES,
    compiled_kinds,
)
from mav_engine.backends.inference.kernels.native.halves import (
    CompiledHalvesProduct,
    halves_builds,
)
from mav_engine.backends.inference.kernels.native.int8 import (
    CompiledInt8Product,
    int8_build,
    int8_builds,
)
from mav_engine.backends.inference.kernels.native.products import (
    CompiledProduct,
    ProductsBuild,
    product_builds,
)
from mav_engine.backends.inference.kernels.native.small import small_builds
from tests.compiled import REQUIRED_BY, build_verdict, verdict

PRODUCTS, SMALL, INT8 = product_builds(), small_builds(), int8_builds()
HALVES = halves_builds()
needs_products = pytest.mark.compiled("products")
needs_halves = pytest.mark.compiled("halves", "products")
needs_small = pytest.mark.compiled("small")
needs_int8 = pytest.mark.compiled("int8")
NO_BUILD = ["none"]
"""The parameter of a test without builds, so that it is not lost but skipped, or fails, by name."""
ROWS = [*range(1, 10), 31, 33]
SIZES = [(16, 1), (16, 5), (48, 131), (64, 768), (256, 400)]
"""Inputs and outputs: less than a tile, tiles and a rest, several pieces, several threads."""


def random(*shape: int) -> np.ndarray:
    generator = np.random.default_rng(7)
    return generator.standard_normal(shape, dtype=np.float32)


@needs_products
@pytest.mark.parametrize("build", PRODUCTS or NO_BUILD)
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("size", SIZES)
def test_a_product_is_exact_to_float32(build: str, rows: int, size: tuple[int, int]) -> None:
    inputs, outputs = size
    x, weight, bias = random(rows, inputs), random(outputs, inputs), random(outputs)
    exact = x.astype(np.float64) @ weight.T.astype(np.float64)
    for threads in (1, 2, 3):
        made = CompiledProduct(PRODUCTS[build], weight, None, threads)(x)
        np.testing.assert_allclose(made, exact, rtol=1e-5, atol=1e-5)
        made = CompiledProduct(PRODUCTS[build], weight, bias, threads)(x)
        np.testing.assert_allclose(made, exact + bias, rtol=1e-5, atol=1e-5)


@needs_products
@pytest.mark.parametrize("build", PRODUCTS or NO_BUILD)
def test_a_row_has_the_same_product_alone_and_among_others(build: str) -> None:
    x, weight = random(9, 192), random(401, 192)
    products = [CompiledProduct(PRODUCTS[build], weight, None, threads) for threads in (1, 2)]
    among = products[1](x)
    for product in products:
        for at in range(9):
            assert np.array_equal(product(x[at : at + 1])[0], among[at])
            assert np.array_equal(product(x[at:])[0], among[at])


@needs_products
def test_rows_that_do_not_lie_together_are_multiplied_as_they_are() -> None:
    x, weight = random(32, 6).T, random(5, 32)
    made = CompiledProduct(next(iter(PRODUCTS.values())), weight, None, 2)(x)
    np.testing.assert_allclose(made, x @ weight.T, rtol=1e-5, atol=1e-5)


@needs_halves
@pytest.mark.parametrize("build", HALVES or NO_BUILD)
@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("size", SIZES)
def test_a_product_of_16_bits_is_that_of_float32_to_the_last_bit(
    build: str, kind: str, size: tuple[int, int]
) -> None:
    inputs, outputs = size
    stored = torch.from_numpy(random(outputs, inputs)).to(getattr(torch, kind))
    bits, bias = stored.view(torch.int16).numpy().view(np.uint16), random(outputs)
    brain = kind == "bfloat16"
    halves = CompiledHalvesProduct(HALVES[build], bits, bias, 2, brain=brain)
    same = PRODUCTS[build.replace("halves", "products")]
    floats = CompiledProduct(same, stored.float().numpy(), bias, 2)
    for rows in ROWS:
        x = random(rows, inputs)
        np.testing.assert_array_equal(halves(x), floats(x))


@needs_int8
@pytest.mark.parametrize("inputs", [64, 2048])
def test_numpy_multiplies_int8_as_the_compiled_code_to_the_last_bit(inputs: int) -> None:
    build = int8_build()
    assert build is not None
    numbers, scales = int8_numpy.quantized(random(40, inputs))
    bias, x = random(40), random(5, inputs)
    x[3], x[4, 7] = 0, np.nan
    given = (numbers, scales, bias)
    expected = CompiledInt8Product(build, *given, 2)(x)
    np.testing.assert_array_equal(NumpyInt8Product(*given)(x), expected)


@needs_int8
@pytest.mark.parametrize("build", INT8 or NO_BUILD)
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("size", [(64, 1), (64, 5), (192, 131), (128, 1000), (4096, 7)])
def test_an_int8_product_is_that_of_whole_numbers_to_the_last_bit(
    build: str, rows: int, size: tuple[int, int]
) -> None:
    inputs, outputs = size
    x = random(rows, inputs) * np.logspace(-3, 3, rows, dtype=np.float32)[:, None]
    integers, scales = (
        each.numpy() for each in quantized(torch.from_numpy(random(outputs, inputs)))
    )
    # The largest possible sums, where pairs overflow 16 bits.
    x[0], integers[0] = 7.0, -127
    for bias in (None, random(outputs)):
        expected = whole_number_product(x, integers, scales, bias)
        alone = CompiledInt8Product(INT8[build], integers, scales, bias, 1)
        made = CompiledInt8Product(INT8[build], integers, scales, bias, 2)(x)
        np.testing.assert_array_equal(made, expected)
        assert np.array_equal(made, np.concatenate([alone(row[None]) for row in x]))


def whole_number_product(
    x: np.ndarray, integers: np.ndarray, scales: np.ndarray, bias: np.ndarray | None
) -> np.ndarray:
    """The formula in numpy, in the same order of float32 operations."""
    steps = np.abs(x).max(axis=1, keepdims=True) / np.float32(127)
    whole = np.clip(np.rint(x * (np.float32(1) / steps)), -127, 127).astype(np.int64)
    sums = (whole @ integers.T.astype(np.int64)).astype(np.float32)
    product: np.ndarray = sums * (steps * scales) + (0 if bias is None else bias)
    return product


@needs_int8
def test_an_int8_product_has_the_numbers_of_torch() -> None:
    integers, scales = quantized(torch.from_numpy(random(96, 128)))
    bias = torch.from_numpy(random(96))
    build = int8_build()
    assert build is not None
    read, packed = (
        CompiledWeights(build, integers, scales, bias),
        TorchWeights(integers, scales, bias),
    )
    # Without VNNI torch rounds activations to half as many steps.
    close = 1e-6 if activation_steps() == 127 else 0.02
    for row in torch.from_numpy(random(5, 128)):
        expected = packed(row[None])
        largest = float(expected.abs().max())
        torch.testing.assert_close(read(row[None]), expected, rtol=0, atol=close * largest)
    assert torch.equal(read.integers(), packed.integers())


@needs_int8
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_int8_row_that_is_not_finite_spoils_no_other(bad: float) -> None:
    layer = Int8Linear(torch.from_numpy(random(7, 64)), None)
    assert isinstance(layer._product, CompiledWeights)
    rows = torch.from_numpy(random(3, 64))
    expected = layer(rows)
    rows[1, 3], rows[2] = bad, 0
    made = layer(rows)
    assert torch.equal(made[0], expected[0])
    assert made[1].isnan().all()
    assert torch.equal(made[2], torch.zeros(7))


@pytest.fixture(params=PRODUCTS or NO_BUILD)
def compiled(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> ProductsBuild | None:
    """Every build that runs here in turn, for layers of any size."""
    build = PRODUCTS.get(request.param)
    monkeypatch.setattr(linear_modules, "products_build", lambda: build)
    monkeypatch.setattr(linear_modules, "_SMALLEST", 0)
    return build


@needs_products
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kind", ["linear", "conv1d"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_that_is_shortened_gives_the_same(kind: str, bias: bool) -> None:
    from transformers.pytorch_utils import Conv1D

    torch.manual_seed(2)
    layer: Any = nn.Linear(48, 70, bias=bias) if kind == "linear" else Conv1D(70, 48)
    layer.requires_grad_(requires_grad=False)
    inputs = [torch.randn(*shape, 48) for shape in ((1, 1), (3,), (2, 9), (1, 40), (0,))]
    inputs.append(torch.randn(48, 5).t())  # does not lie together
    expected = [layer(x) for x in inputs]
    assert use_compiled_linears(nn.Sequential(layer)) == 1
    for x, made in zip(inputs, expected, strict=True):
        torch.testing.assert_close(layer(x), made, rtol=1e-5, atol=1e-5)
    # Shared weights are moved.
    moved = layer.weight.detach() * 2
    layer.weight.data = moved if kind == "linear" else moved.t().contiguous().t()
    zero = layer(torch.zeros(1, 48))
    torch.testing.assert_close(
        layer(inputs[0]) - zero, 2 * (expected[0] - zero), rtol=1e-4, atol=1e-5
    )


@needs_products
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    "layer",
    [nn.Linear(40, 64), nn.Linear(48, 64).bfloat16(), nn.Linear(48, 64).double(), nn.LayerNorm(48)],
    ids=["odd inputs", "bfloat16", "float64", "a norm"],
)
def test_another_layer_stays_what_it_is(layer: nn.Module) -> None:
    assert use_compiled_linears(nn.Sequential(layer)) == 0


def test_small_layers_are_left_to_torch() -> None:
    assert use_compiled_linears(nn.Sequential(nn.Linear(256, 256))) == 0


@pytest.fixture(params=SMALL or NO_BUILD)
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    build = SMALL.get(request.param)
    for module in (attention, rms_norm):
        monkeypatch.setattr(module, "small_build", lambda: build)


Texts = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def texts(heads: int, kv_heads: int, keys: int, dim: int) -> Texts:
    """A query, keys and values as a cache holds them: with room behind each head's."""
    torch.manual_seed(3)
    slab = torch.randn(2, 1, kv_heads, keys + 9, dim)
    query = torch.randn(1, 1, heads, dim).transpose(1, 2)
    return query, slab[0, :, :, :keys], slab[1, :, :, :keys]


@needs_small
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("keys", [1, 2, 15, 16, 17, 100])
@pytest.mark.parametrize(("heads", "kv_heads", "dim"), [(4, 4, 64), (6, 2, 16), (8, 1, 80)])
def test_attention_of_one_query_follows_the_formula(
    keys: int, heads: int, kv_heads: int, dim: int
) -> None:
    query, key, value = texts(heads, kv_heads, keys, dim)
    seen = attention.single_query_attention(query, key, value, 0.3)
    assert seen is not None
    expected = pattern_of(query.double(), key.double(), None, 0.3).float()
    torch.testing.assert_close(seen[0], expected, rtol=1e-5, atol=1e-6)
    shared = [each.repeat_interleave(heads // kv_heads, 1) for each in (key, value)]
    output = functional.scaled_dot_product_attention(query, *shared, scale=0.3)
    torch.testing.assert_close(seen[1], output.transpose(1, 2), rtol=1e-5, atol=1e-5)


@needs_small
@pytest.mark.usefixtures("small")
def test_scores_that_are_far_apart_or_not_finite_are_exact() -> None:
    query, key, value = texts(2, 1, 20, 16)
    pattern, _ = attention.single_query_attention(query * 1e4, key, value, 1.0) or (None, None)
    assert pattern is not None
    assert torch.equal(pattern.amax(-1), torch.ones(1, 2, 1))
    key[0, 0, 4] = torch.nan
    pattern, output = attention.single_query_attention(query, key, value, 1.0) or (None, None)
    assert pattern is not None
    assert pattern.isnan().all()
    assert output is not None
    assert output.isnan().all()


Change = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], Any]


@needs_small
@pytest.mark.parametrize(
    "change",
    [
        lambda q, k, v: (q.bfloat16(), k.bfloat16(), v.bfloat16()),
        lambda q, k, v: (q, k, v[..., :16]),
        lambda q, k, v: (q[..., :24], k[..., :24], v[..., :24]),
        lambda q, k, v: (q, k.transpose(2, 3).contiguous().transpose(2, 3), v),
        lambda q, k, v: (q.expand(2, -1, -1, -1), k.expand(2, -1, -1, -1), v.expand(2, -1, -1, -1)),
    ],
    ids=["bfloat16", "other values", "odd heads", "keys not together", "two texts"],
)
def test_what_the_call_cannot_read_is_left_to_torch(change: Change) -> None:
    assert attention.single_query_attention(*texts(2, 2, 5, 32), 1.0) is not None
    assert attention.single_query_attention(*change(*texts(2, 2, 5, 32)), 1.0) is None


@needs_small
def test_many_keys_are_left_to_the_threads_of_torch() -> None:
    assert attention.single_query_attention(*texts(8, 8, 2**11, 64), 1.0) is not None
    assert attention.single_query_attention(*texts(8, 8, 2**11 + 1, 64), 1.0) is None


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("shape", [(1, 1, 64), (3, 64), (2, 40, 64), (0, 64)])
def test_a_norm_in_one_call_is_the_formula(shape: tuple[int, ...]) -> None:
    torch.manual_seed(4)
    weight = nn.Parameter(torch.randn(64), requires_grad=False)
    norm = rms_norm.RmsNorm(SimpleNamespace(weight=weight, variance_epsilon=1e-5))
    x = torch.randn(shape)
    wide = x.double()
    exact = wide / (wide.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weight
    torch.testing.assert_close(norm(x), exact.float(), rtol=2e-6, atol=1e-6)
    apart = x.repeat_interleave(2, -1)[..., ::2]
    torch.testing.assert_close(norm(apart), exact.float(), rtol=2e-6, atol=1e-6)
    with pytest.raises(RuntimeError):
        norm(torch.zeros(2, 32))


@pytest.mark.parametrize("required_by", REQUIRED_BY)
def test_a_build_that_is_missing_fails_where_it_must_not_be_skipped(
    required_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unusable: dict[str, str] = {}
    compilers = ["/usr/bin/cc"]
    monkeypatch.setattr("tests.compiled.builds", lambda _source: {})
    monkeypatch.setattr("tests.compiled.unusable_builds", lambda _source: unusable)
    monkeypatch.setattr("shutil.which", lambda _name: compilers[0] if compilers else None)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert verdict("int8", {required_by: "true"})[0] == "fail"
    assert verdict("int8", {}) == ("skip", verdict("int8", {required_by: "true"})[1])
    unusable["_int8_avx2"] = "cannot be loaded: libgomp.so.1"
    result, why = verdict("int8", {required_by: "1"})
    assert result == "fail"
    assert "libgomp" in why
    assert build_verdict("_int8_avx2", "int8", {required_by: "1"})[0] == "fail"
    assert build_verdict("_int8_vnni", "int8", {required_by: "1"})[0] == "fail"
    unusable["_int8_avx2"] = OTHER_PROCESSOR
    skipped = ("skip", f"_int8_avx2: {OTHER_PROCESSOR}")
    assert build_verdict("_int8_avx2", "int8", {required_by: "1"}) == skipped
    assert verdict("int8", {required_by: "1"}) == skipped
    unusable.clear()
    compilers.clear()
    assert verdict("int8", {required_by: "1"})[0] == "skip"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (f"_{source}{kind}", source)
        for source in (*REQUIRED_SOURCES, *OPTIONAL_SOURCES)
        for kind in compiled_kinds(source)
    ],
)
def test_each_build_was_made_and_runs_or_is_for_another_processor(name: str, source: str) -> None:
    """All tests of compiled code take every build that runs here."""
    result, why = build_verdict(name, source, os.environ)
    if result == "skip":
        pytest.skip(why)
    assert result == "run", why


def test_a_build_of_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its functions may take other arguments, which would end the process."""
    sources = [
        each for each in (*REQUIRED_SOURCES, *OPTIONAL_SOURCES) if native_builds.builds(each)
    ]
    monkeypatch.setattr(native_builds, "source_digest", lambda _: "of a later version")
    for source in sources:
        assert native_builds.builds(source) == {}
        assert native_builds.OUTDATED in native_builds.unusable_builds(source).values()
