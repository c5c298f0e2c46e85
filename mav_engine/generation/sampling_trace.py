"""Records the distribution after each sampling control."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mav_engine.contract.measurements import SamplerStage
from mav_engine.settings import RunSettings

SETTING_OF = {
    "no_repeat_ngram": "no_repeat_ngram_size",
    "block_eos": "block_eos_steps",
    "block_ws": "block_ws_steps",
}
"""Settings whose name differs from the control's."""


@dataclass(frozen=True, slots=True)
class _AfterControl:
    """The distribution after a control."""

    control: str
    ids: np.ndarray
    """In ascending order."""
    probs: np.ndarray


class SamplingTrace:
    """The distributions of one prediction after each control.

    Args:
        settings: settings of the run.
        watched: [top_n] ids of the reported rows.
    """

    def __init__(self, settings: RunSettings, watched: np.ndarray) -> None:
        self._settings = settings
        self._watched = watched
        self._left: list[_AfterControl] = []

    def add(self, control: str, scores: np.ndarray, ids: np.ndarray | None = None) -> None:
        """Record the scores after a control.

        Args:
            control: its name, as in `cut_by`.
            scores: scores of `ids`, or of the whole vocabulary with -Infinity for removed tokens.
            ids: ids in ascending order.
        """
        if ids is None:
            ids = (scores > -np.inf).nonzero()[0]
            scores = scores[ids]
        if len(ids):
            weights = np.exp(scores.astype(np.float64) - scores.max())
            self._left.append(_AfterControl(control, ids, weights / weights.sum()))

    def rows(self, token_id: int) -> list[SamplerStage]:
        """A row for each control, in order."""
        wanted = np.append(self._watched, token_id)
        return [self._stage(left, wanted) for left in self._left]

    def _stage(self, left: _AfterControl, wanted: np.ndarray) -> SamplerStage:
        places = np.searchsorted(left.ids, wanted).clip(max=len(left.ids) - 1)
        found = left.ids[places] == wanted
        probs = np.where(found, left.probs[places], np.nan).tolist()
        *rows, said = (None if math.isnan(prob) else prob for prob in probs)
        setting = getattr(self._settings, SETTING_OF.get(left.control, left.control))
        return SamplerStage(left.control, float(setting), len(left.ids), rows, said)
