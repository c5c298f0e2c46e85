"""Prefills a prompt in chunks, so that other sessions can step in between."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mav_engine.backends.inference.scheduler import Scheduler
from mav_engine.contract.arrays import Floats
from mav_engine.generation.capture import HookPoint, PrefillResult, Step

MeasureColumn = Callable[[int, Step], None]
"""Called with a position of the prompt and what was captured there."""
TokenScores = list[float | None]
"""Log-probabilities or entropies of tokens, in nats; None where the model returns no logits for the
position."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The result of one pass over a part of a prompt."""

    step: Step
    """The step at its last position."""
    logprobs: TokenScores
    """Of each target token."""
    entropies: TokenScores
    """Of the prediction of each target token."""
    maps: Sequence[Floats | None] = field(default_factory=list)
    """The patterns of its queries, in parts of [n_layers, n_heads, queries, keys], where
    `full_pattern` is captured."""
    columns: Sequence[tuple[int, Step]] = ()
    """Those of its positions that `measure_columns` asked for, and their steps."""


class PrefillingSession(ABC):
    """A session that prefills its prompt in chunks.

    Args:
        scheduler: gives turns to the sessions of a model.
        capture: the hook points to capture.
    """

    _batches_steps = False
    """Whether its decode steps are batched with those of other sessions."""

    def __init__(self, scheduler: Scheduler[Any, Step], capture: Collection[HookPoint]) -> None:
        self._scheduler = scheduler
        self._capture = capture
        self._length = 0
        """Number of tokens in the KV cache."""
        self._column_positions = range(0)
        self._column_points: Collection[HookPoint] = frozenset()
        self._measure_column: MeasureColumn | None = None

    def measure_columns(
        self, positions: range, points: Collection[HookPoint], measure: MeasureColumn
    ) -> None:
        """Let `prefill` call `measure` with each of these positions that it computes, in order.

        They are always computed, even if the prefix cache has them.

        Args:
            positions: a range up to the last position of the prompt.
            points: the hook points to capture there.
            measure: called after each chunk, so that its tensors can be freed.
        """
        self._column_positions, self._column_points = positions, points
        self._measure_column = measure

    def _columns_in(self, count: int) -> range:
        """Which of the next `count` tokens are columns, by their place among these tokens."""
        positions, before = self._column_positions, self._length
        return range(max(positions.start - before, 0), min(positions.stop - before, count))

    def prefill(self, ids: Sequence[int]) -> PrefillResult:
        """Prefill the prompt; logprobs and entropies are those of its own tokens.

        Raises:
            OutOfMemory: the device has no room for it.
        """
        logprobs, entropies = self._scores_from_prefix(ids)
        maps: list[Floats | None] = []
        begin = self._length
        while True:
            size = self._chunk_size()
            end = len(ids) if size is None else min(begin + size, len(ids))
            last = end == len(ids)
            with self._scheduler.exclusive(self, then_submits=self._batches_steps and last):
                chunk = self._read(ids[begin:end], ids[begin + 1 : end + 1])
            logprobs += chunk.logprobs
            entropies += chunk.entropies
            maps += chunk.maps
            if self._measure_column is not None:
                for position, step in chunk.columns:
                    self._measure_column(position, step)
            if last:
                pattern = joined_maps(maps, len(ids))
                return PrefillResult([None, *logprobs], [None, *entropies], chunk.step, pattern)
            begin = end

    def _scores_from_prefix(self, ids: Sequence[int]) -> tuple[TokenScores, TokenScores]:  # noqa: ARG002
        """Log-probability and entropy of each token, from the second on, of a prefix of the prompt
        that is cached already."""
        return [], []

    @abstractmethod
    def _chunk_size(self) -> int | None:
        """The number of tokens of the next chunk; None for all."""

    @abstractmethod
    def _read(self, ids: Sequence[int], targets: Sequence[int]) -> Chunk:
        """Append the tokens to the KV cache. Target i is the token after token i; the last token of
        the prompt has none."""


def joined_maps(maps: Sequence[Floats | None], length: int) -> Floats | None:
    """[n_layers, n_heads, length, length] from the maps of the chunks of a text.

    Part i holds its own queries over all keys up to its end; the keys after a query are 0.
    None if there is no chunk, or if one has no pattern.
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
