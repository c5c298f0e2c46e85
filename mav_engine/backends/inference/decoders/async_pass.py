"""A compiled forward pass in the background, and its outputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from mav_engine.backends.inference.decoders.layer_outputs import Block
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.llama import (
    LlamaBuild,
    Model,
    OutputAddresses,
    Worker,
)
from mav_engine.contract.arrays import Floats


class CompiledOutputs:
    """The outputs of a compiled pass, in the arrays that it writes."""

    def __init__(self, model: Model, rows: int, keys: int, vocabulary: int) -> None:
        size = (rows, model.width)
        self.resid: Floats = np.empty((model.layers + 1, *size), np.float32)
        """The caller fills the first layer, the embedding, before the pass."""
        self.attn_out: Floats = np.empty((model.layers, *size), np.float32)
        self.mlp_out: Floats = np.empty((model.layers, *size), np.float32)
        self._pattern = np.empty((model.layers, rows, model.heads, keys), np.float32)
        padded_logits = np.empty((rows, model.outputs), np.float32)
        self.logits: Floats = padded_logits[:, :vocabulary]
        self.lens: dict[int, Floats] = {}
        heads = 2 * (model.heads + model.kv_heads) * model.head_dim
        self._scratch = np.empty(
            rows * (2 * model.width + heads + 3 * model.inner) + keys + LANES, np.float32
        )
        written = (
            self.resid,
            self.attn_out,
            self.mlp_out,
            self._pattern,
            padded_logits,
            self._scratch,
        )
        self.addresses = OutputAddresses(keys, *(each.ctypes.data for each in written))

    def at(self, point: Block) -> Floats:
        values: Floats = getattr(self, point)
        return values

    def patterns(self) -> Sequence[Floats]:
        return [self._pattern]


class AsyncPass:
    """A pass that is computed without the GIL."""

    def __init__(
        self,
        worker: Worker,
        compiled: LlamaBuild,
        model: Model,
        outputs: CompiledOutputs,
        rows: np.ndarray,
        add_lens: Callable[[], None],
    ) -> None:
        self._outputs = outputs
        self._add_lens = add_lens
        self._worker = worker
        self._compute = partial(compiled, model, len(rows), rows.ctypes.data, outputs.addresses)
        self._rows = rows
        self._running = worker.begin(model, len(rows), rows.ctypes.data, outputs.addresses)

    def finish(self) -> tuple[CompiledOutputs, float]:
        """Wait for it; returns its outputs and the seconds that it took."""
        waited_s = 0.0
        began = time.perf_counter()
        if self._running:
            self._running = False
            waited_s = self._worker.wait()
            began = time.perf_counter()
        else:
            self._compute()
        self._add_lens()
        return self._outputs, waited_s + time.perf_counter() - began

    def __del__(self) -> None:
        if self._running:  # it still writes to these arrays
            self._worker.wait()
