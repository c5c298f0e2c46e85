import math

import pytest
import torch
from transformers import LlamaForCausalLM

from tests.training.conftest import RECIPE
from training.optim import Muon, MuonWithAdamW, orthogonalize
from training.settings import Recipe


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 24, 16), (2, 16, 24)])
def test_orthogonalize_keeps_directions_and_evens_out_sizes(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    result = orthogonalize(matrices)
    assert result.shape == matrices.shape
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    core = u.mT @ result @ v.mT
    sizes = core.diagonal(dim1=-2, dim2=-1)
    assert float((core - torch.diag_embed(sizes)).abs().max()) < 1e-3
    # The iteration aims at 1 and is known to stay between about 0.7 and 1.2, except for
    # directions that were next to nothing.
    assert float(sizes.max()) < 1.3
    assert float(sizes.median()) > 0.6


def test_muon_agrees_with_torch_up_to_its_bfloat16() -> None:
    start = torch.randn(24, 16, generator=torch.Generator().manual_seed(1))
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    muon = Muon([ours], lr=0.01, weight_decay=0.1)
    reference = torch.optim.Muon(
        [theirs], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"
    )
    for seed in range(3):
        gradient = torch.randn(24, 16, generator=torch.Generator().manual_seed(10 + seed))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        muon.step()
        reference.step()
    moved = float((theirs - start).detach().norm())
    assert float((ours - theirs).detach().norm()) < 0.05 * moved


def test_matrices_go_to_muon_and_embeddings_and_norms_to_adamw(model: LlamaForCausalLM) -> None:
    optimizer = MuonWithAdamW(model, RECIPE)
    state = optimizer.state_dict()
    # Seven matrices in each of two layers; two norms a layer, the last norm, the embedding.
    assert len(state["muon"]["param_groups"][0]["params"]) == 14
    assert len(state["adamw"]["param_groups"][0]["params"]) == 6
    assert len(optimizer.parameters) == len(list(model.parameters()))


def test_step_clips_and_clears_the_gradients(model: LlamaForCausalLM) -> None:
    optimizer = MuonWithAdamW(model, RECIPE)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 3.0)
    expected = 3.0 * math.sqrt(sum(parameter.numel() for parameter in model.parameters()))
    assert optimizer.step(lr_scale=1.0) == pytest.approx(expected, rel=1e-4)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_scale_zero_moves_nothing(model: LlamaForCausalLM) -> None:
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    MuonWithAdamW(model, RECIPE).step(lr_scale=0.0)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_learning_rate_warms_up_stays_and_falls_to_zero() -> None:
    recipe = Recipe(tokens=100_000, warmup_share=0.1, decay_share=0.5, rows=1, window=100)
    assert 0.0 < recipe.lr_scale(0) < 0.02
    assert recipe.lr_scale(5_000) == pytest.approx(0.5, abs=0.01)
    assert recipe.lr_scale(10_000) == recipe.lr_scale(50_000) == 1.0
    assert recipe.lr_scale(75_000) == pytest.approx(0.5)
    assert recipe.lr_scale(100_000) == recipe.lr_scale(100_500) == 0.0


def test_windows_are_long_in_the_last_part() -> None:
    recipe = Recipe(tokens=1000, window=8, long_window=16, long_share=0.25)
    assert [recipe.window_at(seen) for seen in (0, 749, 750, 999)] == [8, 8, 16, 16]
