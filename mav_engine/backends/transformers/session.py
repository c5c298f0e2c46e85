"""One text being read: the cache, the forward passes, and what they leave behind."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

import torch

from mav_engine.arrays import Floats, floats
from mav_engine.backends.transformers.decoding import Decoder
from mav_engine.backends.transformers.lens import Lens
from mav_engine.backends.transformers.positions import joined_maps
from mav_engine.backends.transformers.reading import Reading, is_eager, read
from mav_engine.backends.transformers.recording import Recording, record
from mav_engine.backends.transformers.trial import Anatomy
from mav_engine.capture import HookPoint, PromptReading, Step
from mav_engine.errors import OutOfMemory
from mav_engine.faults import brief

_CHUNK = 512
"""Prompt tokens read at once: their logits over the vocabulary must fit in memory."""


class TransformersSession:
    """Reads a prompt, then token after token, into one cache."""

    def __init__(
        self,
        model: Any,
        n_layers: int,
        capture: Collection[HookPoint],
        max_length: int,
        *,
        decoder: Decoder | None = None,
        lens: Lens | None = None,
        anatomy: Anatomy | None = None,
    ) -> None:
        self._model = model
        self._anatomy = anatomy
        self._lens = lens if "lens" in capture else None
        self._n_layers = n_layers
        self._capture = capture
        self._reading = Reading(cached=True) if anatomy is None else anatomy.reading
        self._cache, self._slabs = self._reading.open_cache(model.config, max_length)
        # All that was read, where nothing of it can be cached.
        self._whole: list[int] | None = [] if self._cache is None else None
        self._decoder = decoder if self._slabs else None
        self._read = 0
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
        # A recurrent state may depend on how the prompt is cut, so only slabs are cut.
        size = _CHUNK if self._slabs else len(ids)
        logprobs: list[float | None] = []
        entropies: list[float | None] = []
        for begin in range(0, len(ids), size):
            chunk = ids[begin : begin + size]
            logits, step = self._forward(chunk)
            told = ids[begin + 1 : begin + size + 1]
            # A model that guesses one token a pass says nothing of those that it was given.
            judged = _judge(logits[: len(told)], told) if len(logits) == len(chunk) else None
            logprobs += judged[0] if judged else [None] * len(told)
            entropies += judged[1] if judged else [None] * len(told)
        pattern = joined_maps(self._maps or [], len(ids))
        self._maps = None
        return PromptReading([None, *logprobs], [None, *entropies], step, pattern)

    @torch.inference_mode()
    def step(self, token_id: int) -> Step:
        """Read one more token.

        Raises:
            OutOfMemory: the device has no room for it.
        """
        return self._forward([token_id])[1]

    def close(self) -> None:
        """Let the cache go."""
        self._cache = None

    def _forward(self, ids: Sequence[int]) -> tuple[torch.Tensor, Step]:
        """Logits [len(ids), vocabulary] on the device, and the step at the last position."""
        recording = Recording(self._n_layers, self._capture)
        began = time.perf_counter()
        try:
            logits = self._compute(ids, recording)
            last = logits[-1].float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{self._model.device} has no memory left for {self._read + len(ids)} tokens: "
                f"{brief(error)}. Use a shorter prompt, fewer tokens or a smaller model."
            ) from None
        elapsed = 1000 * (time.perf_counter() - began)
        self._read += len(ids)
        if self._maps is not None and "full_pattern" in self._capture:
            self._maps.append(recording.every("pattern"))
        step = Step(
            logits=last,
            n_keys=self._read,
            elapsed_ms=elapsed,
            resid=recording.rows("resid"),
            mlp_out=recording.rows("mlp_out"),
            attn_out=recording.rows("attn_out"),
            pattern=recording.patterns(),
            lens=self._seen_through_lens(recording),
        )
        return logits, step

    def _seen_through_lens(self, recording: Recording) -> Floats | None:
        resid = recording.stacked("resid")
        if self._lens is None or resid is None:
            return None
        logits: Floats = self._lens(resid[1:]).float().cpu().numpy()
        return logits

    def _compute(self, ids: Sequence[int], recording: Recording) -> torch.Tensor:
        """Logits [len(ids), vocabulary] by the shortest way that this model has."""
        if self._decoder is not None and len(ids) == 1 and self._read > 0:
            return self._decoder.step(ids[0], self._read, self._cache.layers, recording)
        with record(recording):
            if self._whole is not None:
                self._whole += ids
                ids = self._whole
            past = 0 if self._whole is not None else self._read
            output = read(
                self._model,
                ids,
                self._cache,
                past,
                prepared=self._reading.prepared,
                output_attentions=self._asks,
            )
        if self._asks and self._anatomy is not None:
            self._anatomy.sort(getattr(output, "attentions", None), recording.pattern)
        recording.drop_patterns_unless(past + len(ids))
        logits: torch.Tensor = output.logits[0]
        return logits


def _judge(logits: torch.Tensor, told: Sequence[int]) -> tuple[list[float], list[float]]:
    """Log-probability of each token told and entropy of its prediction, in nats."""
    if not told:
        return [], []
    logprobs = logits.float().log_softmax(-1)
    chosen = logprobs.gather(-1, torch.tensor(told, device=logprobs.device)[:, None])[:, 0]
    entropies = torch.special.entr(logprobs.exp()).sum(-1)
    return floats(chosen.cpu().numpy()), floats(entropies.cpu().numpy())
