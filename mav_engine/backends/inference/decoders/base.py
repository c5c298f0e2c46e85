"""The protocol of decoders: a decode step of a model, written out.

Small models are bound by the number of operations, so the step is written out: q, k and v in one
product, gate and up in another, rotary tables made once, no mask, no module calls. It reads one
token of each of several texts, a row each, or a few tokens of one text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from mav_engine.backends.inference.decoders.layer_outputs import LayerOutputs
from mav_engine.backends.inference.kernels.ops import Arithmetic
from mav_engine.backends.inference.kv_pool import KVShape
from mav_engine.backends.inference.kv_view import KVView


class Decoder(Protocol):
    """One decode step, written out."""

    shape: KVShape
    """The shape of its keys and values."""
    arithmetic: Arithmetic
    """The operations that it uses."""

    def step(self, ids: Sequence[int], seen: KVView, looked: Collection[int]) -> LayerOutputs:
        """Decode tokens [rows], each after its keys and values; `looked`: rows with the lens."""
