"""Muon for the matrices, AdamW for the rest."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from training.settings import Recipe

# Newton-Schulz coefficients of Jordan's Muon (https://kellerjordan.github.io/posts/muon/).
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


def orthogonalize(matrices: Tensor) -> Tensor:
    """Bring all singular values of each matrix near one, keeping its singular vectors.

    ``matrices`` has shape (count, rows, columns), floating point; the result has the same.
    """
    a, b, c = NEWTON_SCHULZ
    tall = matrices.size(-2) > matrices.size(-1)
    # The Gram matrix is taken on the shorter side, which is much less work.
    x = matrices.mT if tall else matrices
    # The iteration only converges for a spectral norm of at most one; Frobenius bounds it.
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum, its update scaled to the size of an AdamW update.

    Same rule as ``torch.optim.Muon(adjust_lr_fn="match_rms_adamw")``. That one orthogonalizes in
    bfloat16 one matrix at a time, which takes over ten seconds a step on processors without
    bfloat16 units; here matrices of one shape go together, in the precision of the weights.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float, weight_decay: float, momentum: float = 0.95
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for parameters in by_shape.values():
                self._step_one_shape(parameters, group)

    def _step_one_shape(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        directions = []
        for parameter in parameters:
            gradient = parameter.grad
            assert gradient is not None
            buffer = self.state[parameter].setdefault(
                "momentum_buffer", torch.zeros_like(parameter)
            )
            buffer.lerp_(gradient, 1.0 - momentum)
            directions.append(gradient.lerp(buffer, momentum))
        updates = orthogonalize(torch.stack(directions))
        # An AdamW update has entries of about 0.2; an orthogonal matrix of 1/sqrt(longer side).
        size = 0.2 * max(parameters[0].shape) ** 0.5
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.mul_(1.0 - group["lr"] * group["weight_decay"])
            parameter.add_(update, alpha=-group["lr"] * size)


class MuonWithAdamW:
    """Both optimizers of a run behind the calls that the training loop needs."""

    def __init__(self, model: torch.nn.Module, recipe: Recipe) -> None:
        self._recipe = recipe
        matrices: list[Tensor] = []
        others: list[Tensor] = []
        for name, parameter in model.named_parameters():
            # The tied embedding is a table of vectors, not a map between them: AdamW's case.
            is_map = parameter.ndim == 2 and "embed_tokens" not in name and "lm_head" not in name
            (matrices if is_map else others).append(parameter)
        self.parameters: list[Tensor] = [*matrices, *others]
        self._muon = Muon(matrices, lr=recipe.muon_lr, weight_decay=recipe.weight_decay)
        self._adamw = torch.optim.AdamW(
            others, lr=recipe.adamw_lr, betas=(0.9, 0.98), weight_decay=0.0
        )

    def step(self, lr_scale: float) -> float:
        """Clip the gradients, move the weights and clear the gradients.

        ``lr_scale`` (0..1) multiplies both learning rates. Returns the gradient norm before
        clipping.
        """
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self._recipe.gradient_norm)
        for optimizer, peak in (
            (self._muon, self._recipe.muon_lr),
            (self._adamw, self._recipe.adamw_lr),
        ):
            for group in optimizer.param_groups:
                group["lr"] = peak * lr_scale
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return float(norm)

    def state_dict(self) -> dict[str, Any]:
        """The state of both optimizers."""
        return {"muon": self._muon.state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave for a model of the same shape."""
        self._muon.load_state_dict(state["muon"])
        self._adamw.load_state_dict(state["adamw"])
