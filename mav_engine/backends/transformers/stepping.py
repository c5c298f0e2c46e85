"""Passes through the written-out step: one token of each of several runs, or a few of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mav_engine.arrays import Floats
from mav_engine.backends.transformers.decoding import Decoder
from mav_engine.backends.transformers.lens import Lens
from mav_engine.backends.transformers.pasts import (
    Continued,
    Past,
    Pasts,
    Seen,
    Shelves,
    sorting_key,
)
from mav_engine.backends.transformers.prefixes import Prefixes
from mav_engine.backends.transformers.traces import BLOCKS, Trace
from mav_engine.backends.transformers.turns import Turns
from mav_engine.capture import Beside, HookPoint, Step
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief, is_out_of_memory
from mav_engine.prediction import Prediction


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """One run's next token, to be read after what its past holds."""

    token_id: int
    past: Past
    capture: Collection[HookPoint]


class Stepper:
    """Reads one token of each of several texts in one pass, or a few tokens of one text.

    Args:
        decoder: the model's written-out step.
        lens: the model's logit lens, if it has one.
        prefix_bytes: how much of what was read may be kept for later texts.
    """

    def __init__(self, decoder: Decoder, lens: Lens | None, prefix_bytes: int) -> None:
        self.shape = decoder.shape
        self.prefixes = Prefixes(prefix_bytes)
        self._decoder = decoder
        self._lens = lens
        self._shelves = Shelves(decoder.shape)
        self.turns: Turns[Ask, Step] = Turns(self.read_all)

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

    @torch.inference_mode()
    def _read(self, asks: Sequence[Ask]) -> list[Step]:
        order = sorted(range(len(asks)), key=lambda row: sorting_key(asks[row].past))
        sorted_asks = [asks[row] for row in order]
        pasts = Pasts([ask.past for ask in sorted_asks], self._decoder.arithmetic.range)
        steps = self._pass(sorted_asks, pasts, predict=True)
        for ask in asks:
            ask.past.length += 1
        return [steps[order.index(place)] for place in range(len(asks))]

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
        trace = self._decoder.step([ask.token_id for ask in asks], seen)
        cut = _Cut(trace, seen, asks, None if self._lens is None else self._seen)
        elapsed_ms = 1000 * (time.perf_counter() - began)
        predictions = Prediction.of_rows(trace.logits) if predict else [None] * len(asks)
        steps = [cut.step(row, elapsed_ms) for row in range(len(asks))]
        for step, prediction in zip(steps, predictions, strict=True):
            step.prediction = prediction
        return steps

    def _seen(self, resid: Floats) -> Floats:
        """Logits [n_layers, vocabulary] of a text's residual stream, by the lens."""
        assert self._lens is not None
        seen: Floats = self._lens(torch.tensor(resid[1:], device=self.shape.device)).cpu().numpy()
        return seen


class _Cut:
    """What one pass left, brought to the CPU at once and cut into steps; views, not copies."""

    def __init__(
        self,
        trace: Trace,
        seen: Seen,
        asks: Sequence[Ask],
        lens: Callable[[Floats], Floats] | None,
    ) -> None:
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
        self._lens: dict[int, Floats] = {}
        wants = [row for row, ask in enumerate(asks) if "lens" in ask.capture]
        if lens is not None and wants:
            resid = trace.at("resid")
            self._lens = {row: lens(resid[:, row]) for row in wants}

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
