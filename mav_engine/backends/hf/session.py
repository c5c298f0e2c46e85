"""A session on a transformers model: its KV cache, forward passes and captured activations."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mav_engine.backends.hf.cache_strategy import CacheStrategy, forward_pass, is_eager
from mav_engine.backends.hf.hooks import Recording, record
from mav_engine.backends.hf.introspect import ModelLayout
from mav_engine.backends.hf.logit_lens import Lens
from mav_engine.backends.inference.kernels.native.strongest import compiled_reductions
from mav_engine.backends.inference.prefill import Chunk, PrefillingSession, TokenScores
from mav_engine.backends.inference.scheduler import Scheduler
from mav_engine.contract.arrays import Floats, floats
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief
from mav_engine.generation.capture import BatchShared, HookPoint, PrefillResult, Step

COLUMN_POINTS: tuple[HookPoint, ...] = ("resid", "mlp_out", "attn_out", "pattern")
_CHUNK = 512
"""Prompt tokens per forward pass; their logits over the vocabulary must fit in memory."""
_CHUNK_AMONG_OTHERS = 128
"""Prompt tokens per forward pass while other runs wait for their next token."""


class TransformersSession(PrefillingSession):
    """Prefills a prompt and then decodes token by token. One session computes at a time."""

    def __init__(
        self,
        model: Any,
        n_layers: int,
        capture: Collection[HookPoint],
        max_length: int,
        *,
        scheduler: Scheduler[Any, Step],
        cache: tuple[Any, bool] | None = None,
        lens: Lens | None = None,
        layout: ModelLayout | None = None,
    ) -> None:
        super().__init__(scheduler, capture)
        self._model = model
        self._layout = layout
        self._lens = lens if "lens" in capture else None
        self._n_layers = n_layers
        self._cache_strategy = (
            CacheStrategy(cached=True) if layout is None else layout.cache_strategy
        )
        opened = cache or self._cache_strategy.open_cache(model, max_length)
        self._cache, self._slabs = opened
        self._max_length = max_length
        # All ids, kept only if the model has no usable cache or the text is prefilled again later.
        rereads = self._cache is None or self._cache_strategy.switches_at is not None
        self._all_ids: list[int] | None = [] if rereads else None
        self.first_position = 0
        """Position of the first token; a decoder is also verified at later positions than 0."""
        # With eager attention, patterns are part of the model's outputs.
        self._returns_patterns = is_eager(model) and "pattern" in capture

    @torch.inference_mode()
    def prefill(self, ids: Sequence[int]) -> PrefillResult:
        return super().prefill(ids)

    def prefetch(self, ids: Sequence[int]) -> None:
        """Does nothing: each token is computed when `step` is called."""

    def set_chooser(self, choose: Callable[[Step], int | None]) -> None:
        """Does nothing: each token is computed when `step` is called."""

    @torch.inference_mode()
    def step(self, token_id: int) -> Step:
        """Append one token and compute the next step.

        Raises:
            OutOfMemory: the device has no room for it.
        """
        with self._scheduler.exclusive(self):
            return self._read([token_id], []).step

    def read_after(self, length: int, ids: Sequence[int], targets: Sequence[int]) -> Chunk:
        """Compute tokens that follow `length` others, which the caller has put into the cache."""
        self._length = length
        return self._read(ids, targets)

    def close(self) -> None:
        """Free the cache."""
        self._cache = None

    def _chunk_size(self) -> int | None:
        # A recurrent state may depend on how the prompt is split, so only slab caches allow it.
        return chunk_size(self._scheduler) if self._slabs else None

    def _read(self, ids: Sequence[int], targets: Sequence[int]) -> Chunk:
        columns, begin = self._columns_in(len(ids)), self._length
        points = {*self._capture, *self._column_points} if columns else self._capture
        recording = Recording(self._n_layers, points, len(ids) - columns.start if columns else 1)
        logits, elapsed_ms = self._timed(ids, recording)
        self._length += len(ids)
        every = "full_pattern" in self._capture
        step = Step(
            logits=logits[-1].float().cpu().numpy(),
            n_keys=self._length,
            elapsed_ms=elapsed_ms,
            resid=recording.rows("resid"),
            mlp_out=recording.rows("mlp_out"),
            attn_out=recording.rows("attn_out"),
            pattern=recording.patterns(),
            lens=self._lens_logits(recording),
        )
        maps = [recording.every("pattern")] if every else []
        measured = self._column_steps(recording, begin, columns, len(ids)) if columns else []
        # Some models return logits for the last position only.
        if len(logits) == len(ids):
            return Chunk(step, *_score(logits[: len(targets)], targets), maps, measured)
        return Chunk(step, [None] * len(targets), [None] * len(targets), maps, measured)

    def _column_steps(
        self, recording: Recording, begin: int, columns: range, count: int
    ) -> list[tuple[int, Step]]:
        """The positions of these columns among the `count` tokens of a pass, and their steps."""
        found: dict[HookPoint, BatchShared] = {}
        for point in COLUMN_POINTS:
            rows = recording.last(point, count - columns.start)
            if rows is None:
                continue
            rows = np.ascontiguousarray(rows[:, : len(columns)])
            is_whole = point == "pattern" and not np.isnan(rows[..., 0]).any()
            found[point] = BatchShared(rows, compiled_reductions() if is_whole else {})
        lens = self._column_lens(recording, count - columns.start, len(columns))
        return [
            (begin + row, _column_step(found, place, begin + row + 1, lens))
            for place, row in enumerate(columns)
        ]

    def _column_lens(self, recording: Recording, last: int, count: int) -> Floats | None:
        """[n_layers, count, vocabulary] for the first `count` of the last positions of a pass."""
        resid = recording.stacked("resid", last)
        if self._lens is None or resid is None or "lens" not in self._column_points:
            return None
        rows = resid[1:, :count]
        logits = self._lens(rows.flatten(0, 1)).float().cpu().numpy()
        columns: Floats = logits.reshape(*rows.shape[:2], -1)
        return columns

    def _timed(self, ids: Sequence[int], recording: Recording) -> tuple[torch.Tensor, float]:
        """Logits [len(ids), vocabulary] on the device, and the elapsed milliseconds."""
        began = time.perf_counter()
        try:
            logits = self._compute(ids, recording)
            logits[-1, -1].item()  # wait for asynchronous devices
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{self._model.device} has no memory left for {self._length + len(ids)} tokens: "
                f"{brief(error)}. Use a shorter prompt, fewer tokens or a smaller model."
            ) from None
        return logits, 1000 * (time.perf_counter() - began)

    def _lens_logits(self, recording: Recording) -> Floats | None:
        resid = recording.stacked("resid", 1)
        if self._lens is None or resid is None:
            return None
        logits: Floats = self._lens(resid[1:, 0]).float().cpu().numpy()
        return logits

    def _compute(self, ids: Sequence[int], recording: Recording) -> torch.Tensor:
        """Logits [len(ids), vocabulary] by the model's own forward pass."""
        with record(recording):
            past = self._length
            if self._all_ids is not None:
                self._all_ids += ids
                if self._restarts(len(ids)):
                    ids, past = self._all_ids, 0
            output = forward_pass(
                self._model,
                ids,
                self._cache,
                self.first_position + past,
                prepared=self._cache_strategy.prepared,
                output_attentions=self._returns_patterns,
            )
        if self._returns_patterns and self._layout is not None:
            self._layout.sort(getattr(output, "attentions", None), recording.pattern)
        recording.drop_patterns_unless(past + len(ids))
        logits: torch.Tensor = output.logits[0]
        return logits

    def _restarts(self, count: int) -> bool:
        """Whether to compute the whole text again, with a new cache, for `count` more tokens."""
        if self._cache is None:
            return True
        limit = self._cache_strategy.switches_at
        if limit is None or not 0 < self._length <= limit < self._length + count:
            return False
        self._cache, _ = self._cache_strategy.open_cache(self._model, self._max_length)
        return True


