"""Norms are shortened only where the short way gives what the module gives."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from mav_engine.backends.inference.kernels.rms_norm import use_short_norms


class CentredRMSNorm(nn.Module):
    """Called an RMS norm, and none."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(48))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(x, (48,), self.weight)


@pytest.mark.parametrize("eps", [1e-6, 1e-5, 1e-3])
def test_a_plain_norm_is_shortened_and_gives_the_same(eps: float) -> None:
    generator = torch.Generator().manual_seed(1)
    norm = LlamaRMSNorm(48, eps).requires_grad_(False)
    norm.weight.copy_(torch.randn(48, generator=generator))
    inputs = [scale * torch.randn(2, 5, 48, generator=generator) for scale in (0, 1e-4, 1, 1e4)]
    before = [norm(x) for x in inputs]
    assert use_short_norms(nn.Sequential(norm)) == 1
    for x, expected in zip(inputs, before, strict=True):
        torch.testing.assert_close(norm(x), expected, rtol=2e-6, atol=1e-7)


def test_a_norm_of_broken_weights_stays_what_it_is() -> None:
    norm = LlamaRMSNorm(48).requires_grad_(False)
    norm.weight.fill_(float("nan"))
    assert use_short_norms(nn.Sequential(norm)) == 0


@pytest.mark.parametrize(
    "norm",
    [GemmaRMSNorm(48).requires_grad_(False), CentredRMSNorm(), LlamaRMSNorm(48).bfloat16()],
    ids=["one more than the weight", "about the mean", "bfloat16"],
)
def test_another_norm_stays_what_it_is(norm: nn.Module) -> None:
    if isinstance(norm, GemmaRMSNorm):
        norm.weight.fill_(0.25)
    x = torch.linspace(-1, 2, 48, dtype=next(norm.parameters()).dtype)[None]
    before = norm(x)
    assert use_short_norms(nn.Sequential(norm)) == 0
    assert torch.equal(norm(x), before)
