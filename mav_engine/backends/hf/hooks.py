"""Hooks that collect references to one forward pass's tensors.

The hooks stay registered while the model is loaded and do nothing unless the calling thread is
recording. Reductions run after the pass, on all layers at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from mav_engine.backends.hf.architectures import Parts
from mav_engine.contract.arrays import Floats
from mav_engine.generation.capture import HookPoint


class Recording:
    """Tensors of one forward pass by hook point and layer; None where a layer returned none.

    Args:
        n_layers: the number of layers.
        points: what to record.
        queries: of how many of the last positions to record the pattern, at least.
    """

    def __init__(self, n_layers: int, points: Collection[HookPoint], queries: int = 1) -> None:
        self.points = points
        self.queries = queries
        self.resid: list[torch.Tensor | None] = [None] * (n_layers + 1)
        self.mlp_out: list[torch.Tensor | None] = [None] * n_layers
        self.attn_out: list[torch.Tensor | None] = [None] * n_layers
        self.pattern: list[torch.Tensor | None] = [None] * n_layers

    def stacked(self, point: HookPoint, count: int) -> torch.Tensor | None:
        """The vectors of the last `count` positions [rows, count, d_model]; None unless every layer
        returned them."""
        tensors = [tensor for tensor in getattr(self, point) if tensor is not None]
        if len(tensors) < len(getattr(self, point)) or any(t.shape[1] < count for t in tensors):
            return None
        # The layers of a spread model are on several devices; the lens is on the last one.
        return torch.stack([tensor[0, -count:].to(tensors[-1].device) for tensor in tensors])

    def rows(self, point: HookPoint) -> Floats | None:
        """The last position's vectors [rows, d_model] at a hook point; None if not captured."""
        if point not in self.points:
            return None
        return _at_last(getattr(self, point), 1)

    def every(self, point: HookPoint) -> Floats | None:
        """The tensors of all positions of the pass: [rows, positions, d_model], or
        [n_layers, n_heads, n_queries, n_keys] for the pattern."""
        return _rows([None if t is None else t[0] for t in getattr(self, point)])

    def last(self, point: HookPoint, count: int) -> Floats | None:
        """The tensors of the last `count` positions: [rows, count, d_model], or
        [n_layers, count, n_heads, n_keys] for the pattern; None if not captured."""
        if point not in self.points:
            return None
        axis = 2 if point == "pattern" else 1
        tensors = [
            t.narrow(axis, t.shape[axis] - count, count)[0]
            if t is not None and t.shape[axis] >= count
            else None
            for t in getattr(self, point)
        ]
        rows = _rows(tensors)
        return rows if rows is None or axis == 1 else rows.swapaxes(1, 2)

    def drop_patterns_unless(self, n_keys: int) -> None:
        """Drop patterns whose number of keys is not `n_keys`."""
        self.pattern = [
            p if p is not None and p.ndim == 4 and p.shape[-1] == n_keys else None
            for p in self.pattern
        ]

    def patterns(self) -> Floats | None:
        """The last query's attention [n_layers, n_heads, n_keys]; None if not captured."""
        if "pattern" not in self.points:
            return None
        return _at_last(self.pattern, 2)


def _at_last(tensors: list[torch.Tensor | None], axis: int) -> Floats | None:
    """The last index along an axis of each layer's tensor [1, …]."""
    present = [tensor for tensor in tensors if tensor is not None and tensor.shape[axis] == 1]
    alike = {(tensor.shape, tensor.device) for tensor in present}
    if len(present) == len(tensors) and len(alike) == 1:
        # One token and equal shapes: one copy instead of a view per layer and a copy.
        rows: Floats = torch.cat(present).select(axis, 0).float().cpu().numpy()
        return rows
    return _rows([None if t is None else t.select(axis, -1)[0] for t in tensors])


def _rows(tensors: list[torch.Tensor | None]) -> Floats | None:
    """Float32 rows of equal shape, NaN for missing layers; None if all are missing."""
    present = [tensor for tensor in tensors if tensor is not None]
    if not present:
        return None
    if len({tensor.shape[0] for tensor in present}) > 1:
        # Layers with fewer heads than others get NaN for the missing heads.
        most = max(tensor.shape[0] for tensor in present)
        return _rows([None if t is None else _with_heads(t, most) for t in tensors])
    if len({tensor.device for tensor in present}) > 1:
        present = [tensor.cpu() for tensor in present]
    rows: Floats = torch.stack(present).float().cpu().numpy()
    if len(present) == len(tensors):
        return rows
    full = np.full((len(tensors), *rows.shape[1:]), np.nan, dtype=np.float32)
    full[[tensor is not None for tensor in tensors]] = rows
    return full


def _with_heads(pattern: torch.Tensor, count: int) -> torch.Tensor:
    lacking = pattern.new_full((count - pattern.shape[0], *pattern.shape[1:]), torch.nan)
    return torch.cat([pattern, lacking])


_thread = threading.local()


def current() -> Recording | None:
    """The recording of the calling thread, if there is one."""
    return getattr(_thread, "recording", None)


@contextmanager
def record(recording: Recording) -> Iterator[None]:
    """Record the forward passes of this thread."""
    _thread.recording = recording
    try:
        yield
    finally:
        _thread.recording = None


def install(parts: Parts) -> list[RemovableHandle]:
    """Register hooks on a model's parts; the handles remove them."""
    handles = []
    streaming = parts.blocks if parts.residual else []
    for layer, block in enumerate(streaming):
        handles.append(block.register_forward_pre_hook(_resid_pre(layer), with_kwargs=True))
    after_last = _output("resid", len(parts.blocks))
    handles += [block.register_forward_hook(after_last) for block in streaming[-1:]]
    for layer, attention in enumerate(parts.attentions):
        if attention is not None:
            handles.append(attention.register_forward_hook(_output("attn_out", layer)))
    for layer, mlp in enumerate(parts.mlps):
        if mlp is not None:
            handles.append(mlp.register_forward_hook(_output("mlp_out", layer)))
    return handles


def _resid_pre(layer: int) -> Callable[..., None]:
    def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        recording = current()
        if recording is not None:
            recording.resid[layer] = args[0] if args else kwargs["hidden_states"]

    return hook


def _output(point: HookPoint, row: int) -> Callable[..., None]:
    def hook(_module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        recording = current()
        if recording is not None:
            tensor = output[0] if isinstance(output, tuple | list) else output
            # Some modules treat positions as a batch: [positions, d_model].
            getattr(recording, point)[row] = tensor[None] if tensor.ndim == 2 else tensor

    return hook
