"""Runs a decoder: one token of each of several texts, or a few tokens of one text, in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mav_engine.backends.inference.decoders.async_pass import AsyncPass
from mav_engine.backends.inference.decoders.base import Decoder
from mav_engine.backends.inference.decoders.layer_outputs import BLOCKS, LayerOutputs
from mav_engine.backends.inference.kernels.batched_attention import BatchAttention
from mav_engine.backends.inference.kernels.native.prediction import prediction_build
from mav_engine.backends.inference.kernels.native.strongest import compiled_reductions
from mav_engine.backends.inference.kv_pool import KVPool, KVSlot
from mav_engine.backends.inference.kv_view import BatchView, ChunkView, KVView, sorting_key
from mav_engine.backends.inference.prefix_cache import PrefixCache
from mav_engine.backends.inference.scheduler import Scheduler
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief, is_out_of_memory
from mav_engine.generation.capture import BatchShared, HookPoint, Step
from mav_engine.generation.prediction import Prediction

Choose = Callable[[Step], int | None]
"""Returns the next token after a step, if there is one."""


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """The next token of one run, with the keys and values of its text."""

    token_id: int
    slot: KVSlot
    capture: Collection[HookPoint]
    choose: Choose | None = None
    """Chooses the token after its step, where the run allows that ahead of time."""


class BatchDecoder:
    """Decodes one token of each of several texts in one pass, or a few tokens of one text.

    Args:
        decoder: the model's decoder.
        prefix_bytes: the budget of the prefix cache.
        has_lens: whether the model has a logit lens.
        threads: number of threads that the model may use. With one, an asynchronous pass gains
            nothing.
    """

    def __init__(
        self, decoder: Decoder, prefix_bytes: int, *, has_lens: bool, threads: int
    ) -> None:
        self.shape = decoder.shape
        self.prefixes = PrefixCache(prefix_bytes)
        self._decoder = decoder
        self._has_lens = has_lens
        self._pool = KVPool(decoder.shape, decoder.zeros)
        has_room = decoder.begin is not None and threads > 1
        self.scheduler: Scheduler[DecodeRequest, Step] = Scheduler(
            self.decode, self if has_room else None
        )

    def new_slot(self) -> KVSlot:
        """A slot for a new text."""
        return KVSlot(self._pool)

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Step | Exception]:
        """The step of each request, or its exception; an error of one run affects no other.

        A batch that fails is repeated in halves: a smaller one may fit in memory, and only the
        request at fault fails.
        """
        if len(requests) == 1:
            try:
                return [*self._decode(requests)]
            except Exception as error:
                return [_with_memory(error, requests[0].slot.length + 1)]
        try:
            return list(self._decode(requests))
        except Exception:
            middle = len(requests) // 2
        return self.decode(requests[:middle]) + self.decode(requests[middle:])

    def decode_chunk(self, requests: Sequence[DecodeRequest], *, predict: bool) -> list[Step]:
        """The steps of consecutive tokens of one text, from one pass, or from halves where memory
        does not suffice; `predict`: with their predictions.

        Raises:
            OutOfMemory: the device has no memory for one token.
        """
        try:
            return self._decode_chunk(requests, predict=predict)
        except Exception as error:
            if len(requests) == 1 or not is_out_of_memory(error):
                raise _with_memory(error, requests[0].slot.length + 1) from None
            middle = len(requests) // 2
        halves = (requests[:middle], requests[middle:])
        return [step for half in halves for step in self.decode_chunk(half, predict=predict)]

    def next_request(self, request: DecodeRequest, step: Step) -> DecodeRequest | None:
        """The next request of a run after this step, if it is already known."""
        token_id = None if request.choose is None else request.choose(step)
        return None if token_id is None else replace(request, token_id=token_id)

    def begin(self, requests: Sequence[DecodeRequest]) -> Callable[[], list[Step | Exception]]:
        """Begin `decode` in the background; the callable returned waits for it."""
        try:
            return partial(self._finish, *self._start(requests))
        except Exception:
            return partial(self.decode, requests)  # finds the request at fault

    def _decode(self, requests: Sequence[DecodeRequest]) -> list[Step]:
        batch = _Batch(requests, self._decoder.operations.batch_attention)
        return batch.finish(self._pass(batch.requests, batch.view, predict=True))

    def _start(self, requests: Sequence[DecodeRequest]) -> tuple[_Batch, AsyncPass]:
        begin = self._decoder.begin
        if begin is None:
            raise NotImplementedError("this decoder does not compute in the background")
        batch = _Batch(requests, self._decoder.operations.batch_attention)
        ids = [request.token_id for request in batch.requests]
        return batch, begin(ids, batch.view, self._lens_rows(batch.requests))

    def _finish(self, batch: _Batch, running: AsyncPass) -> list[Step | Exception]:
        try:
            outputs, elapsed_s = running.finish()
            steps = self._steps(batch.requests, batch.view, outputs, elapsed_s, predict=True)
            return [*batch.finish(steps)]
        except Exception:
            return self.decode(batch.given)

    def _decode_chunk(self, requests: Sequence[DecodeRequest], *, predict: bool) -> list[Step]:
        slot = requests[0].slot
        view = ChunkView(slot, len(requests), self._decoder.operations.chunk_attention)
        steps = self._pass(requests, view, predict=predict)
        slot.length += len(requests)
        return steps

    @np.errstate(all="ignore")  # the run reports logits that are not finite
    def _pass(
        self, requests: Sequence[DecodeRequest], view: KVView, *, predict: bool
    ) -> list[Step]:
        """The step of each row; `predict`: with the predictions of all rows."""
        began = time.perf_counter()
        outputs = self._decoder.step(
            [request.token_id for request in requests], view, self._lens_rows(requests)
        )
        return self._steps(requests, view, outputs, time.perf_counter() - began, predict=predict)

    def _steps(
        self,
        requests: Sequence[DecodeRequest],
        view: KVView,
        outputs: LayerOutputs,
        elapsed_s: float,
        *,
        predict: bool,
    ) -> list[Step]:
        """The step of each row of a pass that took `elapsed_s` seconds."""
        began = time.perf_counter()
        by_row = _RowOutputs(outputs, view, requests)
        elapsed_ms = 1000 * (elapsed_s + time.perf_counter() - began)
        predictions: Sequence[Prediction | None] = [None] * len(requests)
        if predict:
            predictions = Prediction.of_rows(outputs.logits, prediction_build())
        steps = [by_row.step(row, elapsed_ms) for row in range(len(requests))]
        for step, prediction in zip(steps, predictions, strict=True):
            step.prediction = prediction
        return steps

    def _lens_rows(self, requests: Sequence[DecodeRequest]) -> list[int]:
        """The rows whose logit lens is captured."""
        rows = enumerate(requests) if self._has_lens else ()
        return [row for row, request in rows if "lens" in request.capture]


class _Batch:
    """One token of each of several texts, in the order of their slots."""

    def __init__(self, requests: Sequence[DecodeRequest], kind: type[BatchAttention]) -> None:
        self.given = requests
        self._order = sorted(range(len(requests)), key=lambda row: sorting_key(requests[row].slot))
        self.requests = [requests[row] for row in self._order]
        self.view = BatchView([request.slot for request in self.requests], kind)

    def finish(self, steps: Sequence[Step]) -> list[Step]:
        """Count the new positions; returns the steps in the order of the requests."""
        for request in self.requests:
            request.slot.length += 1
        return [steps[self._order.index(place)] for place in range(len(steps))]


class _RowOutputs:
    """The outputs of one pass, moved to the CPU at once and cut into steps; views, not copies."""

    def __init__(
        self, outputs: LayerOutputs, view: KVView, requests: Sequence[DecodeRequest]
    ) -> None:
        wanted = frozenset[HookPoint]().union(*(request.capture for request in requests))
        self._requests = requests
        self._logits = outputs.logits
        self._n_keys = [length + 1 for length in view.lengths]
        self._captured: dict[HookPoint, list[tuple[BatchShared, int]]] = {}
        for point in BLOCKS:
            if point in wanted:
                shared = BatchShared(outputs.at(point))
                self._captured[point] = [(shared, row) for row in range(len(requests))]
        if "pattern" in wanted:
            ranges = (BatchShared(each, compiled_reductions()) for each in outputs.patterns())
            self._captured["pattern"] = [(each, row) for each in ranges for row in _rows(each)]
        self._lens = outputs.lens

    def step(self, row: int, elapsed_ms: float) -> Step:
        n_keys = self._n_keys[row]
        shared = {
            point: by_row[row]
            for point, by_row in self._captured.items()
            if point in self._requests[row].capture
        }
        found = {point: all_runs.values[:, run] for point, (all_runs, run) in shared.items()}
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
            shared=shared,
        )


def _rows(shared: BatchShared) -> range:
    return range(shared.values.shape[1])


def _with_memory(error: Exception, positions: int) -> Exception:
    """The error; as `OutOfMemory` for a text of `positions` tokens where it is one of memory."""
    if not is_out_of_memory(error):
        return error
    return OutOfMemory(
        f"The device has no memory left for {positions} tokens: {brief(error)}. "
        "Use a shorter prompt, fewer tokens or a smaller model."
    )
