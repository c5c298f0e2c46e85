"""The calibration text, and the typical activations of a model that are computed from it.

The text was written for this project: a story, a description, a dialogue, instructions and figures,
in plain English, so that statistics do not depend on the words of a single prompt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.generation.capture import HookPoint

MAX_CALIBRATION_TOKENS = 512
"""Most tokens of it that are used; fewer if the context is shorter."""
SURE_CALIBRATION_TOKENS = 128
"""Tokens of it that are used if a model states no context length."""


def calibration_text() -> str:
    """The whole text."""
    return (Path(__file__).parent / "calibration.txt").read_text(encoding="utf-8")


class Calibration:
    """Activations of the calibration text, computed once per hook point.

    Args:
        encode: returns the ids of a text.
        info: the model's context length and vocabulary.
        activations: computes [rows, n_tokens, d_model] of ids at a hook point.
    """

    def __init__(
        self,
        encode: Callable[[str], list[int]],
        info: ModelInfo,
        activations: Callable[[Sequence[int], HookPoint], Floats | None],
    ) -> None:
        self._encode, self._info, self._activations = encode, info, activations
        self._computed: dict[HookPoint, Floats | None] = {}
        self._computing = threading.Lock()

    def at(self, point: HookPoint) -> Floats | None:
        """[rows, n_tokens, d_model]; None if the model has no such vectors."""
        with self._computing:
            if point not in self._computed:
                self._computed[point] = self._activations(self.ids(), point)
            return self._computed[point]

    def ids(self) -> list[int]:
        """The tokens of the text, as many as fit."""
        most = min(MAX_CALIBRATION_TOKENS, self._info.context or SURE_CALIBRATION_TOKENS)
        # A tokenizer may have more tokens than the model has embeddings.
        size = self._info.vocabulary or 0
        return [each for each in self._encode(calibration_text()) if each < size][:most]
