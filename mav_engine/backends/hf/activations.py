"""Activations at every position of a text; a `Step` has those of the last position only."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from mav_engine.backends.hf.hooks import Recording, record
from mav_engine.contract.arrays import Floats
from mav_engine.errors import OutOfMemory
from mav_engine.generation.capture import HookPoint


def joined_maps(maps: Sequence[Floats | None], length: int) -> Floats | None:
    """[n_layers, n_heads, length, length] from the maps of a text that was read in parts.

    Part i holds its own queries over all keys up to its end; the keys after a query are 0.
    None where there is no part, or where one has no pattern.
    """
    parts = [part for part in maps if part is not None]
    if not parts or len(parts) < len(maps):
        return None
    if len(parts) == 1:
        return parts[0]
    whole = np.zeros((*parts[0].shape[:2], length, length), dtype=np.float32)
    begin = 0
    for part in parts:
        queries, keys = part.shape[2:]
        whole[:, :, begin : begin + queries, :keys] = part
        begin += queries
        # A head without a pattern has none for any query.
        whole[np.isnan(part).all(axis=(2, 3))] = np.nan
    return whole


class Activations:
    """Reads short texts apart from every run, and keeps what a calibration text left.

    Args:
        model: with the recording hooks on.
        n_layers: how many layers are recorded.
        calibration_ids: gives the calibration text's tokens; asked at its first use.
    """

    def __init__(
        self, model: Any, n_layers: int, calibration_ids: Callable[[], Sequence[int]]
    ) -> None:
        self._model = model
        self._n_layers = n_layers
        self._calibration_ids = calibration_ids
        self._calibrated: dict[HookPoint, Floats | None] = {}
        self._calibrating = threading.Lock()

    @torch.inference_mode()
    def read(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        """[rows, len(ids), d_model] at a hook point, in one pass without a cache.

        Raises:
            OutOfMemory: the device has no room for it.
        """
        recording = Recording(self._n_layers, [point])
        # The base model: no logits over the vocabulary are needed.
        base = self._model.base_model
        try:
            with record(recording):
                base(**_inputs(base, torch.tensor([ids], device=self._model.device)))
            return recording.every(point)
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{self._model.device} has no memory left to fit the tiles: {error}. "
                "Leave the probe tiles out of capture."
            ) from None

    def calibration(self, point: HookPoint) -> Floats | None:
        """[rows, n_tokens, d_model] of the calibration text, read once a model and hook point."""
        with self._calibrating:
            if point not in self._calibrated:
                self._calibrated[point] = self.read(self._calibration_ids(), point)
            return self._calibrated[point]


def _inputs(model: Any, ids: torch.Tensor) -> dict[str, Any]:
    """What a pass without a cache takes; positions count from 0, as `generate()` gives them."""
    takes = inspect.signature(model.forward).parameters
    inputs: dict[str, Any] = {"input_ids": ids}
    if "use_cache" in takes:
        inputs["use_cache"] = False
    if "position_ids" in takes:
        inputs["position_ids"] = torch.arange(ids.shape[1], device=ids.device)[None]
    return inputs
