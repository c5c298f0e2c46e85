"""Passes through the written-out step: one token of each of several runs, or a few of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from mav_engine.backends.transformers.decoding import Decoder
from mav_engine.backends.transformers.native import NativeLlama
from mav_engine.backends.transformers.pasts import (
    Continued,
    Past,
    Pasts,
    Seen,
    Shelves,
    sorting_key,
)
from mav_engine.backends.transformers.prefixes import Prefixes
from mav_engine.backends.transformers.ranges import Range
from mav_engine.backends.transformers.traces import BLOCKS, Trace
from mav_engine.backends.transformers.turns import Turns
from mav_engine.backends.transformers.underway import Underway
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief, is_out_of_memory
from mav_engine.generation.capture import Beside, HookPoint, Step
from mav_engine.generation.prediction import Prediction

Choose = Callable[[Step], int | None]
"""From a step to the token that is to be read next, if there is one."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One run's next token, to be read after what its past holds."""

    token_id: int
    past: Past
    capture: Collection[HookPoint]
    choose: Choose | None = None
    """Which token follows from its step, where that may be asked ahead."""


class Stepper:
    """Reads one token of each of several texts in one pass, or a few tokens of one text.

    Args:
        decoder: the model's written-out step.
        has_lens: whether the model has a logit lens.
        prefix_bytes: how much of what was read may be kept for later texts.
    """

    def __init__(self, decoder: Decoder, prefix_bytes: int, *, has_lens: bool) -> None:
        self.shape = decoder.shape
        self.prefixes = Prefixes(prefix_bytes)
        self._decoder = decoder
        self._has_lens = has_lens
        self._shelves = Shelves(decoder.shape)
        # On one processor nothing is won by computing beside Python.
        has_room = isinstance(decoder, NativeLlama) and torch.get_num_threads() > 1
        self.turns: Turns[Ask, Step] = Turns(self.read_all, self if has_room else None)

    def new_past(self) -> Past:
        """Room for a text that nothing was read of yet."""
        return Past(self._shelves)

    def read_all(self, asks: Sequence[Ask]) -> list[Step | Exception]:
        """The step of each, or what went wrong with it; one run's fault is only its own.

        What fails together is tried again in halves: a smaller batch may fit in memory, and
        a token that cannot be read spoils no other's.
        """
        if len(asks) == 1:
            try:
                return [*self._read(asks)]
            except Exception as error:
                return [_told_of_memory(error, asks[0].past.length + 1)]
        try:
            return list(self._read(asks))
        except Exception:
            middle = len(asks) // 2
        return self.read_all(asks[:middle]) + self.read_all(asks[middle:])

    def read_on(self, asks: Sequence[Ask], *, predict: bool) -> list[Step]:
        """The steps of tokens of one text, one after the other, read in one pass, or in halves
        where there is no memory for all; `predict`: with what follows from their logits.

        Raises:
            OutOfMemory: the device has no room for one of them.
        """
        try:
            return self._read_on(asks, predict=predict)
        except Exception as error:
            if len(asks) == 1 or not is_out_of_memory(error):
                raise _told_of_memory(error, asks[0].past.length + 1) from None
            middle = len(asks) // 2
        halves = (asks[:middle], asks[middle:])
        return [step for half in halves for step in self.read_on(half, predict=predict)]

    def follow(self, ask: Ask, step: Step) -> Ask | None:
        """What a run asks after this step, where that is known already."""
        token_id = None if ask.choose is None else ask.choose(step)
        return None if token_id is None else replace(ask, token_id=token_id)

    def begin(self, asks: Sequence[Ask]) -> Callable[[], list[Step | Exception]]:
        """Begin what `read_all` does beside Python; what is given waits for it."""
        try:
            return partial(self._finish, *self._begin(asks))
        except Exception:
            return partial(self.read_all, asks)  # which tells whose fault it is

    @torch.inference_mode()
    def _read(self, asks: Sequence[Ask]) -> list[Step]:
        batch = _Batch(asks, self._decoder.arithmetic.range)
        return batch.read(self._pass(batch.asks, batch.seen, predict=True))

    @torch.inference_mode()
    def _begin(self, asks: Sequence[Ask]) -> tuple[_Batch, Underway]:
        assert isinstance(self._decoder, NativeLlama)
        batch = _Batch(asks, self._decoder.arithmetic.range)
        return batch, self._decoder.begin([ask.token_id for ask in batch.asks], batch.seen)

    @torch.inference_mode()
    def _finish(self, batch: _Batch, underway: Underway) -> list[Step | Exception]:
        trace, spent_s = underway.finish()
        try:
            assert isinstance(self._decoder, NativeLlama)
            trace = self._decoder.look(trace, self._looked(batch.asks))
            return [*batch.read(self._steps(batch.asks, batch.seen, trace, spent_s, predict=True))]
        except Exception:
            return self.read_all(batch.given)

    @torch.inference_mode()
    def _read_on(self, asks: Sequence[Ask], *, predict: bool) -> list[Step]:
        past = asks[0].past
        seen = Continued(past, len(asks), self._decoder.arithmetic.passage)
        steps = self._pass(asks, seen, predict=predict)
        past.length += len(asks)
        return steps

    @np.errstate(all="ignore")  # logits that are not finite are told of by the run
    def _pass(self, asks: Sequence[Ask], seen: Seen, *, predict: bool) -> list[Step]:
        """The step of each row; `predict`: with what follows from all rows' logits."""
        began = time.perf_counter()
        trace = self._decoder.step([ask.token_id for ask in asks], seen, self._looked(asks))
        return self._steps(asks, seen, trace, time.perf_counter() - began, predict=predict)

    def _steps(
        self, asks: Sequence[Ask], seen: Seen, trace: Trace, spent_s: float, *, predict: bool
    ) -> list[Step]:
        """The step of each row of a pass that took so long."""
        began = time.perf_counter()
        cut = _Cut(trace, seen, asks)
        elapsed_ms = 1000 * (spent_s + time.perf_counter() - began)
        predictions = Prediction.of_rows(trace.logits) if predict else [None] * len(asks)
        steps = [cut.step(row, elapsed_ms) for row in range(len(asks))]
        for step, prediction in zip(steps, predictions, strict=True):
            step.prediction = prediction
        return steps

    def _looked(self, asks: Sequence[Ask]) -> list[int]:
        """The rows of which it is asked what every layer would say."""
        rows = enumerate(asks) if self._has_lens else ()
        return [row for row, ask in rows if "lens" in ask.capture]


