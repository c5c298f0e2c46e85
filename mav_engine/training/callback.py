"""`MAVCallback`: a watched training with transformers' Trainer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import TrainerCallback

from mav_engine.training.watch import DEFAULT_EVERY, DEFAULT_PROMPTS, TrainingWatch


class MAVCallback(TrainerCallback):  # type: ignore[misc]
    """Runs fixed prompts through the model at intervals, without changing the model.

        Trainer(..., callbacks=[MAVCallback(["Once upon a time"], every=100)])

    With several processes, the first one takes the snapshots. The loss of a snapshot is the last
    one that the Trainer logged. Each call of `Trainer.train()` starts a new training.

    Args:
        prompts: the texts to continue.
        tokenizer: the model's tokenizer; by default the Trainer's `processing_class`.
        every: optimizer steps between snapshots.
        options: other arguments of `TrainingWatch`, such as `recording="training.jsonl"` or
            `stream="http://host:8000"`.

    Raises:
        InvalidSettings: a setting is invalid. When training starts, also the errors of
            `TrainingWatch.begin`.
    """

    def __init__(
        self,
        prompts: Sequence[str] = DEFAULT_PROMPTS,
        *,
        tokenizer: Any = None,
        every: int = DEFAULT_EVERY,
        **options: Any,
    ) -> None:
        self.watch = TrainingWatch(tokenizer, prompts, every=every, **options)
        self._tokenizer = tokenizer
        self._reported_losses = 0

    def on_train_begin(
        self, args: Any, state: Any, control: Any, *, model: Any = None, **given: Any
    ) -> None:
        del args, control
        if state.is_world_process_zero:
            self.watch.tokenizer = (
                self._tokenizer or given.get("processing_class") or given.get("tokenizer")
            )
            # The history of a resumed training contains earlier losses.
            self._reported_losses = len(_with_loss(state.log_history))
            self.watch.begin(model, state.global_step)

    def on_step_end(
        self, args: Any, state: Any, control: Any, *, model: Any = None, **given: Any
    ) -> None:
        del args, control, given
        if state.is_world_process_zero:
            entries = _with_loss(state.log_history)
            for entry in entries[self._reported_losses :]:
                self.watch.record_loss(entry["step"], entry["loss"])
            self._reported_losses = len(entries)
            last_loss = entries[-1]["loss"] if entries else None
            self.watch.step(model, state.global_step, last_loss=last_loss)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        del args, control, given
        if state.is_world_process_zero:
            self.watch.end()


def _with_loss(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in history if "loss" in entry]
