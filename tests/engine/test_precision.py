"""Every precision: what is measured is what that very model computes, and what cannot be had
is refused by name."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.pytorch_utils import Conv1D

from mav_engine.backends import load_backend
from mav_engine.backends.inference.kernels.int8 import (
    Int8Linear,
    activation_steps,
    joint_int8_product,
)
from mav_engine.errors import InvalidSettings, ModelLoadFailed
from tests.engine.conftest import EMBEDDED, PATHS, SHAPES, Case, _save, load_by_transformers
from tests.engine.runs import tokens_by

PROMPT = "Once upon a time, there was a little girl"
tokens_of = partial(tokens_by, prompt=PROMPT)
PACKAGES = {"int8": "torchao", "bnb-int8": "bitsandbytes", "bnb-nf4": "bitsandbytes"}
TOLERANCE = {"bfloat16": 0.1, "float16": 0.015, "int8": 1e-4, "bnb-nf4": 1e-4}
"""Largest error against a vector's largest number: that of the type. Where activations are
rounded to int8, one that falls on the next step moves what follows by more."""
ROUNDED = 0.1


def need(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install 'mav-engine[quantized]'")


def named(**options: Any) -> Callable[[Path], Any]:
    def load(folder: Path) -> Any:
        return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", **options)

    return load


def with_torchao(folder: Path) -> Any:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = named(dtype=torch.float32)(folder)
    for block in model.modules():
        for name, child in block.named_children():
            if isinstance(child, Conv1D):
                linear = nn.Linear(*child.weight.shape)
                linear.weight = nn.Parameter(child.weight.detach().t())
                linear.bias = child.bias
                setattr(block, name, linear)
    head = model.lm_head
    quantize_(model, Int8WeightOnlyConfig(), lambda m, _: isinstance(m, nn.Linear) and m != head)
    return model


def with_rounding(folder: Path) -> Any:
    """The float model, its weights and activations rounded in float before each product."""
    model = named(dtype=torch.float32)(folder)
    model.lm_head.weight = nn.Parameter(model.lm_head.weight.detach().clone())
    for layer in list(model.modules()):
        if isinstance(layer, nn.Linear | Conv1D):
            weight = layer.weight.t() if isinstance(layer, Conv1D) else layer.weight
            layer.forward = rounded_product(weight.detach(), layer.bias)
    return model


def rounded_product(weight: torch.Tensor, bias: torch.Tensor | None) -> Any:
    step = weight.abs().amax(1, keepdim=True) / 127
    rounded = torch.round(weight / step) * step

    def product(x: torch.Tensor) -> torch.Tensor:
        steps = x.abs().amax(-1, keepdim=True) / activation_steps(x.shape[-1])
        return functional.linear(torch.round(x / steps) * steps, rounded, bias)

    return product


REFERENCES: dict[str, Callable[[Path], Any]] = {
    "bfloat16": named(dtype=torch.bfloat16),
    "float16": named(dtype=torch.float16),
    "int8": with_torchao,
    "int8-dynamic": with_rounding,
    "bnb-int8": named(
        dtype=torch.float16, quantization_config=BitsAndBytesConfig(load_in_8bit=True)
    ),
    "bnb-nf4": named(
        dtype=torch.float32,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.float32,
        ),
    ),
}


@pytest.fixture(scope="module", params=["mav-tiny", "gpt2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "mav-tiny":
        return EMBEDDED
    # bitsandbytes packs rows in blocks of 64 numbers on the CPU.
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(SHAPES["gpt2"], "n_embd", 64)
        return _save("gpt2", tmp_path_factory.mktemp("gpt2"))


class Reference:
    """One eager pass of a model over the whole text, with hooks of the test's own."""

    def __init__(self, model: Any, kind: str, ids: list[int]) -> None:
        path, attention = PATHS.get(kind, ("model.layers", "self_attn"))
        self.mlp_out: list[torch.Tensor] = []
        self.attn_out: list[torch.Tensor] = []
        for block in model.get_submodule(path):
            block.mlp.register_forward_hook(self._keep(self.mlp_out))
            getattr(block, attention).register_forward_hook(self._keep(self.attn_out))
        with torch.no_grad():
            output = model.eval()(
                torch.tensor([ids]), output_hidden_states=True, output_attentions=True
            )
        self.logits = output.logits[0].float()
        self.resid = [state[0].float() for state in output.hidden_states[:-1]]
        self.attentions = [each[0].float() for each in output.attentions]

    @staticmethod
    def _keep(into: list[torch.Tensor]) -> Any:
        def hook(_module: Any, _args: Any, output: Any) -> None:
            into.append((output[0] if isinstance(output, tuple) else output)[0].float())

        return hook


