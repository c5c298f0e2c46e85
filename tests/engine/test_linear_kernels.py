"""Linear products of the decoders: the storage of weights does not change results."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from mav_engine.backends.hf.quantization import memory_bytes
from mav_engine.backends.inference.kernels import linear
from mav_engine.backends.inference.kernels.linear import joint_product


def _layers(*, half: bool, bias: bool) -> list[Any]:
    torch.manual_seed(0)
    layers = [nn.Linear(48, outputs, bias=bias) for outputs in (64, 32)]
    for parameter in (each for layer in layers for each in layer.parameters()):
        parameter.requires_grad_(requires_grad=False)
        if half:
            parameter.copy_(parameter.half())
    # The smallest numbers of half precision are held too.
    layers[0].weight[0, :2] = torch.tensor([2.0**-24, 65504.0]) if half else 2.0**-30
    return layers


@pytest.fixture(params=[True, False], ids=["compiled", "by torch"], autouse=True)
def compiler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    if not request.param:
        monkeypatch.setattr(linear, "products_build", lambda: None)


@pytest.mark.parametrize("rows", [1, 2, 8, 33])
@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_a_product_is_that_of_its_layers(rows: int, half: bool, bias: bool) -> None:
    layers = _layers(half=half, bias=bias)
    x = torch.randn(rows, 48)
    exact = torch.cat([layer.double()(x.double()) for layer in layers], dim=-1).float()
    product = joint_product([layer.float() for layer in layers])
    torch.testing.assert_close(product(x), exact, rtol=1e-5, atol=1e-5)
    again = torch.cat([layer(x) for layer in layers], dim=-1)
    torch.testing.assert_close(again, exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 2, 8, 33])
@pytest.mark.parametrize("bias", [True, False])
def test_a_product_with_an_odd_number_of_outputs_is_that_of_its_layer(
    rows: int, bias: bool
) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 131, bias=bias).requires_grad_(requires_grad=False)
    x = torch.randn(rows, 6)
    exact = layer.double()(x.double()).float()
    product = joint_product([layer.float()])
    assert product._count > 1  # type: ignore[attr-defined]
    torch.testing.assert_close(product(x), exact, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layer(x), exact, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not linear._multiplies_halves(), reason="no product of halves here")
def test_only_weights_that_are_exact_in_half_precision_are_read_in_it() -> None:
    layers = _layers(half=True, bias=False)
    before = memory_bytes(nn.ModuleList(layers))
    assert isinstance(joint_product(layers), linear._HalfPrecisionLinear)
    assert memory_bytes(nn.ModuleList(layers)) == 1.5 * before
    assert not isinstance(
        joint_product(_layers(half=False, bias=False)), linear._HalfPrecisionLinear
    )