def _column_step(
    found: Mapping[HookPoint, BatchShared], place: int, n_keys: int, lens: Floats | None
) -> Step:
    """The step of a position before the last of a pass."""
    at = {point: shared.values[:, place] for point, shared in found.items()}
    pattern = at.get("pattern")
    return Step(
        logits=np.empty(0, np.float32),
        n_keys=n_keys,
        elapsed_ms=0,
        resid=at.get("resid"),
        mlp_out=at.get("mlp_out"),
        attn_out=at.get("attn_out"),
        pattern=None if pattern is None else pattern[..., :n_keys],
        lens=None if lens is None else lens[:, place],
        shared={point: (shared, place) for point, shared in found.items()},
    )


def chunk_size(scheduler: Scheduler[Any, Step]) -> int:
    """Prompt tokens of the next forward pass, where the prompt may be split."""
    return _CHUNK_AMONG_OTHERS if scheduler.crowded else _CHUNK


def _score(logits: torch.Tensor, targets: Sequence[int]) -> tuple[TokenScores, TokenScores]:
    """Log-probability of each target token and entropy of its prediction, in nats."""
    if not targets:
        return [], []
    # In double precision: a token that is nearly certain has a logarithm close to 0. MPS has none.
    wide = torch.float32 if logits.device.type == "mps" else torch.float64
    shifted = logits.float() - logits.amax(-1, keepdim=True)
    weights = shifted.exp()
    totals = weights.sum(-1, dtype=wide)
    logs = totals.log()
    chosen = shifted.gather(-1, torch.tensor(targets, device=logits.device)[:, None])[:, 0] - logs
    # -sum(p ln p) with p = weight / total; 0 ln 0 = 0.
    products = torch.where(weights > 0, weights * shifted, 0)
    entropies = logs - products.sum(-1, dtype=wide) / totals
    return [*floats(chosen.float().cpu().numpy())], [*floats(entropies.float().cpu().numpy())]
