"""Kinds of linear layers."""

from __future__ import annotations

from typing import Any


def is_conv1d(layer: Any) -> bool:
    """Whether a layer is transformers' `Conv1D`, a linear layer whose weight is [in, out].

    Told by its name: who has no such layer need not wait for transformers.
    """
    kind = type(layer)
    return (kind.__module__, kind.__qualname__) == ("transformers.pytorch_utils", "Conv1D")
