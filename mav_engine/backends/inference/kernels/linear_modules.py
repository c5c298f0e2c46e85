"""Lets the linear layers of any model use the compiled products for few rows.

A decode step of any architecture reads all weights for one row. Longer inputs go to the layer's own
forward.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.kernels.layers import is_conv1d
from mav_engine.backends.inference.kernels.linear import MAX_ROWS, is_linear, outputs_first
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.products import (
    ProductsBuild,
    Weight,
    products_build,
)

_SMALLEST = 2**18
"""Number of weights; smaller layers stay in the processor's cache, where torch is as fast."""


class FewRowsLinear:
    """x [..., in] to [..., out] of a layer with weights stored as [out, in]."""

    def __init__(self, layer: Any, compiled: ProductsBuild) -> None:
        self._whole = layer.forward
        self._multiply = compiled.multiply
        self._weight, self._bias = layer.weight, layer.bias
        outputs, self._inputs = outputs_first(layer).shape
        self._outputs = (outputs,)
        self._read = Weight(self._inputs, outputs, None, None)
        self._threads = torch.get_num_threads()

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.numel() // self._inputs
        if not 0 < rows <= MAX_ROWS or not x.is_contiguous() or x.dtype is not torch.float32:
            whole: torch.Tensor = self._whole(x)
            return whole
        made = x.new_empty(x.shape[:-1] + self._outputs)
        self._read.numbers = self._weight.data_ptr()
        if self._bias is not None:
            self._read.bias = self._bias.data_ptr()
        self._multiply(self._read, rows, x.data_ptr(), made.data_ptr(), self._threads)
        return made


def use_compiled_linears(model: nn.Module) -> int:
    """Use the compiled products for the large float32 layers on the CPU; returns how many."""
    compiled = products_build()
    if compiled is None:
        return 0
    layers: list[Any] = [layer for layer in model.modules() if _is_eligible(layer)]
    for layer in layers:
        if is_conv1d(layer):
            layer.weight.data = outputs_first(layer).contiguous().t()
        layer.forward = FewRowsLinear(layer, compiled)
    return len(layers)


def _is_eligible(layer: Any) -> bool:
    if not isinstance(layer, nn.Linear) and not is_conv1d(layer):
        return False
    moved = hasattr(layer, "_hf_hook")  # accelerate moves the weights of a model on several devices
    if moved or not is_linear(layer) or layer.weight.numel() < _SMALLEST:
        return False
    given = [each for each in (layer.weight, layer.bias) if each is not None]
    here = all(each.device.type == "cpu" and each.dtype == torch.float32 for each in given)
    weight = outputs_first(layer)
    return here and weight.shape[1] % LANES == 0 and (is_conv1d(layer) or weight.is_contiguous())
