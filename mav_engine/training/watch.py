"""Fixed prompts run through a model every so many steps of its training.

    watch = TrainingWatch(tokenizer, ["Once upon a time"], every=100, recording="training.jsonl")
    watch.begin(model)
    for step, batch in enumerate(batches, start=1):
        ...
        watch.step(model, step, loss=loss)
    watch.end()

The training goes on as if nobody had looked: `lent_backend` leaves the model, its gradients and the
random state as they were. With transformers' Trainer, `MAVCallback` makes these three calls.
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
from mav_engine.training.recording import Look, TrainingWriter, run_lines
from mav_engine.training.report import TrainingReport
from mav_engine.training.stream import TrainingStream

if TYPE_CHECKING:
    from rich.console import Console

    from mav_engine.backends.hf.borrowed_model import LentBackend

DEFAULT_EVERY = 100
"""Steps from one look to the next."""
DEFAULT_PROMPTS = ("Once upon a time",)
DEFAULT_NEW_TOKENS = 24
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cost:
    """What watching took of a training so far."""

    looks: int
    seconds: float
    training_seconds: float
    """Since `begin`, watching included."""

    @property
    def share(self) -> float:
        """Of the training's time."""
        return self.seconds / self.training_seconds if self.training_seconds > 0 else 0.0

    def __str__(self) -> str:
        return (
            f"{self.looks} looks took {self.seconds:.1f} s, {self.share:.1%} of "
            f"{self.training_seconds:.1f} s of training"
        )


class TrainingWatch:
    """Three calls around a training loop: `begin`, `step` after each optimizer step, `end`.

    What goes wrong while it looks is logged, and the training goes on; what is wrong with its
    settings or the model is raised by `begin`, before any time is spent.

    Args:
        tokenizer: transformers' tokenizer of the model.
        prompts: the texts to continue, the same at every look.
        every: steps from one look to the next; the untrained and the trained model are looked at
            besides.
        also: further steps to look at: a model changes most at the beginning.
        recording: a file for all runs with their training step, as docs/training.md tells; `.gz`
            compresses.
        append: whether to go on with what an earlier part of this training recorded or streamed.
        stream: a site elsewhere that shows the training while it goes on, http://host:8000 for
            example; its operator opens it, as docs/training.md tells.
        stream_token: for that site; else the environment's MAV_TRAINING_TOKEN.
        terminal: whether each look is told on the terminal.
        console: where instead.
        max_new_tokens, temperature, seed, capture, and other settings of `RunSettings`: of each
            run. Temperature 0 and the same seed make looks comparable.

    Raises:
        InvalidSettings: a setting is wrong.
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
            raise InvalidSettings("prompts is a list of one text or more.", field="prompts")
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
        self._backend: LentBackend | None = None
        self._began = 0.0
        self._spent = 0.0
        self._looked_at: list[int] = []
        self._last: tuple[Any, int, Any] | None = None

    @property
    def cost(self) -> Cost:
        """What watching took so far."""
        return Cost(len(self._looked_at), self._spent, time.monotonic() - self._began)

    def begin(self, model: Any, step: int = 0) -> None:
        """Look at the model before it is trained (or trained on, from `step`).

        A watch may be used for several trainings, one after the other: each call starts with no
        losses, looks or costs of the one before, and, without `append`, with a new recording.

        Raises:
            ModelLoadFailed: the model cannot be run from here.
            InvalidSettings: a probe that this model cannot give, a prompt that is too long, or a
                site that refuses the stream and says so at once; one that is away is no error.
            OSError: the recording cannot be written.
        """
        from mav_engine.backends.hf.borrowed_model import lent_backend

        self._reset()
        began = self._began
        self._backend = lent_backend(model, self.tokenizer, type(model).__name__)
        for settings in self._runs:
            prepare(settings, self._backend)
        self._open()
        self._spent += time.monotonic() - began
        self._look(step, None)

    def step(self, model: Any, step: int, *, loss: Any = None, last_loss: Any = None) -> None:
        """Tell that a step is done; every so many the prompts are run.

        Args:
            model: the one that `begin` was given.
            step: how many steps are done, from 1.
            loss: of this step, a number or a tensor, for the record; read only when it is told.
            last_loss: an earlier step's, where this step's is not known yet; see `tell_loss`.
        """
        self.tell_loss(step, loss)
        last = held(loss if loss is not None else last_loss)
        self._last = (model, step, last)
        if step % self._every == 0 or step in self._also:
            self._look(step, last)

    def tell_loss(self, step: int, loss: Any) -> None:
        """Tell the loss of a step that was done, for the curve; null is none."""
        self._curve.add(step, loss)

    def end(self) -> None:
        """Look at the trained model, close the recording and tell what watching took.

        Of a stream what waits is sent, for ten seconds at most.
        """
        if self._last is not None and self._last[1] not in self._looked_at:
            self._look(self._last[1], self._last[2])
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
        self._looked_at = []
        self._last = None
        self._curve = LossCurve()
        # An earlier training may have ended by an exception, without a call of end().
        if self._writer is not None:
            self._writer.close()

    def _open(self) -> None:
        # The site is asked first: opening may begin a file anew that a refusal should leave alone.
        if self._stream is not None:
            self._stream.begin()
        try:
            if self._writer is not None:
                self._writer.open()
        except BaseException:
            if self._stream is not None:
                self._stream.end()
            raise

    def _look(self, step: int, loss: Any) -> None:
        began = time.monotonic()
        try:
            self._look_at_all(step, None if loss is None else float(loss))
        except Exception:
            _log.warning("step %d could not be watched; the training goes on", step, exc_info=True)
        finally:
            self._looked_at.append(step)
            self._spent += time.monotonic() - began

    def _look_at_all(self, step: int, loss: float | None) -> None:
        if self._backend is None:
            raise RuntimeError("begin() comes before step()")
        told = []
        for place, settings in enumerate(self._runs):
            began = time.monotonic()
            record = RunRecord()
            for event in run(settings, backend=self._backend):
                # The weights move on, so nothing can be continued.
                record.add(replace(event, resume=None) if isinstance(event, Done) else event)
            elapsed = time.monotonic() - self._began
            losses = self._curve.taken() if place == 0 else []
            look = Look(step, place, loss, time.monotonic() - began, elapsed, losses)
            self._keep(look, record)
            told.append(record)
        if self._report is not None:
            self._report.look(step, loss, told, self.cost.share)

    def _keep(self, look: Look, record: RunRecord) -> None:
        if self._stream is None and self._writer is None:
            return
        run = run_lines(look, record.events)
        if self._stream is not None:
            self._stream.send(run)
        if self._writer is not None:
            self._writer.write(run)
