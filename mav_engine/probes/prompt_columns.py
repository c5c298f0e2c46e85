"""The columns of a prompt: what probes measure at its last positions.

Columns are measured with `attention_sources`, by all captured probes that can. The last position of
the prompt is not among them: it predicts the first token, whose event describes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mav_engine.contract.events import Layers, ModelInfo, PromptColumn
from mav_engine.generation.capture import HookPoint, Step
from mav_engine.probes.base import ColumnContext, Probe
from mav_engine.settings import RunSettings
from mav_engine.text.tokens import Vocabulary

MAX_COLUMNS = 64
MAX_WEIGHTS = 2**24
"""Most attention weights of all columns: 64 MiB. There are fewer columns otherwise."""
MAX_LENS_PRODUCTS = 2**29
"""Most multiplications of the logit lens of all columns, a few hundredths of a second; without it
otherwise."""


class PromptColumns:
    """Measures the columns of one prompt.

    Args:
        probes: the captured probes.
        settings: the settings of the run.
        model: its model.
        ids: the tokens that are prefilled.
        vocabulary: the texts of tokens.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        settings: RunSettings,
        model: ModelInfo,
        ids: Sequence[int],
        vocabulary: Vocabulary,
    ) -> None:
        self._settings = settings
        self._ids = ids
        self._vocabulary = vocabulary
        last = len(ids) - 1
        wanted = any(probe.name == "attention_sources" for probe in probes)
        count = min(MAX_COLUMNS, MAX_WEIGHTS // _weights(model, len(ids))) if wanted else 0
        self.positions = range(max(0, last - count), last)
        """The positions of the columns."""
        can = [probe for probe in probes if probe.measure_column is not None]
        products = _lens_products(model) * len(self.positions)
        if products > MAX_LENS_PRODUCTS:
            can = [probe for probe in can if "lens" not in probe.needs]
        self._probes = can
        self.points = frozenset[HookPoint]().union(*(probe.points(settings) for probe in can))
        """The hook points to capture there."""
        self._measured: list[PromptColumn] = []

    def measure(self, position: int, step: Step) -> None:
        """Measure the next column; `step` is what was captured at its position."""
        context = ColumnContext(step, self._settings, self._vocabulary, self._ids[position + 1])
        layers: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        for probe in self._probes:
            if probe.measure_column is not None:
                place = layers if probe.section == "layers" else fields
                place.update(probe.measure_column(context))
        self._measured.append(PromptColumn(position, Layers(**layers), **fields))

    def measured(self) -> list[PromptColumn] | None:
        """The columns, oldest first; None where there are none."""
        return self._measured or None


def _weights(model: ModelInfo, length: int) -> int:
    """Attention weights of one position of a text."""
    return max(1, (model.layers or 1) * (model.heads or 1) * length)


def _lens_products(model: ModelInfo) -> int:
    """Multiplications of the logit lens of one position."""
    return (model.layers or 1) * (model.d_model or 1) * (model.vocabulary or 1)
