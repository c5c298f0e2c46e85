"""Builds events from generated tokens: their text, their measurements, the end and its reason."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import (
    BreakpointHit,
    Done,
    FinishReason,
    Layers,
    Prompt,
    PromptToken,
    Timing,
    Token,
)
from mav_engine.generation.breakpoint_matcher import BreakpointWatch
from mav_engine.generation.capture import HookPoint, PromptReading
from mav_engine.generation.loop import Generated
from mav_engine.generation.prediction import rank_bin_edges
from mav_engine.probes.attention_map import PatternMap, mapped_length
from mav_engine.probes.base import Groundwork, Scene
from mav_engine.probes.measuring import Measuring, fit_all
from mav_engine.probes.tiles import MAX_PROMPT_POSITIONS
from mav_engine.running.prepare import PreparedRun
from mav_engine.text.tokens import StopWatch, TextStream


class EventBuilder:
    """Builds the events of one run, token by token; `reason` is set by the token that ends it."""

    def __init__(self, run: PreparedRun) -> None:
        self._run = run
        self._vocabulary = run.backend.vocabulary
        self._stream = TextStream(self._vocabulary, run.prompt_ids)
        self._ids = list(run.written)
        self._stop_watch = StopWatch(run.stop_texts, self._vocabulary.special)
        written = [self._stream.push(token_id) for token_id in run.written]
        self._before = "".join(
            self._stop_watch.push(text, special=self._special(token_id))
            for text, token_id in zip(written, run.written, strict=True)
        )
        self._breakpoints = BreakpointWatch(run.settings.breakpoints, run.written, "".join(written))
        self._hits: list[BreakpointHit] = []
        self._edges = rank_bin_edges(run.backend.info.vocabulary or 0)
        self._texts: list[str] = []
        self._patterns: PatternMap | None = None
        self._measuring = Measuring(run.probes, {})
        self._read_at = time.perf_counter()
        self.reason: FinishReason | None = None

    def prompt(self, reading: PromptReading, elapsed_ms: float) -> Prompt:
        """The prompt event; the time of the tokens begins to count here."""
        self._read_at = time.perf_counter()
        refs = self._vocabulary.spell(self._run.read_ids)
        rows = zip(refs, reading.logprobs, reading.entropies, strict=True)
        tokens = [PromptToken(ref.id, ref.text, logprob, h) for ref, logprob, h in rows]
        every = self._run.settings.attn_every
        if every and reading.pattern is not None:
            length = mapped_length(len(self._run.prompt_ids), self._run.limit, every)
            self._patterns = PatternMap(reading.pattern, length)
        measured: dict[str, Any] = {}
        for probe in self._run.probes:
            if probe.measure_prompt is not None:
                measured |= probe.measure_prompt(reading)
        return Prompt(
            tokens=tokens,
            prefill_ms=elapsed_ms,
            written=len(self._run.written),
            written_text=self._before,
            **measured,
        )

    def fit(self) -> None:
        """Let the probes that must know more than a step be fitted, before the first token.

        Raises:
            MavError: the model cannot give what a built-in probe is fitted on.
        """
        run = self._run
        if not any(probe.fit for probe in run.probes):
            return
        beginning = run.prompt_ids[:MAX_PROMPT_POSITIONS]

        def activations(point: HookPoint) -> Floats | None:
            both = run.backend.activations(beginning, point), run.backend.calibration(point)
            given = [each for each in both if each is not None]
            return np.concatenate(given, axis=1) if given else None

        fitted = fit_all(run.probes, Groundwork(run.settings, activations))
        self._measuring = Measuring(run.probes, fitted)
        self._read_at = time.perf_counter()

    def token(self, generated: Generated, ending: FinishReason | None) -> Token:
        """The event of one token; `ending` is why the run must end with it, if it must."""
        began = time.perf_counter()
        choice, prediction = generated.choice, generated.prediction
        text = self._emitted(generated, ending)
        fields = self._measuring.fields(self._scene(generated))
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
        """The last event of a run that ended as it should."""
        now = time.perf_counter()
        count = len(self._texts)
        return Done(
            reason=self.reason or "length",
            text="".join(self._texts),
            tokens=count,
            elapsed_ms=1000 * (now - began),
            # The first token comes from the prompt's own pass.
            tokens_per_second=(count - 1) / (now - self._read_at) if count > 1 else None,
            resume=None if self.reason in ("eos", "stop") else self._run.resume_token(self._ids),
            hits=self._hits if self.reason == "breakpoint" else [],
        )

    def _emitted(self, generated: Generated, ending: FinishReason | None) -> str:
        """The text that this token adds; decides whether the run ends with it, and why."""
        token_id, forced = generated.choice.token_id, generated.choice.forced
        self._ids.append(token_id)
        self._hits = self._breakpoints.token(
            token_id,
            entropy=generated.prediction.entropy,
            probability=math.exp(generated.prediction.logprob(token_id)),
            forced=forced,
        )
        self.reason = self._ending(generated) or ending or ("breakpoint" if self._hits else None)
        added = self._stream.push(token_id, last=self.reason is not None)
        self._hits += self._breakpoints.text(added, forced=forced)
        if self.reason is None and self._hits:
            self.reason = "breakpoint"
            added += self._stream.rest()
        special, last = self._special(token_id), self.reason is not None
        text = self._stop_watch.push(added, special=special, last=last)
        if self._stop_watch.hit:
            self.reason = "stop"
        self._texts.append(text)
        return text

    def _special(self, token_id: int) -> str:
        """A special token's own text, which is not shown; empty for others."""
        return self._vocabulary.label(token_id) if token_id in self._vocabulary.special_ids else ""

    def _ending(self, generated: Generated) -> FinishReason | None:
        """Why the run is over with this token, as far as its id tells."""
        token_id = generated.choice.token_id
        more_forced = generated.index + 1 < len(self._run.forced_ids)
        if token_id in self._run.stop_ids and not more_forced:
            return "stop"
        if token_id in self._run.eos_ids and not more_forced:
            return "eos"
        return "length" if generated.index + 1 == self._run.limit else None

    def _scene(self, generated: Generated) -> Scene:
        step = generated.step
        if self._patterns is not None and step.pattern is not None:
            self._patterns.append(step.pattern)
        return Scene(
            step=step,
            prediction=generated.prediction,
            choice=generated.choice,
            settings=self._run.settings,
            vocabulary=self._vocabulary,
            rank_bin_edges=self._edges,
            index=generated.index,
            pattern_map=self._patterns.so_far(step.n_keys) if self._patterns else None,
        )
