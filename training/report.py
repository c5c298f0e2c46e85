"""What a run shows and writes down: the progress bar and the metrics log."""

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from training.evaluate import Score
from training.settings import Recipe

METRICS_FILE = "metrics.jsonl"
# Weight of the newest step in the shown loss and speed: they follow some thirty steps.
SMOOTHING = 1 / 30
# Steps between two lines of the log, which is enough to draw a curve.
LOG_EVERY = 10


class Progressing(Protocol):
    """How far a training is."""

    recipe: Recipe
    step: int

    @property
    def tokens_seen(self) -> int: ...

    @property
    def passes(self) -> float: ...


class Report:
    """Progress bar on a terminal, one line an evaluation elsewhere, JSON lines in a file.

    Every line of the log has ``step``, ``tokens``, ``passes`` and ``seconds`` (since this process
    began); training lines add ``loss`` (nats a token), ``gradient_norm``, ``lr_scale`` and
    ``tokens_per_second``; evaluation lines add ``nats_per_token`` and ``bits_per_character``.
    """

    def __init__(self, out: Path, total_tokens: int, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.completed:,}/{task.total:,} tokens  {task.fields[status]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("training", total=total_tokens, status="")
        self._log = (out / METRICS_FILE).open("a", encoding="utf-8")
        self._began = self._last = time.monotonic()
        self._loss: float | None = None
        self._speed: float | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
        self._log.close()

    def step(self, trainer: Progressing, loss: float, norm: float, lr_scale: float) -> None:
        """Report one optimizer step: mean loss in nats a token, gradient norm, lr factor."""
        now = time.monotonic()
        speed = trainer.recipe.tokens_per_step / (now - self._last)
        self._last = now
        self._loss = _smooth(self._loss, loss)
        self._speed = _smooth(self._speed, speed)
        self._progress.update(
            self._task,
            completed=trainer.tokens_seen,
            status=f"loss {self._loss:.3f}  {self._speed:,.0f} tokens/s ",
        )
        if trainer.step % LOG_EVERY == 0:
            self._write(
                trainer,
                loss=loss,
                gradient_norm=norm,
                lr_scale=lr_scale,
                tokens_per_second=self._speed,
            )

    def evaluation(self, trainer: Progressing, score: Score) -> None:
        """Report a score on held-out text."""
        training = "" if self._loss is None else f"training loss {self._loss:.3f}, "
        speed = "" if self._speed is None else f", {self._speed:,.0f} tokens/s"
        self._console.print(
            f"{trainer.tokens_seen:,} tokens ({trainer.passes:.2f} passes): {training}held out "
            f"{score.nats_per_token:.4f} nats/token = {score.bits_per_character:.4f} "
            f"bits/character on {score.tokens:,} tokens{speed}",
            highlight=False,
            soft_wrap=True,
        )
        self._write(
            trainer,
            nats_per_token=score.nats_per_token,
            bits_per_character=score.bits_per_character,
        )
        # The evaluation's time is not the next step's.
        self._last = time.monotonic()

    def _write(self, trainer: Progressing, **values: float) -> None:
        line: dict[str, Any] = {
            "step": trainer.step,
            "tokens": trainer.tokens_seen,
            "passes": round(trainer.passes, 4),
            "seconds": round(time.monotonic() - self._began, 1),
            **{name: round(value, 5) for name, value in values.items()},
        }
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()


def _smooth(mean: float | None, value: float) -> float:
    return value if mean is None else mean + SMOOTHING * (value - mean)
