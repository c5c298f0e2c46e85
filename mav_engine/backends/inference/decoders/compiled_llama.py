"""The forward pass of a small Llama as one compiled call, without the GIL.

Small models are limited by the number of operations, which a compiled call avoids. Larger ones are
limited by reading the weights, where several threads are faster than one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property, partial

import numpy as np

from mav_engine.backends.inference.decoders.async_pass import AsyncPass, CompiledOutputs
from mav_engine.backends.inference.decoders.llama_weights import LlamaBlockWeights, LlamaWeights
from mav_engine.backends.inference.kernels.arithmetic import Function, Operations
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.llama import (
    FLOAT16,
    FLOAT32,
    PANEL,
    Layer,
    LlamaBuild,
    Model,
    Worker,
    llama_build,
)
from mav_engine.backends.inference.kernels.numpy_ops import NumpyOperations
from mav_engine.backends.inference.kv_pool import KVShape, KVSlot, Zeros, zeros_on_cpu
from mav_engine.backends.inference.kv_view import KVView
from mav_engine.contract.arrays import Floats

_MOST_BYTES = 2**26
"""Bytes of all weights; above it `LlamaDecoder`, whose products use all threads, is faster."""


def may_be_compiled(count: int) -> bool:
    """Whether a model with `count` weights in its products may be small enough."""
    return 2 * count <= _MOST_BYTES and llama_build() is not None


def compiled_llama(
    weights: LlamaWeights, unembedded: Callable[[], Function]
) -> CompiledLlama | None:
    """The compiled decoder of a Llama; None where the model is too large or its sizes do not fit.

    Args:
        weights: the weights of the model.
        unembedded: makes a function of residual streams [n, d_model] to logits [n, vocabulary], for
            the lens; called only if the decoder is made.
    """
    compiled = llama_build()
    products = [each for block in weights.blocks for each in block.products]
    if compiled is None or weights.head_dim % (2 * LANES) or any(len(p) % PANEL for p in products):
        return None
    count = sum(each.size for each in (weights.head, *products))
    if not may_be_compiled(count):
        return None
    halves = all(map(_is_half, (weights.head, *products)))
    fits = (2 if halves else 4) * count <= _MOST_BYTES
    return CompiledLlama(weights, compiled, unembedded(), halves=halves) if fits else None


class CompiledLlama:
    """Calls the compiled pass with the addresses of its inputs and outputs."""

    def __init__(
        self, weights: LlamaWeights, compiled: LlamaBuild, unembedded: Function, *, halves: bool
    ) -> None:
        self._compiled = compiled
        self._vocabulary, width = weights.head.shape
        self.operations: Operations = NumpyOperations()
        self._unembedded = unembedded
        self._embedding = weights.embedding
        self._rotary = weights.rotary
        self._arrays: list[np.ndarray] = []
        """What the addresses refer to, kept so that it is not freed."""
        self._dtype = np.float16 if halves else np.float32
        head = np.pad(weights.head, ((0, -self._vocabulary % PANEL), (0, 0)))
        layers = [
            Layer(
                *map(self._panels, _joined(block)),
                self._address(block.before_attention),
                self._address(block.before_mlp),
            )
            for block in weights.blocks
        ]
        self._model = Model(
            layers=len(layers),
            width=width,
            heads=weights.heads,
            kv_heads=weights.kv_heads,
            head_dim=weights.head_dim,
            inner=weights.blocks[0].down.shape[1],
            outputs=len(head),
            format=FLOAT16 if halves else FLOAT32,
            last_norm=self._address(weights.norm),
            head=self._panels(head),
            layer=(Layer * len(layers))(*layers),
            epsilon=weights.epsilon,
            scaling=weights.scaling,
        )
        self.packed_bytes = sum(each.nbytes for each in self._arrays if each.ndim == 3)
        """Bytes of its own copies of the weights."""
        self.zeros: Zeros = zeros_on_cpu
        self.shape = KVShape(len(layers), weights.kv_heads, weights.head_dim)

    def step(self, ids: Sequence[int], view: KVView, lens_rows: Collection[int]) -> CompiledOutputs:
        outputs, rows = self._prepare(ids, view)
        self._compiled(self._model, len(ids), rows.ctypes.data, outputs.addresses)
        self._add_lens(outputs, lens_rows)
        return outputs

    def begin(self, ids: Sequence[int], view: KVView, lens_rows: Collection[int]) -> AsyncPass:
        outputs, rows = self._prepare(ids, view)
        add_lens = partial(self._add_lens, outputs, lens_rows)
        return AsyncPass(self._worker, self._compiled, self._model, outputs, rows, add_lens)

    def _add_lens(self, outputs: CompiledOutputs, lens_rows: Collection[int]) -> None:
        for row in lens_rows:
            outputs.lens[row] = self._unembedded(outputs.resid[1:, row])

    @cached_property
    def _worker(self) -> Worker:
        return self._compiled.worker()

    def _prepare(self, ids: Sequence[int], view: KVView) -> tuple[CompiledOutputs, np.ndarray]:
        """The outputs of a pass, with the embeddings filled in, and its inputs [rows, 6]."""
        longest = max(view.lengths)
        cos, sin, angles = self._rotary.lookup(view)
        self._model.cosines, self._model.sines = cos.ctypes.data, sin.ctypes.data
        self._tables = (cos, sin)  # must live as long as the pass
        outputs = CompiledOutputs(self._model, len(ids), longest + 1, self._vocabulary)
        outputs.resid[0] = self._embedding[list(ids)]
        rows = zip(view.lengths, angles, _kv_addresses(view.texts), strict=True)
        return outputs, np.array([(length, at, *kv) for length, at, kv in rows], np.int64)

    def _panels(self, weight: Floats) -> int:
        """The address of a weight [outputs, inputs] stored as [outputs / PANEL, inputs, PANEL]."""
        panels = weight.reshape(-1, PANEL, weight.shape[1]).swapaxes(1, 2)
        return self._address(np.ascontiguousarray(panels, self._dtype))

    def _address(self, values: np.ndarray) -> int:
        self._arrays.append(values)
        return values.ctypes.data


def _joined(block: LlamaBlockWeights) -> list[Floats]:
    """The products of one block, concatenated where they have the same input."""
    qkv = np.concatenate([block.q, block.k, block.v])
    return [qkv, block.out, np.concatenate([block.gate, block.up]), block.down]


def _is_half(weight: Floats) -> bool:
    """Whether float16 represents a weight exactly."""
    with np.errstate(over="ignore"):
        return bool((weight.astype(np.float16) == weight).all())


def _kv_addresses(slots: Sequence[KVSlot]) -> list[tuple[int, int, int, int]]:
    """For each text the address of its keys, and the strides of layers, keys and values, and
    heads."""
    found = []
    slab = None
    for slot in slots:
        # Looking up an address takes longer than all else, and neighbours share a slab.
        if slot.slab is not slab or slab is None:
            slab = slot.slab
            assert slab is not None
            begin, strides = slab.data.ctypes.data, slab.data.strides
            layer, value, _, head = (stride // slab.data.itemsize for stride in strides[:4])
        found.append((begin + slot.index * strides[2], layer, value, head))
    return found
