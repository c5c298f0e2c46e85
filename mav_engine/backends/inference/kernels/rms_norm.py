"""RMS norms in few operations, in place of modules that give the same results.

For one position the time of a norm is that of its calls, not of its arithmetic.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.small import SmallBuild, small_build

_PROBES = (1e-3, 1.0, 1e3)
"""Scales of the inputs that are tried: the smallest shows where the module adds its epsilon."""
_TOLERANCE = 2e-6
"""Relative: a few roundings of float32."""


class RmsNorm:
    """x / sqrt(mean(x^2) + eps) * weight over the last axis, in the fewest operations."""

    def __init__(self, norm: Any) -> None:
        self.weight = norm.weight
        self.eps = float(getattr(norm, "variance_epsilon", getattr(norm, "eps", 0.0)))
        self._eps = torch.tensor(self.eps, device=norm.weight.device)
        self._size = norm.weight.numel()
        self._compiled = small_build() if self._is_here() else None

    def _is_here(self) -> bool:
        """Whether the compiled norm can read the weight."""
        weight: torch.Tensor = self.weight
        here = weight.device.type == "cpu" and weight.dtype == torch.float32
        return here and weight.is_contiguous() and self._size % LANES == 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        compiled = self._compiled if x.shape[-1] == self._size else None
        if compiled is not None and x.is_contiguous() and x.dtype is torch.float32:
            return self._by_call(compiled, x)
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        mean_square = torch.addcmul(self._eps, length, length, value=1 / x.shape[-1])
        normed: torch.Tensor = x * torch.rsqrt(mean_square) * self.weight
        return normed

    def _by_call(self, compiled: SmallBuild, x: torch.Tensor) -> torch.Tensor:
        normed = torch.empty_like(x)
        compiled.rms_norm(
            x.data_ptr(), x.numel() // self._size, self._size,
            self.weight.data_ptr(), self.eps, normed.data_ptr(),
        )  # fmt: skip
        return normed


def use_short_norms(model: nn.Module) -> int:
    """Use `RmsNorm` for the RMS norms of a model; returns how many there were.

    A module is replaced only if its outputs agree for inputs of three scales.
    """
    shortened = 0
    for module in model.modules():
        if _may_be_norm(module) and _same(module, short := RmsNorm(module)):
            module.forward = short
            shortened += 1
    return shortened


def _may_be_norm(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return (
        "RMSNorm" in type(module).__name__
        and isinstance(weight, nn.Parameter)
        and weight.ndim == 1
        and weight.dtype == torch.float32
        and weight.device.type == "cpu"
        and len(list(module.parameters())) == 1
    )


def _same(module: nn.Module, short: RmsNorm) -> bool:
    size = len(module.weight)  # type: ignore[arg-type]
    # Sines of integers: no random generator is used.
    wave = torch.sin(torch.arange(2 * 3 * size, dtype=torch.float32)).view(2, 3, size)
    with torch.inference_mode():
        for scale in _PROBES:
            try:
                theirs = module(wave * scale)
            except Exception:  # it takes more than one input
                return False
            if not isinstance(theirs, torch.Tensor) or theirs.dtype != torch.float32:
                return False
            if not torch.isfinite(theirs).all():  # the run reports broken weights
                return False
            ours = short(wave * scale)
            if not torch.allclose(
                ours, theirs, rtol=_TOLERANCE, atol=_TOLERANCE * float(theirs.abs().max())
            ):
                return False
    return True
