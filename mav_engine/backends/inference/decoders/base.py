"""The protocol of decoders: a model's forward pass over cached keys and values.

Small models are limited by the number of operations, so a decoder computes q, k and v in one
product, gate and up in another, makes rotary tables once, and uses no mask and no module calls. A
pass has one token of each of several texts, or a few tokens of one text; a row each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from mav_engine.backends.inference.decoders.async_pass import AsyncPass
from mav_engine.backends.inference.decoders.layer_outputs import LayerOutputs
from mav_engine.backends.inference.kernels.arithmetic import Operations
from mav_engine.backends.inference.kv_pool import KVShape, Zeros
from mav_engine.backends.inference.kv_view import KVView

Begin = Callable[[Sequence[int], KVView, Collection[int]], AsyncPass]
"""Begins a `Decoder.step` in the background, with the same arguments. No other pass of the decoder
may begin before `AsyncPass.finish`."""


class Decoder(Protocol):
    """A model's forward pass over cached keys and values."""

    shape: KVShape
    """The shape of its keys and values."""
    zeros: Zeros
    """Makes arrays for them, on the device of the model."""

    @property
    def operations(self) -> Operations:
        """The operations that it uses."""

    @property
    def begin(self) -> Begin | None:
        """None where the decoder cannot compute in the background."""

    def step(self, ids: Sequence[int], view: KVView, lens_rows: Collection[int]) -> LayerOutputs:
        """Compute one pass.

        Args:
            ids: the token of each row.
            view: the keys and values before each row; those of the rows are appended.
            lens_rows: the rows whose logit lens is computed.
        """
