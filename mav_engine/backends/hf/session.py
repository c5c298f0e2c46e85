"""A session on a transformers model: its KV cache, forward passes and captured activations."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch

from mav_engine.backends.hf.cache_strategy import CacheStrategy, forward_pass, is_eager
from mav_engine.backends.hf.hooks import Recording, record
from mav_engine.backends.hf.introspect import ModelLayout
from mav_engine.backends.hf.logit_lens import Lens
from mav_engine.backends.inference.prefill import Chunk, PrefillingSession, TokenScores
from mav_engine.backends.inference.scheduler import Scheduler
from mav_engine.contract.arrays import Floats, floats
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief
from mav_engine.generation.capture import HookPoint, PrefillResult, Step

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
        recording = Recording(self._n_layers, self._capture)
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
        # Some models return logits for the last position only.
        if len(logits) == len(ids):
            return Chunk(step, *_score(logits[: len(targets)], targets), maps)
        return Chunk(step, [None] * len(targets), [None] * len(targets), maps)

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
        resid = recording.stacked("resid")
        if self._lens is None or resid is None:
            return None
        logits: Floats = self._lens(resid[1:]).float().cpu().numpy()
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
