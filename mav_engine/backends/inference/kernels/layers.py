"""Kinds of linear layers."""

from __future__ import annotations

import sys
from typing import Any


def is_conv1d(layer: Any) -> bool:
    """Whether a layer is transformers' `Conv1D`, a linear layer whose weight is [in, out]."""
    # There is such a layer only where its module has been imported; importing it takes seconds.
    module = sys.modules.get("transformers.pytorch_utils")
    return module is not None and type(layer) is module.Conv1D
