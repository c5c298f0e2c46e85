"""A text being read beside others: steps of all of them as one, beginnings read only once."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch

from mav_engine.backends.hf.cache_strategy import cache_over
from mav_engine.backends.hf.introspect import ModelLayout
from mav_engine.backends.hf.logit_lens import Lens
from mav_engine.backends.hf.session import Told, TransformersSession
from mav_engine.backends.inference.batch_decoder import BatchDecoder, Choose, DecodeRequest
from mav_engine.backends.inference.prefix_cache import WORTH, Prefix
from mav_engine.generation.capture import HookPoint, PromptReading, Step

PASSAGE = 32
"""Tokens of one text that the written-out step reads at once: from twice as many on the model's own
pass was seen to be faster, and all that is recorded of each must fit in memory."""


class SharedSession(TransformersSession):
    """Takes its decode steps together with other runs of the model, through a `Stepper`.

    What it has read is kept as a prefix for later runs once the prompt is read and when it is
    closed. A prompt that begins like a kept one is read from where they part.
    """

    _steps_jointly = True

    def __init__(
        self,
        model: Any,
        n_layers: int,
        capture: Collection[HookPoint],
        batch_decoder: BatchDecoder,
        *,
        lens: Lens | None = None,
        layout: ModelLayout | None = None,
    ) -> None:
        self.past = batch_decoder.new_past()
        super().__init__(
            model,
            n_layers,
            capture,
            0,
            scheduler=batch_decoder.scheduler,
            cache=(cache_over(model, self.past, n_layers), True),
            lens=lens,
            layout=layout,
        )
        self._batch_decoder = batch_decoder
        self._ids: list[int] = []
        self._logprobs: list[float] = []
        self._entropies: list[float] = []
        self._last: Step | None = None
        self._beginning: torch.Tensor | None = None
        """What an earlier text has read for this one, until it is this one's turn."""
        self._foreseen: deque[int] = deque()
        self._ahead: deque[Step] = deque()
        """The steps of the first foreseen tokens, which have been read already."""
        self._noting = True
        self._choose: Choose | None = None

    def prefill(self, ids: Sequence[int]) -> PromptReading:
        reading = super().prefill(ids)
        self._ids, self._last = list(ids), reading.step
        self._logprobs = [math.nan, *(each for each in reading.logprobs if each is not None)]
        self._entropies = [math.nan, *(each for each in reading.entropies if each is not None)]
        self._keep()
        return reading

    def foresee(self, ids: Sequence[int]) -> None:
        """Say which tokens will be read next, so that they are read together."""
        self._foreseen = deque(ids)

    def follow(self, choose: Choose) -> None:
        """Say which token follows from a step, so that it is read while the step is told, where
        several runs step together."""
        self._choose = choose

    def step(self, token_id: int) -> Step:
        """Read one more token.

        Raises:
            ValueError: another one was foreseen.
            OutOfMemory: the device has no room for it.
        """
        step = self._foreseen_step(token_id) if self._foreseen else self._joint_step(token_id)
        self._note(token_id)
        self._last = step
        return step

    def close(self) -> None:
        self._scheduler.leave(self)
        self._keep()
        super().close()
        self.past.close()

    def _taken_over(self, ids: Sequence[int]) -> tuple[Told, Told]:
        # What earlier queries looked at is not kept.
        all_queries = "full_pattern" in self._capture
        found = None if all_queries else self._batch_decoder.prefixes.longest(ids)
        if found is None:
            return [], []
        prefix, count = found
        self._beginning = prefix.past[:, :, :, :count]
        self._read = count
        told = slice(1, count + 1)
        return prefix.logprobs[told].tolist(), prefix.entropies[told].tolist()

    def _joint_step(self, token_id: int) -> Step:
        step = self._scheduler.submit(
            self, DecodeRequest(token_id, self.past, self._capture, self._choose)
        )
        self._read = self.past.length
        return step

    def _foreseen_step(self, token_id: int) -> Step:
        if self._foreseen[0] != token_id:
            raise ValueError(f"token {self._foreseen[0]} was foreseen, not {token_id}")
        if not self._ahead:
            self._ahead.extend(self._read_ahead(list(islice(self._foreseen, PASSAGE))))
        self._foreseen.popleft()
        return self._ahead.popleft()

    def _read_ahead(self, ids: Sequence[int]) -> list[Step]:
        """Read tokens in one pass; the step of each, as if it had been read alone."""
        requests = [DecodeRequest(each, self.past, self._capture) for each in ids]
        with self._scheduler.exclusive(self):
            steps = self._batch_decoder.read_on(requests, predict=True)
        self._read = self.past.length
        for step in steps:
            step.elapsed_ms /= len(ids)
        return steps

    def _forward(self, ids: Sequence[int]) -> tuple[torch.Tensor, Step]:
        if self._beginning is not None:
            self.past.begin_with(self._beginning)
            self._beginning = None
        if len(ids) > PASSAGE:
            return super()._forward(ids)
        every = "full_pattern" in self._capture
        before: Collection[HookPoint] = {"pattern"} if every else set()
        requests = [DecodeRequest(each, self.past, before) for each in ids[:-1]]
        requests.append(DecodeRequest(ids[-1], self.past, self._capture))
        steps = self._batch_decoder.read_on(requests, predict=False)
        self._read = self.past.length
        if self._maps is not None and every:
            patterns = (step.pattern for step in steps)
            self._maps += [None if each is None else each[:, :, None] for each in patterns]
        return torch.from_numpy(np.stack([step.logits for step in steps])), steps[-1]

    def _advance(self, count: int) -> None:
        super()._advance(count)
        self.past.length = self._read

    def _note(self, token_id: int) -> None:
        """Remember what the model thought of a token, as long as its prediction is looked at."""
        prediction = None if self._last is None else self._last.prediction
        self._noting = self._noting and prediction is not None
        if self._noting and prediction is not None:
            self._ids.append(token_id)
            self._logprobs.append(prediction.logprob(token_id))
            self._entropies.append(prediction.entropy)

    def _keep(self) -> None:
        """Keep what has been read for runs that begin likewise."""
        count = len(self._ids)
        prefixes = self._batch_decoder.prefixes
        nbytes = count * self._batch_decoder.shape.nbytes
        if count <= WORTH or not prefixes.wants(self._ids, nbytes):
            return
        try:
            past = self.past.copied(count)
        except torch.OutOfMemoryError:
            prefixes.clear()
            return
        told = (np.array(self._logprobs), np.array(self._entropies))
        prefixes.keep(Prefix(np.array(self._ids), past, *told))