class _Batch:
    """One token each of several texts, in the order in which their pasts stand side by side."""

    def __init__(self, asks: Sequence[Ask], kind: type[Range]) -> None:
        self.given = asks
        self._order = sorted(range(len(asks)), key=lambda row: sorting_key(asks[row].past))
        self.asks = [asks[row] for row in self._order]
        self.seen = Pasts([ask.past for ask in self.asks], kind)

    def read(self, steps: Sequence[Step]) -> list[Step]:
        """The texts are longer by these steps, which are given as they were asked for."""
        for ask in self.asks:
            ask.past.length += 1
        return [steps[self._order.index(place)] for place in range(len(steps))]


class _Cut:
    """What one pass left, brought to the CPU at once and cut into steps; views, not copies."""

    def __init__(self, trace: Trace, seen: Seen, asks: Sequence[Ask]) -> None:
        wanted = frozenset[HookPoint]().union(*(ask.capture for ask in asks))
        self._asks = asks
        self._logits = trace.logits
        self._n_keys = [length + 1 for length in seen.lengths]
        self._found: dict[HookPoint, list[tuple[Beside, int]]] = {}
        for point in BLOCKS:
            if point in wanted:
                beside = Beside(trace.at(point))
                self._found[point] = [(beside, row) for row in range(len(asks))]
        if "pattern" in wanted:
            ranges = map(Beside, trace.patterns())
            self._found["pattern"] = [(each, row) for each in ranges for row in _runs(each)]
        self._lens = trace.lens

    def step(self, row: int, elapsed_ms: float) -> Step:
        n_keys = self._n_keys[row]
        beside = {
            point: by_row[row]
            for point, by_row in self._found.items()
            if point in self._asks[row].capture
        }
        found = {point: all_runs.values[:, run] for point, (all_runs, run) in beside.items()}
        pattern = found.get("pattern")
        return Step(
            logits=self._logits[row],
            n_keys=n_keys,
            elapsed_ms=elapsed_ms,
            resid=found.get("resid"),
            mlp_out=found.get("mlp_out"),
            attn_out=found.get("attn_out"),
            pattern=None if pattern is None else pattern[..., :n_keys],
            lens=self._lens.get(row),
            beside=beside,
        )


def _runs(beside: Beside) -> range:
    return range(beside.values.shape[1])


def _told_of_memory(error: Exception, positions: int) -> Exception:
    """The error, as one that says what a text of so many positions found no memory for."""
    if not is_out_of_memory(error):
        return error
    return OutOfMemory(
        f"The device has no memory left for {positions} tokens: {brief(error)}. "
        "Use a shorter prompt, fewer tokens or a smaller model."
    )
