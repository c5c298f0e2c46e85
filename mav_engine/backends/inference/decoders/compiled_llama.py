"""The decode step of a small Llama as one compiled call, outside of Python's lock.

A small model is bound by the number of operations, which a compiled call avoids. A larger one is
bound by reading its weights, which all threads together do faster than one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn

from mav_engine.backends.inference.decoders.async_pass import AsyncPass, CompiledOutputs
from mav_engine.backends.inference.decoders.rotary import Rotary
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.llama import (
    PANEL,
    Layer,
    Model,
    Pass,
    Worker,
    compiled_pass,
)
from mav_engine.backends.inference.kernels.ops import BY_NUMPY, Arithmetic, unembedding
from mav_engine.backends.inference.kernels.rms_norm import RmsNorm
from mav_engine.backends.inference.kv_pool import KVShape, KVSlot
from mav_engine.backends.inference.kv_view import KVView

_MOST_BYTES = 2**26
"""Limit for the weights of all products; above it numpy with the products, which use all threads,
is faster."""


def compiled_llama(model: Any, config: Any) -> CompiledLlama | None:
    """The compiled step of a Llama; None where the model is too large or built differently."""
    compiled = compiled_pass()
    if compiled is None or not _is_readable(model):
        return None
    weights = [model.lm_head.weight.detach()]
    weights += [each.weight.detach() for block in model.model.layers for each in _products(block)]
    count = sum(each.numel() for each in weights)
    if 2 * count > _MOST_BYTES:
        return None
    halves = all(map(_is_half, weights))
    fits = (2 if halves else 4) * count <= _MOST_BYTES
    return CompiledLlama(model, config, compiled, halves=halves) if fits else None


def _is_readable(model: Any) -> bool:
    """Whether the pass computes everything that the blocks of a Llama have."""
    blocks = model.model.layers
    products = [each for block in blocks for each in _products(block)]
    return (
        all(type(each) is nn.Linear and each.bias is None for each in [*products, model.lm_head])
        and all(each.out_features % PANEL == 0 for each in products)
        and all(block.self_attn.head_dim % (2 * LANES) == 0 for block in blocks)
        and not any(hasattr(block.self_attn, "q_norm") for block in blocks)
        and all(type(block.mlp.act_fn).__name__ in {"SiLU", "SiLUActivation"} for block in blocks)
    )


def _products(block: Any) -> list[Any]:
    attention, mlp = block.self_attn, block.mlp
    return [
        attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj,
        mlp.gate_proj, mlp.up_proj, mlp.down_proj,
    ]  # fmt: skip


class CompiledLlama:
    """Calls the compiled pass with the addresses of all arrays that it reads and writes."""

    def __init__(self, model: Any, config: Any, compiled: Pass, *, halves: bool) -> None:
        base, attention = model.model, model.model.layers[0].self_attn
        self._compiled = compiled
        self._vocabulary = model.lm_head.out_features
        self.arithmetic: Arithmetic = BY_NUMPY
        norm = self.arithmetic.rms_norm(base.norm)
        self._unembedded = unembedding(norm, model.lm_head, self.arithmetic)
        embedding = base.embed_tokens.weight
        self._embedding = embedding.detach().numpy()
        self._rotary = Rotary(base.rotary_emb, embedding, config.max_position_embeddings)
        self._kept: list[np.ndarray] = []
        """What the addresses lead to."""
        blocks = [_matrices(block) for block in base.layers]
        head = _padded(model.lm_head.weight.detach())
        self._number = np.float16 if halves else np.float32
        layers = [
            Layer(*map(self._panels, matrices), *map(self._norm, _norms(block)))
            for matrices, block in zip(blocks, base.layers, strict=True)
        ]
        n_kv_heads = attention.k_proj.out_features // attention.head_dim
        self._model = Model(
            layers=len(layers),
            width=embedding.shape[1],
            heads=attention.q_proj.out_features // attention.head_dim,
            kv_heads=n_kv_heads,
            head_dim=attention.head_dim,
            inner=base.layers[0].mlp.down_proj.in_features,
            outputs=len(head),
            halves=halves,
            last_norm=self._norm(base.norm),
            head=self._panels(head),
            layer=(Layer * len(layers))(*layers),
            epsilon=RmsNorm(base.norm).eps,
            scaling=float(attention.scaling),
        )
        # torch sees no parameter in them.
        held = int(getattr(model.lm_head, "packed_bytes", 0))
        panels = len(head) * head.shape[1] + sum(m.numel() for block in blocks for m in block)
        model.lm_head.packed_bytes = held + panels * self._number().itemsize
        self.shape = KVShape(len(layers), n_kv_heads, attention.head_dim, embedding.device)

    def step(self, ids: Sequence[int], seen: KVView, looked: Collection[int]) -> CompiledOutputs:
        trace, rows = self._places(ids, seen)
        self._compiled(self._model, len(ids), rows.ctypes.data, trace.places)
        return self.look(trace, looked)

    def look(self, trace: CompiledOutputs, looked: Collection[int]) -> CompiledOutputs:
        """Add the logit lens of these rows."""
        for row in looked:
            trace.lens[row] = self._unembedded(trace.resid[1:, row])
        return trace

    def begin(self, ids: Sequence[int], seen: KVView) -> AsyncPass:
        """The same in the background; no other pass may begin before it is finished."""
        return AsyncPass(self._worker, self._compiled, self._model, *self._places(ids, seen))

    @cached_property
    def _worker(self) -> Worker:
        return self._compiled.worker()

    def _places(self, ids: Sequence[int], seen: KVView) -> tuple[CompiledOutputs, np.ndarray]:
        """Where a pass is to write, its embeddings written, and [rows, 6] where it is to read."""
        longest = max(seen.lengths)
        cos, sin, angles = self._rotary.lookup(seen)
        self._model.cosines, self._model.sines = cos.data_ptr(), sin.data_ptr()
        self._tables = (cos, sin)  # must live as long as the pass
        trace = CompiledOutputs(self._model, len(ids), longest + 1, self._vocabulary)
        trace.resid[0] = self._embedding[list(ids)]
        places = zip(seen.lengths, angles, map(_place, seen.texts), strict=True)
        return trace, np.array([(length, at, *place) for length, at, place in places], np.int64)

    def _panels(self, weight: torch.Tensor) -> int:
        """Address of a weight [outputs, inputs] as [outputs / PANEL, inputs, PANEL]."""
        panels = weight.numpy().reshape(-1, PANEL, weight.shape[1]).swapaxes(1, 2)
        return self._address(np.ascontiguousarray(panels, self._number))

    def _norm(self, norm: Any) -> int:
        return self._address(norm.weight.detach().numpy())

    def _address(self, values: np.ndarray) -> int:
        self._kept.append(values)
        return values.ctypes.data


def _matrices(block: Any) -> list[torch.Tensor]:
    """The weights of one block, joined where they read the same input."""
    q, k, v, out, gate, up, down = (each.weight.detach() for each in _products(block))
    return [torch.cat([q, k, v]), out, torch.cat([gate, up]), down]


def _norms(block: Any) -> tuple[Any, Any]:
    return block.input_layernorm, block.post_attention_layernorm


def _padded(weight: torch.Tensor) -> torch.Tensor:
    return nn.functional.pad(weight, (0, 0, 0, -len(weight) % PANEL))


def _is_half(weight: torch.Tensor) -> bool:
    """Whether half precision holds a weight exactly."""
    return bool((weight.half().float() == weight).all())


def _place(past: KVSlot) -> tuple[int, int, int, int]:
    """Where a text's keys begin, and how far apart layers, keys and values, and heads stand."""
    slab = past.slab
    assert slab is not None
    data = slab.data
    layer, value, slot, head, _, _ = data.stride()
    return data.data_ptr() + 4 * past.slot * slot, layer, value, head
