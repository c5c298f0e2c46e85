"""Runs a decoder: one token of each of several texts, or a few tokens of one text, in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from mav_engine.backends.inference.decoders.async_pass import AsyncPass
from mav_engine.backends.inference.decoders.base import Decoder
from mav_engine.backends.inference.decoders.compiled_llama import CompiledLlama
from mav_engine.backends.inference.decoders.layer_outputs import BLOCKS, LayerOutputs
from mav_engine.backends.inference.kernels.batched_attention import BatchAttention
from mav_engine.backends.inference.kv_pool import KVPool, KVSlot
from mav_engine.backends.inference.kv_view import BatchView, ChunkView, KVView, sorting_key
from mav_engine.backends.inference.prefix_cache import PrefixCache
from mav_engine.backends.inference.scheduler import Scheduler
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief, is_out_of_memory
from mav_engine.generation.capture import Beside, HookPoint, Step
from mav_engine.generation.prediction import Prediction

Choose = Callable[[Step], int | None]
"""Returns the next token after a step, if there is one."""


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """The next token of one run, with the keys and values of its text."""

    token_id: int
    past: KVSlot
    capture: Collection[HookPoint]
    choose: Choose | None = None
    """Chooses the token after its step, where the run allows that ahead of time."""


class BatchDecoder:
    """Decodes one token of each of several texts in one pass, or a few tokens of one text.

    Args:
        decoder: the model's decoder.
        has_lens: whether the model has a logit lens.
        prefix_bytes: the budget of the prefix cache.
    """

    def __init__(self, decoder: Decoder, prefix_bytes: int, *, has_lens: bool) -> None:
        self.shape = decoder.shape
        self.prefixes = PrefixCache(prefix_bytes)
        self._decoder = decoder
        self._has_lens = has_lens
        self._pool = KVPool(decoder.shape)
        # On one processor an asynchronous pass gains nothing.
        has_room = isinstance(decoder, CompiledLlama) and torch.get_num_threads() > 1
        self.scheduler: Scheduler[DecodeRequest, Step] = Scheduler(
            self.read_all, self if has_room else None
        )

    def new_past(self) -> KVSlot:
        """A slot for a new text."""
        return KVSlot(self._pool)

    def read_all(self, requests: Sequence[DecodeRequest]) -> list[Step | Exception]:
        """The step of each request, or its exception; an error of one run affects no other.

        A batch that fails is repeated in halves: a smaller one may fit in memory, and only the
        request at fault fails.
        """
        if len(requests) == 1:
            try:
                return [*self._read(requests)]
            except Exception as error:
                return [_with_memory(error, requests[0].past.length + 1)]
        try:
            return list(self._read(requests))
        except Exception:
            middle = len(requests) // 2
        return self.read_all(requests[:middle]) + self.read_all(requests[middle:])

    def read_on(self, requests: Sequence[DecodeRequest], *, predict: bool) -> list[Step]:
        """The steps of consecutive tokens of one text, from one pass, or from halves where memory
        does not suffice; `predict`: with their predictions.

        Raises:
            OutOfMemory: the device has no memory for one token.
        """
        try:
            return self._read_on(requests, predict=predict)
        except Exception as error:
            if len(requests) == 1 or not is_out_of_memory(error):
                raise _with_memory(error, requests[0].past.length + 1) from None
            middle = len(requests) // 2
        halves = (requests[:middle], requests[middle:])
        return [step for half in halves for step in self.read_on(half, predict=predict)]

    def follow(self, request: DecodeRequest, step: Step) -> DecodeRequest | None:
        """The next request of a run after this step, if it is already known."""
        token_id = None if request.choose is None else request.choose(step)
        return None if token_id is None else replace(request, token_id=token_id)

    def begin(self, requests: Sequence[DecodeRequest]) -> Callable[[], list[Step | Exception]]:
        """Begin `read_all` in the background; the callable returned waits for it."""
        try:
            return partial(self._finish, *self._begin(requests))
        except Exception:
            return partial(self.read_all, requests)  # finds the request at fault

    @torch.inference_mode()
    def _read(self, requests: Sequence[DecodeRequest]) -> list[Step]:
        batch = _Batch(requests, self._decoder.arithmetic.range)
        return batch.read(self._pass(batch.requests, batch.seen, predict=True))

    @torch.inference_mode()
    def _begin(self, requests: Sequence[DecodeRequest]) -> tuple[_Batch, AsyncPass]:
        assert isinstance(self._decoder, CompiledLlama)
        batch = _Batch(requests, self._decoder.arithmetic.range)
        return batch, self._decoder.begin(
            [request.token_id for request in batch.requests], batch.seen
        )

    @torch.inference_mode()
    def _finish(self, batch: _Batch, underway: AsyncPass) -> list[Step | Exception]:
        trace, spent_s = underway.finish()
        try:
            assert isinstance(self._decoder, CompiledLlama)
            trace = self._decoder.look(trace, self._looked(batch.requests))
            return [
                *batch.read(self._steps(batch.requests, batch.seen, trace, spent_s, predict=True))
            ]
        except Exception:
            return self.read_all(batch.given)

    @torch.inference_mode()
    def _read_on(self, requests: Sequence[DecodeRequest], *, predict: bool) -> list[Step]:
        past = requests[0].past
        seen = ChunkView(past, len(requests), self._decoder.arithmetic.passage)
        steps = self._pass(requests, seen, predict=predict)
        past.length += len(requests)
        return steps

    @np.errstate(all="ignore")  # the run reports logits that are not finite
    def _pass(
        self, requests: Sequence[DecodeRequest], seen: KVView, *, predict: bool
    ) -> list[Step]:
        """The step of each row; `predict`: with the predictions of all rows."""
        began = time.perf_counter()
        trace = self._decoder.step(
            [request.token_id for request in requests], seen, self._looked(requests)
        )
        return self._steps(requests, seen, trace, time.perf_counter() - began, predict=predict)

    def _steps(
        self,
        requests: Sequence[DecodeRequest],
        seen: KVView,
        trace: LayerOutputs,
        spent_s: float,
        *,
        predict: bool,
    ) -> list[Step]:
        """The step of each row of a pass that took `spent_s` seconds."""
        began = time.perf_counter()
        cut = _Cut(trace, seen, requests)
        elapsed_ms = 1000 * (spent_s + time.perf_counter() - began)
        predictions = Prediction.of_rows(trace.logits) if predict else [None] * len(requests)
        steps = [cut.step(row, elapsed_ms) for row in range(len(requests))]
        for step, prediction in zip(steps, predictions, strict=True):
            step.prediction = prediction
        return steps

    def _looked(self, requests: Sequence[DecodeRequest]) -> list[int]:
        """The rows whose logit lens is captured."""
        rows = enumerate(requests) if self._has_lens else ()
        return [row for row, request in rows if "lens" in request.capture]


class _Batch:
    """One token of each of several texts, in the order of their slots."""

    def __init__(self, requests: Sequence[DecodeRequest], kind: type[BatchAttention]) -> None:
        self.given = requests
        self._order = sorted(range(len(requests)), key=lambda row: sorting_key(requests[row].past))
        self.requests = [requests[row] for row in self._order]
        self.seen = BatchView([request.past for request in self.requests], kind)

    def read(self, steps: Sequence[Step]) -> list[Step]:
        """Count the new positions; returns the steps in the order of the requests."""
        for request in self.requests:
            request.past.length += 1
        return [steps[self._order.index(place)] for place in range(len(steps))]


class _Cut:
    """The outputs of one pass, moved to the CPU at once and cut into steps; views, not copies."""

    def __init__(
        self, trace: LayerOutputs, seen: KVView, requests: Sequence[DecodeRequest]
    ) -> None:
        wanted = frozenset[HookPoint]().union(*(request.capture for request in requests))
        self._requests = requests
        self._logits = trace.logits
        self._n_keys = [length + 1 for length in seen.lengths]
        self._found: dict[HookPoint, list[tuple[Beside, int]]] = {}
        for point in BLOCKS:
            if point in wanted:
                beside = Beside(trace.at(point))
                self._found[point] = [(beside, row) for row in range(len(requests))]
        if "pattern" in wanted:
            ranges = map(Beside, trace.patterns())
            self._found["pattern"] = [(each, row) for each in ranges for row in _runs(each)]
        self._lens = trace.lens

    def step(self, row: int, elapsed_ms: float) -> Step:
        n_keys = self._n_keys[row]
        beside = {
            point: by_row[row]
            for point, by_row in self._found.items()
            if point in self._requests[row].capture
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


def _with_memory(error: Exception, positions: int) -> Exception:
    """The error; as `OutOfMemory` for a text of `positions` tokens where it is one of memory."""
    if not is_out_of_memory(error):
        return error
    return OutOfMemory(
        f"The device has no memory left for {positions} tokens: {brief(error)}. "
        "Use a shorter prompt, fewer tokens or a smaller model."
    )
