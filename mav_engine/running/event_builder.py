"""Builds events from generated tokens: their text, their measurements, and the end."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import (
    Done,
    FinishReason,
    Layers,
    Prompt,
    PromptToken,
    Timing,
    Token,
)
from mav_engine.generation.capture import HookPoint, PrefillResult
from mav_engine.generation.ending import Ending
from mav_engine.generation.loop import Generated
from mav_engine.generation.prediction import rank_bin_edges
from mav_engine.probes.attention_map import PatternMap, mapped_length
from mav_engine.probes.base import FitContext, StepContext
from mav_engine.probes.probe_runner import ProbeRunner, fit_all
from mav_engine.probes.prompt_columns import PromptColumns
from mav_engine.probes.tiles import MAX_PROMPT_POSITIONS
from mav_engine.running.prepare import PreparedRun


class EventBuilder:
    """Builds the events of one run, token by token."""

    def __init__(self, run: PreparedRun) -> None:
        self._run = run
        self._vocabulary = run.backend.vocabulary
        self._ending = Ending(
            self._vocabulary, run.prompt_ids, run.written, run.stop_texts, run.settings.breakpoints
        )
        self._edges = rank_bin_edges(run.backend.info.vocabulary or 0)
        self._patterns: PatternMap | None = None
        self._probe_runner = ProbeRunner(run.probes, {})
        self.columns = PromptColumns(
            run.probes, run.settings, run.backend.info, run.read_ids, self._vocabulary
        )
        """Measures the columns of the prompt."""
        self._read_at = time.perf_counter()

    @property
    def reason(self) -> FinishReason | None:
        """Why the run has ended, once it has."""
        return self._ending.reason

    def stop(self, reason: FinishReason) -> None:
        """End the run before its first token."""
        self._ending.reason = reason

    def prompt(self, prefill: PrefillResult, elapsed_ms: float) -> Prompt:
        """The prompt event; the time of the tokens begins to count here."""
        self._read_at = time.perf_counter()
        refs = self._vocabulary.token_refs(self._run.read_ids)
        ids = self._run.read_ids
        rows = zip(ids, refs, prefill.logprobs, prefill.entropies, strict=True)
        tokens = [PromptToken(id_, ref.text, logprob, h) for id_, ref, logprob, h in rows]
        every = self._run.settings.attn_every
        if every and prefill.pattern is not None:
            length = mapped_length(len(self._run.prompt_ids), self._run.limit, every)
            self._patterns = PatternMap(prefill.pattern, length)
        measured: dict[str, Any] = {}
        for probe in self._run.probes:
            if probe.measure_prompt is not None:
                measured |= probe.measure_prompt(prefill)
        return Prompt(
            tokens=tokens,
            prefill_ms=elapsed_ms,
            written=len(self._run.written),
            written_text=self._ending.text_before,
            columns=self.columns.measured(),
            **measured,
        )

    def fit(self) -> None:
        """Fit the probes that need more than one step, before the first token.

        Raises:
            MavError: the model has no activations for a built-in probe.
        """
        run = self._run
        if not any(probe.fit for probe in run.probes):
            return
        beginning = run.prompt_ids[:MAX_PROMPT_POSITIONS]

        def activations(point: HookPoint) -> Floats | None:
            both = run.backend.activations(beginning, point), run.backend.calibration(point)
            given = [each for each in both if each is not None]
            return np.concatenate(given, axis=1) if given else None

        fitted = fit_all(run.probes, FitContext(run.settings, activations))
        self._probe_runner = ProbeRunner(run.probes, fitted)
        self._read_at = time.perf_counter()

    def token(self, generated: Generated, caller: FinishReason | None) -> Token:
        """The event of one token; `caller` is why the caller ends the run with it, if it does."""
        began = time.perf_counter()
        choice, prediction = generated.choice, generated.prediction
        text = self._ending.add(choice, prediction, by_id=generated.ending, caller=caller)
        fields = self._probe_runner.fields(self._step_context(generated))
        layers = Layers(**fields.pop("layers"))
        prompt_length = len(self._run.prompt_ids)
        capture_ms = 1000 * (time.perf_counter() - began)
        return Token(
            index=generated.index,
            position=prompt_length + generated.index,
            token=self._vocabulary.ref(choice.token_id),
            forced=choice.forced,
            logprob=prediction.logprob(choice.token_id),
            rank=prediction.rank(choice.token_id),
            entropy=prediction.entropy,
            text=text,
            layers=layers,
            timing=Timing(generated.step.elapsed_ms, capture_ms),
            **fields,
        )

    def done(self, began: float) -> Done:
        """The last event of a run without an error."""
        now = time.perf_counter()
        ending = self._ending
        count = len(ending.texts)
        return Done(
            reason=ending.reason or "length",
            text="".join(ending.texts),
            tokens=count,
            elapsed_ms=1000 * (now - began),
            # The first token comes from the pass over the prompt.
            tokens_per_second=(count - 1) / (now - self._read_at) if count > 1 else None,
            resume=None if ending.reason in ("eos", "stop") else self._run.resume_token(ending.ids),
            hits=ending.hits if ending.reason == "breakpoint" else [],
        )

    def _step_context(self, generated: Generated) -> StepContext:
        step = generated.step
        if self._patterns is not None and step.pattern is not None:
            self._patterns.append(step.pattern)
        return StepContext(
            step=step,
            prediction=generated.prediction,
            choice=generated.choice,
            settings=self._run.settings,
            vocabulary=self._vocabulary,
            rank_bin_edges=self._edges,
            index=generated.index,
            pattern_map=self._patterns.so_far(step.n_keys) if self._patterns else None,
        )
