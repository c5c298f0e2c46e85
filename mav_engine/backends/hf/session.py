"""One text being read: the cache, the forward passes, and what they leave behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch

from mav_engine.backends.hf.activations import joined_maps
from mav_engine.backends.hf.cache_strategy import Reading, is_eager, read
from mav_engine.backends.hf.hooks import Recording, record
from mav_engine.backends.hf.introspect import ModelLayout
from mav_engine.backends.hf.logit_lens import Lens
from mav_engine.backends.inference.scheduler import Scheduler
from mav_engine.contract.arrays import Floats, floats
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief
from mav_engine.generation.capture import HookPoint, PromptReading, Step

_CHUNK = 512
"""Prompt tokens read at once: their logits over the vocabulary must fit in memory."""
_CHUNK_AMONG_OTHERS = 128
"""The same where other runs wait for their next token meanwhile."""


Told = list[float | None]
"""Log-probabilities or entropies of tokens; None where the model did not say."""


class TransformersSession:
    """Reads a prompt, then token after token, into one cache; runs of a model take turns."""

    _steps_jointly = False
    """Whether others wait for its next step, to be read with theirs."""

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
        self._model = model
        self._layout = layout
        self._lens = lens if "lens" in capture else None
        self._n_layers = n_layers
        self._capture = capture
        self._reading = Reading(cached=True) if layout is None else layout.reading
        opened = cache or self._reading.open_cache(model, max_length)
        self._cache, self._slabs = opened
        self._scheduler = scheduler
        self._max_length = max_length
        # All that was read, where nothing of it can be cached or it will be read again.
        rereads = self._cache is None or self._reading.switches_at is not None
        self._whole: list[int] | None = [] if rereads else None
        self._read = 0
        self.first_position = 0
        """Where the text begins; above 0 only when a decoder is verified at later positions."""
        self._maps: list[Floats | None] | None = []
        """The prompt's pattern, as many parts as it is read in; None once it is read."""
        # Attention that only the model's own eager code can give comes with its outputs.
        self._asks = is_eager(model) and "pattern" in capture

    @torch.inference_mode()
    def prefill(self, ids: Sequence[int]) -> PromptReading:
        """Read the prompt; logprobs and entropies are those of its own tokens.

        Raises:
            OutOfMemory: the device has no room for it.
        """
        logprobs, entropies = self._taken_over(ids)
        step = self._read_prompt(ids, logprobs, entropies)
        pattern = joined_maps(self._maps or [], len(ids))
        self._maps = None
        return PromptReading([None, *logprobs], [None, *entropies], step, pattern)

    def foresee(self, ids: Sequence[int]) -> None:
        """Each token is read when it is asked for."""

    def follow(self, choose: Callable[[Step], int | None]) -> None:
        """Each token is read when it is asked for."""

    @torch.inference_mode()
    def step(self, token_id: int) -> Step:
        """Read one more token.

        Raises:
            OutOfMemory: the device has no room for it.
        """
        with self._scheduler.exclusive(self):
            return self._forward([token_id])[1]

    def close(self) -> None:
        """Let the cache go."""
        self._cache = None

    def _taken_over(self, ids: Sequence[int]) -> tuple[Told, Told]:  # noqa: ARG002
        """Log-probability and entropy of each token, from the second on, of a beginning of the
        prompt that need not be read any more."""
        return [], []

    def _read_prompt(self, ids: Sequence[int], logprobs: Told, entropies: Told) -> Step:
        """Read what is left of a prompt, in parts, so that others may step between: add what
        the model thought of each further token, and give the step at the last one."""
        begin = self._read
        while True:
            # A recurrent state may depend on how the prompt is cut, so only slabs are cut.
            size = _CHUNK_AMONG_OTHERS if self._scheduler.crowded else _CHUNK
            end = min(begin + size, len(ids)) if self._slabs else len(ids)
            with self._scheduler.exclusive(
                self, then_submits=self._steps_jointly and end == len(ids)
            ):
                logits, step = self._forward(ids[begin:end])
            told = ids[begin + 1 : end + 1]
            # A model that guesses one token a pass says nothing of those that it was given.
            judged = _judge(logits[: len(told)], told) if len(logits) == end - begin else None
            logprobs += judged[0] if judged else [None] * len(told)
            entropies += judged[1] if judged else [None] * len(told)
            if end == len(ids):
                return step
            begin = end

    def _forward(self, ids: Sequence[int]) -> tuple[torch.Tensor, Step]:
        """Logits [len(ids), vocabulary] on the device, and the step at the last position."""
        recording = Recording(self._n_layers, self._capture)
        logits, elapsed_ms = self._timed(ids, recording)
        self._advance(len(ids))
        if self._maps is not None and "full_pattern" in self._capture:
            self._maps.append(recording.every("pattern"))
        step = Step(
            logits=logits[-1].float().cpu().numpy(),
            n_keys=self._read,
            elapsed_ms=elapsed_ms,
            resid=recording.rows("resid"),
            mlp_out=recording.rows("mlp_out"),
            attn_out=recording.rows("attn_out"),
            pattern=recording.patterns(),
            lens=self._seen_through_lens(recording),
        )
        return logits, step

    def _timed(self, ids: Sequence[int], recording: Recording) -> tuple[torch.Tensor, float]:
        """Logits [len(ids), vocabulary] on the device, and the milliseconds that they took."""
        began = time.perf_counter()
        try:
            logits = self._compute(ids, recording)
            logits[-1, -1].item()  # where the device works by itself, only then it is done
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{self._model.device} has no memory left for {self._read + len(ids)} tokens: "
                f"{brief(error)}. Use a shorter prompt, fewer tokens or a smaller model."
            ) from None
        return logits, 1000 * (time.perf_counter() - began)

    def _advance(self, count: int) -> None:
        """So many more tokens have been read."""
        self._read += count

    def _seen_through_lens(self, recording: Recording) -> Floats | None:
        resid = recording.stacked("resid")
        if self._lens is None or resid is None:
            return None
        logits: Floats = self._lens(resid[1:]).float().cpu().numpy()
        return logits

    def _compute(self, ids: Sequence[int], recording: Recording) -> torch.Tensor:
        """Logits [len(ids), vocabulary] by the model's own forward pass."""
        with record(recording):
            past = self._read
            if self._whole is not None:
                self._whole += ids
                if self._begins_again(len(ids)):
                    ids, past = self._whole, 0
            output = read(
                self._model,
                ids,
                self._cache,
                self.first_position + past,
                prepared=self._reading.prepared,
                output_attentions=self._asks,
            )
        if self._asks and self._layout is not None:
            self._layout.sort(getattr(output, "attentions", None), recording.pattern)
        recording.drop_patterns_unless(past + len(ids))
        logits: torch.Tensor = output.logits[0]
        return logits

    def _begins_again(self, count: int) -> bool:
        """Whether the whole text is to be read for so many more tokens, over a new cache."""
        if self._cache is None:
            return True
        limit = self._reading.switches_at
        if limit is None or not 0 < self._read <= limit < self._read + count:
            return False
        self._cache, _ = self._reading.open_cache(self._model, self._max_length)
        return True


def _judge(logits: torch.Tensor, told: Sequence[int]) -> tuple[list[float], list[float]]:
    """Log-probability of each token told and entropy of its prediction, in nats."""
    if not told:
        return [], []
    logprobs = logits.float().log_softmax(-1)
    chosen = logprobs.gather(-1, torch.tensor(told, device=logprobs.device)[:, None])[:, 0]
    entropies = torch.special.entr(logprobs.exp()).sum(-1)
    return floats(chosen.cpu().numpy()), floats(entropies.cpu().numpy())