def assert_near(ours: Any, theirs: Any, tolerance: float) -> None:
    theirs = np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("precision", REFERENCES)
def test_measurements_are_those_of_the_model_in_its_precision(folder: Path, precision: str) -> None:
    if precision in PACKAGES:
        need(PACKAGES[precision])
    backend = load_backend(str(folder), dtype=precision)
    assert backend.info.dtype == precision
    kind = "gpt2" if folder != EMBEDDED else "llama"
    tokens = tokens_of(backend, max_new_tokens=6, min_new_tokens=6, capture=["attention_rows"])
    measured = tokens_of(backend, max_new_tokens=6, forced_ids=[t.token.id for t in tokens])
    prompt = backend.encode_prompt(PROMPT)
    own = Reference(REFERENCES[precision](folder), kind, prompt + [t.token.id for t in tokens])
    tolerance = TOLERANCE.get(precision, ROUNDED)
    for token, rows in zip(measured, tokens, strict=True):
        at = len(prompt) + token.index - 1
        logits = own.logits[at]
        reach = float(logits.abs().max())
        ids = [row.id for row in token.top]
        ours = np.array([row.logit for row in token.top])
        np.testing.assert_allclose(ours, logits[ids], rtol=0, atol=tolerance * reach)
        assert_near(token.layers.resid_norm[:-1], [r[at].norm() for r in own.resid], tolerance)
        assert_near(token.layers.mlp_norm, [m[at].norm() for m in own.mlp_out], tolerance)
        assert_near(token.layers.attn_norm, [a[at].norm() for a in own.attn_out], tolerance)
        pattern = torch.stack([each[:, at, : at + 1] for each in own.attentions])
        assert_near(rows.attention_rows, pattern, tolerance)
        entropy = torch.special.entr(pattern).sum(-1)
        assert_near(token.layers.attn_entropy, entropy, 2 * tolerance)


@pytest.mark.parametrize("precision", ["int8-dynamic", *PACKAGES])
def test_a_quantized_model_is_smaller_and_reports_all_its_parameters(precision: str) -> None:
    if precision in PACKAGES:
        need(PACKAGES[precision])
    plain = load_by_transformers(str(EMBEDDED), dtype="float32")
    small = load_backend("mav-tiny", dtype=precision)
    assert small.info.parameters == plain.info.parameters
    assert small.memory_bytes < 0.5 * plain.memory_bytes


def test_a_row_has_the_same_int8_product_alone_and_among_others() -> None:
    torch.manual_seed(3)
    layer = Int8Linear(torch.randn(40, 64), torch.randn(40))
    rows = torch.randn(5, 64) * torch.tensor([[1e-3], [1.0], [50.0], [0.0], [7.0]])
    product = layer(rows)
    expected = rounded_product_of(layer, rows)
    for at, row in enumerate(rows):
        torch.testing.assert_close(layer(row[None])[0], product[at], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(product[:3], expected[:3], rtol=1e-4, atol=1e-4)


def test_int8_layers_that_are_joined_keep_their_own_products() -> None:
    torch.manual_seed(4)
    layers = [Int8Linear(torch.randn(out, 64), torch.randn(out)) for out in (48, 16, 16)]
    rows, others = torch.randn(3, 64), torch.randn(3, 64)
    alone = [[layer(x) for layer in layers] for x in (rows, others)]
    integers = [layer.integers() for layer in layers]
    joined = joint_int8_product(layers)
    assert torch.equal(joined(rows), torch.cat(alone[0], dim=-1))
    # In sequence, alternating, and with rows that were changed in between.
    for x, expected in ((rows, alone[0]), (others, alone[1])):
        for layer, product in zip(layers, expected, strict=True):
            assert torch.equal(layer(x), product)
    rows.copy_(others)
    assert torch.equal(layers[1](rows), alone[1][1])
    assert all(torch.equal(layer.integers(), n) for layer, n in zip(layers, integers, strict=True))
    assert torch.equal(joint_int8_product(layers)(others), torch.cat(alone[1], dim=-1))


def rounded_product_of(layer: Int8Linear, rows: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(3)
    return rounded_product(torch.randn(40, 64), layer.bias)(rows)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_int8_product_of_non_finite_numbers_is_not_finite(bad: float) -> None:
    layer = Int8Linear(torch.randn(4, 8), None)
    row = torch.ones(1, 8)
    row[0, 3] = bad
    assert not torch.isfinite(layer(row)).any()
    both = layer(torch.cat([row, torch.ones(1, 8)]))
    assert not torch.isfinite(both[0]).any()
    assert torch.isfinite(both[1]).all()


@pytest.mark.parametrize(
    ("precision", "package"),
    [("int8", "torchao"), ("bnb-int8", "bitsandbytes"), ("bnb-nf4", "bitsandbytes")],
)
def test_a_package_that_is_missing_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, precision: str, package: str
) -> None:
    monkeypatch.setattr("mav_engine.backends.hf.quantization.find_spec", lambda _: None)
    remedy = r"pip install 'mav-engine\[quantized\]'"
    with pytest.raises(ModelLoadFailed, match=f"^mav-tiny: {precision} needs {package}.*{remedy}"):
        load_backend("mav-tiny", dtype=precision)


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("mps", "mps is not available here"),
        ("cuda", "cuda is not available here"),
        ("cuda:63", "cuda:63 is not available here"),
        ("gpu", "gpu is not available here: it must be auto, cpu, cuda"),
    ],
)
def test_a_device_that_is_not_here_is_named(device: str, message: str) -> None:
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if here.get(device):
        pytest.skip(f"{device} is available here")
    with pytest.raises(ModelLoadFailed, match=message):
        load_backend("mav-tiny", device=device)


