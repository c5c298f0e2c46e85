"""The small operations of the decoders for torch models: numpy on the CPU, torch elsewhere.

A step of one row has hundreds of operations on a few hundred numbers each. Most of the
time goes into the calls, and a numpy call takes a third of the time of a torch call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from mav_engine.backends.inference.kernels.arithmetic import Arithmetic, Function
from mav_engine.backends.inference.kernels.batched_attention import BatchAttention, ChunkAttention
from mav_engine.backends.inference.kernels.linear import Product, product
from mav_engine.backends.inference.kernels.numpy_ops import (
    FloatFunction,
    NumpyOperations,
    layer_norm,
    rms_norm,
    silu_gated,
)
from mav_engine.backends.inference.kernels.rms_norm import RmsNorm
from mav_engine.backends.inference.kernels.torch_attention import (
    TorchBatchAttention,
    TorchChunkAttention,
)
from mav_engine.contract.arrays import Floats


class TorchArithmetic:
    batch_attention: type[BatchAttention] = TorchBatchAttention
    chunk_attention: type[ChunkAttention] = TorchChunkAttention

    def constant(self, values: torch.Tensor) -> torch.Tensor:
        return values.detach()

    def indices(self, places: Sequence[int], device: torch.device) -> torch.Tensor:
        return torch.tensor(places, device=device)

    def function(self, made: Product) -> Product:
        return made

    def rms_norm(self, norm: Any) -> Product:
        return RmsNorm(norm)

    def layer_norm(self, norm: Any) -> Product:
        given = (norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        return lambda x: functional.layer_norm(x, *given)

    def gated(self, act: Any) -> Product:
        def gated(both: torch.Tensor) -> torch.Tensor:
            gate, up = both.chunk(2, dim=-1)
            product: torch.Tensor = act.forward(gate) * up
            return product

        return gated

    def rotate(self, heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
        torch.addcmul(heads * cos, heads.roll(heads.shape[-1] // 2, -1), sin, out=heads)

    def concatenate(self, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.cat(list(parts))

    def stack(self, layers: Sequence[torch.Tensor]) -> Floats:
        stack: Floats = torch.stack(list(layers)).cpu().numpy()
        return stack


class NumpyArithmetic(NumpyOperations):
    def constant(self, values: torch.Tensor) -> Floats:
        constant: Floats = values.detach().numpy()
        return constant

    def indices(self, places: Sequence[int], device: torch.device) -> np.ndarray:  # noqa: ARG002
        return np.array(places)

    def function(self, made: Product) -> FloatFunction:
        on_numpy: FloatFunction | None = getattr(made, "on_numpy", None)
        if on_numpy is not None:
            return on_numpy

        def function(x: Floats) -> Floats:
            values: Floats = made(torch.from_numpy(x)).numpy()
            return values

        return function

    def rms_norm(self, norm: Any) -> FloatFunction:
        short = RmsNorm(norm)
        return rms_norm(short.weight.detach().numpy(), short.eps)

    def layer_norm(self, norm: Any) -> FloatFunction:
        return layer_norm(norm.weight.detach().numpy(), norm.bias.detach().numpy(), norm.eps)

    def gated(self, act: Any) -> FloatFunction:
        if type(act).__name__ in {"SiLU", "SiLUActivation"}:
            return silu_gated
        return self.function(TORCH_ARITHMETIC.gated(act))


TORCH_ARITHMETIC, NUMPY_ARITHMETIC = TorchArithmetic(), NumpyArithmetic()


def unembedding(norm: Function, head: Any, arithmetic: Arithmetic) -> Function:
    """Logits of rows of the residual stream: the final norm and the unembedding."""
    unembedded = arithmetic.function(product(head))
    return lambda resid: unembedded(norm(resid))
