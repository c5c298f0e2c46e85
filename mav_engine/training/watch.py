"""Runs fixed prompts through a model at intervals of its training.

    watch = TrainingWatch(tokenizer, ["Once upon a time"], every=100, recording="training.jsonl")
    watch.begin(model)
    for step, batch in enumerate(batches, start=1):
        ...
        watch.step(model, step, loss=loss)
    watch.end()

The training itself is unaffected: `borrowed_backend` leaves the model, its gradients and the random
state as they were. With transformers' Trainer, `MAVCallback` makes these three calls.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mav_engine.contract.events import Done
from mav_engine.errors import InvalidSettings
from mav_engine.results.result import RunRecord
from mav_engine.running.prepare import prepare
from mav_engine.running.run import run
from mav_engine.settings import DEFAULT_PROBES, RunSettings
from mav_engine.training.losses import LossCurve, held
from mav_engine.training.recording import Snapshot, TrainingWriter, run_lines
from mav_engine.training.report import TrainingReport
from mav_engine.training.stream import TrainingStream

if TYPE_CHECKING:
    from rich.console import Console

    from mav_engine.backends.hf.borrowed_model import BorrowedBackend

DEFAULT_EVERY = 100
"""Steps between snapshots."""
DEFAULT_PROMPTS = ("Once upon a time",)
DEFAULT_NEW_TOKENS = 24
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cost:
    """Time that snapshots have taken from a training."""

    snapshots: int
    seconds: float
    training_seconds: float
    """Seconds since `begin`, snapshots included."""

    @property
    def share(self) -> float:
        """Fraction of the training's time."""
        return self.seconds / self.training_seconds if self.training_seconds > 0 else 0.0

    def __str__(self) -> str:
        return (
            f"{self.snapshots} snapshots took {self.seconds:.1f} s, {self.share:.1%} of "
            f"{self.training_seconds:.1f} s of training"
        )


