"""RMS norms in few operations, in the place of modules that are proven to compute the same.

A norm of one position is a chain of small operations, each of which costs more than its numbers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.small import SmallOperations, small_operations

_PROBES = (1e-3, 1.0, 1e3)
"""Sizes of what is tried: the smallest shows where the module adds its epsilon."""
_TOLERANCE = 2e-6
"""Relative; a few roundings of float32."""


class RmsNorm:
    """x / sqrt(mean(x^2) + eps) * weight over the last axis, in the fewest operations."""

    def __init__(self, norm: Any) -> None:
        self.weight = norm.weight
        self.eps = float(getattr(norm, "variance_epsilon", getattr(norm, "eps", 0.0)))
        self._eps = torch.tensor(self.eps, device=norm.weight.device)
        self._size = norm.weight.numel()
        self._compiled = small_operations() if self._is_here() else None

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

    def _by_call(self, compiled: SmallOperations, x: torch.Tensor) -> torch.Tensor:
        normed = torch.empty_like(x)
        compiled.rms_norm(
            x.data_ptr(), x.numel() // self._size, self._size,
            self.weight.data_ptr(), self.eps, normed.data_ptr(),
        )  # fmt: skip
        return normed


def shorten_norms(model: nn.Module) -> int:
    """Let the modules of a model that are such norms take the short way; how many there were.

    Which they are is tried, not read off a name: the outputs must agree for inputs of three sizes.
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
    # No generator is touched: the sines of whole numbers are as good as random here.
    wave = torch.sin(torch.arange(2 * 3 * size, dtype=torch.float32)).view(2, 3, size)
    with torch.inference_mode():
        for scale in _PROBES:
            try:
                theirs = module(wave * scale)
            except Exception:  # one that takes more than an input
                return False
            if not isinstance(theirs, torch.Tensor) or theirs.dtype != torch.float32:
                return False
            if not torch.isfinite(theirs).all():  # broken weights are told of by the run
                return False
            ours = short(wave * scale)
            if not torch.allclose(
                ours, theirs, rtol=_TOLERANCE, atol=_TOLERANCE * float(theirs.abs().max())
            ):
                return False
    return True