def test_an_unknown_precision_is_refused_with_all_that_are_known() -> None:
    with pytest.raises(InvalidSettings, match=r"int9.*float32.*int8-dynamic.*bnb-nf4") as caught:
        load_backend("mav-tiny", dtype="int9")
    assert caught.value.field == "dtype"


def test_int8_activations_are_refused_where_torch_has_no_product_for_them() -> None:
    need("accelerate")
    with pytest.raises(ModelLoadFailed, match=r"int8-dynamic runs on the CPU only.*use int8"):
        load_backend("mav-tiny", dtype="int8-dynamic", device="spread")


def test_weights_that_are_stored_quantized_are_not_quantized_again(tmp_path: Path) -> None:
    config = AutoConfig.for_model("llama", **SHAPES["llama"])
    config.quantization_config = {"quant_method": "gptq", "bits": 4}
    AutoModelForCausalLM.from_config(
        AutoConfig.for_model("llama", **SHAPES["llama"])
    ).save_pretrained(tmp_path)
    config.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(tmp_path)
    with pytest.raises(ModelLoadFailed, match="already quantized"):
        load_backend(str(tmp_path), dtype="int8-dynamic")


def test_a_spread_model_measures_what_it_measures_on_one_device(tiny_case: Case) -> None:
    need("accelerate")
    spread = load_backend("mav-tiny", device="spread")
    settings: dict[str, Any] = {"max_new_tokens": 4, "capture": ["residual", "logit_lens"]}
    for one, other in zip(
        tokens_of(spread, **settings),
        tokens_of(tiny_case.backend, **settings),
        strict=True,
    ):
        np.testing.assert_allclose(one.layers.resid_norm, other.layers.resid_norm, rtol=1e-4)
        assert [row.id for row in one.logit_lens] == [row.id for row in other.logit_lens]


def test_loading_a_quantized_model_prints_nothing(caplog: pytest.LogCaptureFixture) -> None:
    need("bitsandbytes")
    with caplog.at_level(logging.WARNING):
        tokens_of(load_backend("mav-tiny", dtype="bnb-int8"), max_new_tokens=2)
    assert not [record for record in caplog.records if record.name.startswith("bitsandbytes")]


@pytest.mark.parametrize("device", ["cuda", "mps"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16", "int8", "bnb-nf4"])
def test_devices_give_the_numbers_of_the_cpu(device: str, precision: str) -> None:
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not here[device]:
        pytest.skip(f"{device} is not available here")
    if precision in PACKAGES:
        need(PACKAGES[precision])
    if (device, precision) == ("mps", "bnb-nf4"):
        pytest.skip("bitsandbytes has no nf4 on mps")
    backend = load_backend("mav-tiny", device=device, dtype=precision)
    assert backend.info.device.startswith(device)
    ours = tokens_of(backend, max_new_tokens=4)
    forced = [token.token.id for token in ours]
    theirs = tokens_of(
        load_backend("mav-tiny", device="cpu", dtype=precision), max_new_tokens=4, forced_ids=forced
    )
    tolerance = max(TOLERANCE.get(precision, 0), 1e-3)
    for one, other in zip(ours, theirs, strict=True):
        assert_near(one.layers.resid_norm, other.layers.resid_norm, tolerance)
        assert_near(one.layers.attn_entropy, other.layers.attn_entropy, 2 * tolerance)