class TrainingWatch:
    """Three calls around a training loop: `begin`, `step` after each optimizer step, `end`.

    `begin` raises errors of the settings and the model. Errors during a snapshot are logged, and
    the training continues.

    Args:
        tokenizer: the model's tokenizer, from transformers.
        prompts: the texts to continue, the same at every snapshot.
        every: steps between snapshots; the untrained and the trained model get one too.
        also: further steps with a snapshot, since a model changes most at the beginning.
        recording: a file for all runs with their training step (docs/training.md); `.gz` compresses
            it.
        append: whether to continue an existing recording or stream.
        stream: address of a site that shows the training live, such as http://host:8000. The site
            must accept it (docs/training.md).
        stream_token: the site's token; by default MAV_TRAINING_TOKEN of the environment.
        terminal: whether to print each snapshot.
        console: a rich console to print to.
        max_new_tokens, temperature, seed, capture, and other fields of `RunSettings`: settings of
            each run. Temperature 0 and the same seed make snapshots comparable.

    Raises:
        InvalidSettings: a setting is invalid.
    """

    def __init__(
        self,
        tokenizer: Any,
        prompts: Sequence[str] = DEFAULT_PROMPTS,
        *,
        every: int = DEFAULT_EVERY,
        also: Collection[int] = (),
        recording: str | Path | None = None,
        append: bool = False,
        stream: str | None = None,
        stream_token: str | None = None,
        terminal: bool = True,
        console: Console | None = None,
        max_new_tokens: int = DEFAULT_NEW_TOKENS,
        seed: int = 0,
        capture: Collection[str] = DEFAULT_PROBES,
        **settings: Any,
    ) -> None:
        if every < 1:
            raise InvalidSettings(f"every is {every}; it must be 1 or more.", field="every")
        if isinstance(prompts, str) or not prompts:
            raise InvalidSettings("prompts must be a list of one or more texts.", field="prompts")
        given = {"max_new_tokens": max_new_tokens, "seed": seed, "capture": list(capture)}
        self._runs = [RunSettings(prompt=each, **given, **settings) for each in prompts]
        self.tokenizer = tokenizer
        self._every = every
        self._also = frozenset(also)
        self._curve = LossCurve()
        self._writer = None if recording is None else TrainingWriter(Path(recording), append=append)
        self._stream = (
            None if stream is None else TrainingStream(stream, token=stream_token, append=append)
        )
        self._report = TrainingReport(console) if terminal or console is not None else None
        self._backend: BorrowedBackend | None = None
        self._began = 0.0
        self._spent = 0.0
        self._snapshot_steps: list[int] = []
        self._last: tuple[Any, int, Any] | None = None

    @property
    def cost(self) -> Cost:
        """Time that snapshots have taken so far."""
        return Cost(len(self._snapshot_steps), self._spent, time.monotonic() - self._began)

    def begin(self, model: Any, step: int = 0) -> None:
        """Take a snapshot before the training starts, or continues from `step`.

        A watch may be used for several trainings in sequence: each call resets losses, snapshots
        and cost, and without `append` starts a new recording.

        Raises:
            ModelLoadFailed: the model cannot be run in this process.
            InvalidSettings: the model lacks a captured probe, a prompt is too long, or the site
                refuses the stream. An unreachable site is not an error.
            OSError: the recording cannot be written.
        """
        from mav_engine.backends.hf.borrowed_model import borrowed_backend

        self._reset()
        began = self._began
        self._backend = borrowed_backend(model, self.tokenizer, type(model).__name__)
        for settings in self._runs:
            prepare(settings, self._backend)
        self._open()
        self._spent += time.monotonic() - began
        self._take_snapshot(step, None)

    def step(self, model: Any, step: int, *, loss: Any = None, last_loss: Any = None) -> None:
        """Report a completed step; takes a snapshot if one is due.

        Args:
            model: the model that was passed to `begin`.
            step: number of completed steps, from 1.
            loss: loss of this step, a number or a tensor; a tensor is read only by a snapshot.
            last_loss: loss of an earlier step, if this one's is not known yet; see `record_loss`.
        """
        self.record_loss(step, loss)
        last = held(loss if loss is not None else last_loss)
        self._last = (model, step, last)
        if step % self._every == 0 or step in self._also:
            self._take_snapshot(step, last)

    def record_loss(self, step: int, loss: Any) -> None:
        """Add the loss of a completed step to the curve; None is ignored."""
        self._curve.add(step, loss)

    def end(self) -> None:
        """Take a last snapshot, close the recording and print the cost.

        A stream sends its queue, for at most ten seconds.
        """
        if self._last is not None and self._last[1] not in self._snapshot_steps:
            self._take_snapshot(self._last[1], self._last[2])
        self._last = self._backend = None
        if self._writer is not None:
            self._writer.close()
        if self._stream is not None:
            began = time.monotonic()
            self._stream.end()
            self._spent += time.monotonic() - began
        if self._report is not None:
            self._report.end(str(self.cost))

    def _reset(self) -> None:
        self._began = time.monotonic()
        self._spent = 0.0
        self._snapshot_steps = []
        self._last = None
        self._curve = LossCurve()
        # An earlier training may have failed before it called end().
        if self._writer is not None:
            self._writer.close()

    def _open(self) -> None:
        # Connect first: if the site refuses, an existing recording must not be overwritten.
        if self._stream is not None:
            self._stream.begin()
        try:
            if self._writer is not None:
                self._writer.open()
        except BaseException:
            if self._stream is not None:
                self._stream.end()
            raise

    def _take_snapshot(self, step: int, loss: Any) -> None:
        began = time.monotonic()
        try:
            self._run_prompts(step, None if loss is None else float(loss))
        except Exception:
            _log.warning("no snapshot at step %d; the training continues", step, exc_info=True)
        finally:
            self._snapshot_steps.append(step)
            self._spent += time.monotonic() - began

    def _run_prompts(self, step: int, loss: float | None) -> None:
        if self._backend is None:
            raise RuntimeError("call begin() before step()")
        records = []
        for place, settings in enumerate(self._runs):
            began = time.monotonic()
            record = RunRecord()
            for event in run(settings, backend=self._backend):
                # The weights will change, so the run cannot be resumed.
                record.add(replace(event, resume=None) if isinstance(event, Done) else event)
            elapsed = time.monotonic() - self._began
            losses = self._curve.taken() if place == 0 else []
            snapshot = Snapshot(step, place, loss, time.monotonic() - began, elapsed, losses)
            self._keep(snapshot, record)
            records.append(record)
        if self._report is not None:
            self._report.snapshot(step, loss, records, self.cost.share)

    def _keep(self, snapshot: Snapshot, record: RunRecord) -> None:
        if self._stream is None and self._writer is None:
            return
        run = run_lines(snapshot, record.events)
        if self._stream is not None:
            self._stream.send(run)
        if self._writer is not None:
            self._writer.write(run)
