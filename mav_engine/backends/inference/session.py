"""A session whose decode steps are batched with others, and whose prefix may be cached."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Sequence
from itertools import islice

import numpy as np

from mav_engine.backends.inference.batch_decoder import BatchDecoder, Choose, DecodeRequest
from mav_engine.backends.inference.kv_pool import Array
from mav_engine.backends.inference.prefill import Chunk, PrefillingSession, TokenScores
from mav_engine.backends.inference.prefix_cache import WORTH, Prefix
from mav_engine.contract.arrays import Floats, floats
from mav_engine.faults import is_out_of_memory
from mav_engine.generation.capture import HookPoint, PrefillResult, Step

DECODER_CHUNK = 32
"""Tokens of one text per pass of the decoder: the captured activations of each token must fit in
memory, and other runs wait meanwhile."""
PREFILL_CHUNK = 128
"""Tokens of a prompt per pass while no other run waits. Few passes matter for larger models, whose
products are computed by several threads: threads that other processes interrupt wait for each
other at every product."""
_PATTERN_SIZE = 2**16
"""Queries times keys of a pass, which bounds the memory of the patterns of a long text."""


class BatchedSession(PrefillingSession):
    """Decodes in batches with other runs of the model, through a `BatchDecoder`.

    The KV cache is stored in the prefix cache after the prefill and on close. A prompt with a
    cached prefix is prefilled from the end of that prefix.
    """

    _batches_steps = True

    def __init__(self, batch_decoder: BatchDecoder, capture: Collection[HookPoint]) -> None:
        super().__init__(batch_decoder.scheduler, capture)
        self.slot = batch_decoder.new_slot()
        self._batch_decoder = batch_decoder
        self._ids: list[int] = []
        self._logprobs: list[float] = []
        self._entropies: list[float] = []
        self._last: Step | None = None
        self._prefix_kv: Array | None = None
        """KV of a cached prefix, until it is copied into this session's cache."""
        self._upcoming: deque[int] = deque()
        self._computed_steps: deque[Step] = deque()
        """Steps of the first upcoming tokens, computed ahead."""
        self._recording_scores = True
        self._choose: Choose | None = None

    def prefill(self, ids: Sequence[int]) -> PrefillResult:
        prefill = super().prefill(ids)
        self._ids, self._last = list(ids), prefill.step
        self._logprobs = [math.nan, *(each for each in prefill.logprobs if each is not None)]
        self._entropies = [math.nan, *(each for each in prefill.entropies if each is not None)]
        self._keep()
        return prefill

    def prefetch(self, ids: Sequence[int]) -> None:
        """Announce the next tokens, so that one pass can compute several of them."""
        self._upcoming = deque(ids)

    def set_chooser(self, choose: Choose) -> None:
        """Set the function that chooses the token after a step, so that the next pass can start
        while the events of this step are encoded."""
        self._choose = choose

    def step(self, token_id: int) -> Step:
        """Append one token and compute the next step.

        Raises:
            ValueError: `prefetch` announced another token.
            OutOfMemory: the device has no room for it.
        """
        step = self._upcoming_step(token_id) if self._upcoming else self._batched_step(token_id)
        self._record_score(token_id)
        self._last = step
        return step

    def close(self) -> None:
        """Keep the KV cache for prompts that begin alike, and give the slot back."""
        self._scheduler.leave(self)
        self._keep()
        self.slot.close()

    def _scores_from_prefix(self, ids: Sequence[int]) -> tuple[TokenScores, TokenScores]:
        # The patterns of earlier queries are not cached.
        all_queries = "full_pattern" in self._capture
        found = None if all_queries else self._batch_decoder.prefixes.longest(ids)
        if found is None:
            return [], []
        prefix, count = found
        if self._column_positions:
            count = min(count, self._column_positions.start)
            if count < WORTH:
                return [], []
        self._prefix_kv = prefix.keys_values[:, :, :, :count]
        self._length = count
        cached = slice(1, count + 1)
        return prefix.logprobs[cached].tolist(), prefix.entropies[cached].tolist()

    def _chunk_size(self) -> int | None:
        if self._scheduler.crowded:
            return DECODER_CHUNK
        fits = _PATTERN_SIZE // (self._length + PREFILL_CHUNK)
        return max(DECODER_CHUNK, min(PREFILL_CHUNK, fits))

    def _read(self, ids: Sequence[int], targets: Sequence[int]) -> Chunk:
        self._begin_with_prefix()
        every = "full_pattern" in self._capture
        columns, begin = self._columns_in(len(ids)), self._length
        captures: list[Collection[HookPoint]] = [{"pattern"} if every else set() for _ in ids]
        captures[-1] = self._capture
        for row in columns:
            captures[row] = {*captures[row], *self._column_points}
        requests = [
            DecodeRequest(token_id, self.slot, capture)
            for token_id, capture in zip(ids, captures, strict=True)
        ]
        steps = self._batch_decoder.decode_chunk(requests, predict=False)
        self._length = self.slot.length
        patterns = [step.pattern for step in steps] if every else []
        maps = [None if each is None else each[:, :, None] for each in patterns]
        logits = np.stack([step.logits for step in steps[: len(targets)]]) if targets else None
        scores = ([], []) if logits is None else _score(logits, targets)
        measured = [(begin + row, steps[row]) for row in columns]
        return Chunk(steps[-1], *scores, maps, measured)

    def _begin_with_prefix(self) -> None:
        if self._prefix_kv is not None:
            self.slot.begin_with(self._prefix_kv)
            self._prefix_kv = None

    def _batched_step(self, token_id: int) -> Step:
        step = self._scheduler.submit(
            self, DecodeRequest(token_id, self.slot, self._capture, self._choose)
        )
        self._length = self.slot.length
        return step

    def _upcoming_step(self, token_id: int) -> Step:
        if self._upcoming[0] != token_id:
            raise ValueError(f"token {self._upcoming[0]} was announced, not {token_id}")
        if not self._computed_steps:
            self._computed_steps.extend(
                self._read_ahead(list(islice(self._upcoming, DECODER_CHUNK)))
            )
        self._upcoming.popleft()
        return self._computed_steps.popleft()

    def _read_ahead(self, ids: Sequence[int]) -> list[Step]:
        """Compute several tokens in one pass; returns the step of each."""
        requests = [DecodeRequest(each, self.slot, self._capture) for each in ids]
        with self._scheduler.exclusive(self):
            steps = self._batch_decoder.decode_chunk(requests, predict=True)
        self._length = self.slot.length
        for step in steps:
            step.elapsed_ms /= len(ids)
        return steps

    def _record_score(self, token_id: int) -> None:
        """Store the scores of a token, as long as every step so far has a prediction."""
        prediction = None if self._last is None else self._last.prediction
        self._recording_scores = self._recording_scores and prediction is not None
        if self._recording_scores and prediction is not None:
            self._ids.append(token_id)
            self._logprobs.append(prediction.logprob(token_id))
            self._entropies.append(prediction.entropy)

    def _keep(self) -> None:
        """Store the KV of this text in the prefix cache."""
        count = len(self._ids)
        prefixes = self._batch_decoder.prefixes
        nbytes = count * self._batch_decoder.shape.nbytes
        if count <= WORTH or not prefixes.wants(self._ids, nbytes):
            return
        try:
            keys_values = self.slot.copied(count)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            prefixes.clear()
            return
        scores = (np.array(self._logprobs), np.array(self._entropies))
        prefixes.keep(Prefix(np.array(self._ids), keys_values, *scores))


def _score(logits: Floats, targets: Sequence[int]) -> tuple[TokenScores, TokenScores]:
    """Log-probability of each target token and entropy of its prediction, in nats.

    Args:
        logits: [targets, vocabulary]
        targets: the token after each position.
    """
    scores = [_score_row(row, target) for row, target in zip(logits, targets, strict=True)]
    chosen, entropies = np.array(scores, np.float32).reshape(-1, 2).T
    return [*floats(chosen)], [*floats(entropies)]


@np.errstate(all="ignore")  # the run reports logits that are not finite
def _score_row(logits: Floats, target: int) -> tuple[float, float]:
    """The same of one row, which fits in a processor's cache."""
    shifted = logits - logits.max()
    weights = np.exp(shifted)
    # In double precision: a token that is nearly certain has a logarithm close to 0.
    total = weights.sum(dtype=np.float64)
    log = np.log(total)
    chosen = shifted[target] - log
    # -sum(p ln p) with p = weight / total; 0 ln 0 = 0.
    np.multiply(weights, shifted, shifted, where=weights > 0)
    entropy = log - shifted.sum(dtype=np.float64, where=weights > 0) / total
    return chosen, entropy
