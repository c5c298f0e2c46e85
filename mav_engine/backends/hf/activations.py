"""Activations at every position of a text; a `Step` only has those of the last position."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from mav_engine.backends.hf.hooks import Recording, record
from mav_engine.contract.arrays import Floats
from mav_engine.errors import OutOfMemory
from mav_engine.generation.capture import HookPoint


@torch.inference_mode()
def activations_of(
    model: Any, n_layers: int, ids: Sequence[int], point: HookPoint
) -> Floats | None:
    """[rows, len(ids), d_model] at a hook point, in one pass outside of any run.

    Args:
        model: a model with recording hooks.
        n_layers: number of recorded layers.
        ids: a short text.
        point: where to record.

    Raises:
        OutOfMemory: the device has no room for it.
    """
    recording = Recording(n_layers, [point])
    # The base model: no logits over the vocabulary are needed.
    base = model.base_model
    try:
        with record(recording):
            base(**_inputs(base, torch.tensor([ids], device=model.device)))
        return recording.every(point)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(
            f"{model.device} has no memory left to fit the tiles: {error}. "
            "Leave the probe tiles out of capture."
        ) from None


def _inputs(model: Any, ids: torch.Tensor) -> dict[str, Any]:
    """Arguments of a pass without a cache; positions count from 0, as in `generate()`."""
    takes = inspect.signature(model.forward).parameters
    inputs: dict[str, Any] = {"input_ids": ids}
    if "use_cache" in takes:
        inputs["use_cache"] = False
    if "position_ids" in takes:
        inputs["position_ids"] = torch.arange(ids.shape[1], device=ids.device)[None]
    return inputs
