"""The training loop: steps, evaluations and saved states."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM

from training.data import WindowStream
from training.evaluate import HeldOut, Score, measure
from training.model import model_shape, next_token_loss
from training.optim import MuonWithAdamW
from training.report import Report
from training.settings import Recipe, Runtime
from training.state import StateError, save_state

OnStep = Callable[[int, LlamaForCausalLM, float], None]


def has_fast_bfloat16(device: str) -> bool:
    """Whether bfloat16 is faster than float32 on a device.

    Processors without bfloat16 units emulate it, which was measured 25 times slower.
    """
    if torch.device(device).type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return True


class Trainer:
    """One run: a model, its optimizers, its place in the data and its recipe."""

    def __init__(
        self, model: LlamaForCausalLM, stream: WindowStream, recipe: Recipe, runtime: Runtime
    ) -> None:
        self.model = model.to(torch.device(runtime.device))
        self.recipe = recipe
        self.step = 0
        self.tokens_seen = 0
        self._stream = stream
        self._runtime = runtime
        self._optimizer = MuonWithAdamW(model, recipe)
        self._forward: Any = torch.compile(model, dynamic=False) if runtime.compile else model

    @property
    def passes(self) -> float:
        """Passes over the corpus so far."""
        return self._stream.passes

    @property
    def finished(self) -> bool:
        """Whether the token budget is used up."""
        return self.tokens_seen >= self.recipe.tokens

    def change_budget(self, tokens: int) -> None:
        """Set another token budget; a learning rate that is already falling goes on from where
        it is, straight to zero at the new end.

        Raises:
            StateError: the new budget is used up, or the constant part is over under it although
                the learning rate has not begun to fall.
        """
        left = tokens - self.tokens_seen
        if left <= 0:
            raise StateError(f"--tokens must be more than the {self.tokens_seen:,} seen so far.")
        decay_share = self.recipe.decay_share
        if self.tokens_seen > self.recipe.decay_start:
            decay_share = left / (tokens * self.recipe.lr_scale(self.tokens_seen))
        changed = replace(self.recipe, tokens=tokens, decay_share=decay_share)
        if self.tokens_seen <= self.recipe.decay_start and self.tokens_seen > changed.decay_start:
            raise StateError(
                f"With {tokens:,} tokens the learning rate would have begun to fall after "
                f"{changed.decay_start:,.0f}, but {self.tokens_seen:,} are seen. "
                f"Give more --tokens."
            )
        self.recipe = changed

    def train_step(self) -> tuple[float, float]:
        """One optimizer step; returns the mean loss in nats a token and the gradient norm."""
        recipe, device = self.recipe, self._runtime.device
        window = recipe.window_at(self.tokens_seen)
        rows = max(1, recipe.rows * recipe.window // window)
        self.model.train()
        total = 0.0
        for _ in range(recipe.accumulation):
            inputs, targets = self._stream.next_batch(rows, window)
            with self._autocast():
                loss = next_token_loss(self._forward, inputs.to(device), targets.to(device))
            torch.autograd.backward(loss / recipe.accumulation)
            total += float(loss.detach()) / recipe.accumulation
        norm = self._optimizer.step(recipe.lr_scale(self.tokens_seen))
        self.step += 1
        self.tokens_seen += rows * window * recipe.accumulation
        return total, norm

    def _autocast(self) -> AbstractContextManager[Any]:
        if not self._runtime.bfloat16:
            return nullcontext()
        return torch.autocast(torch.device(self._runtime.device).type, dtype=torch.bfloat16)

    def run(self, held_out: HeldOut, out: Path, report: Report, on_step: OnStep | None) -> bool:
        """Train until the budget is used up or the program is asked to stop.

        ``on_step(step, model, loss)`` is called after every step, the model in training mode.
        SIGINT and SIGTERM end the run after the step in progress. In every case the state is saved
        in ``out``. Returns whether the run is finished.
        """
        saved_at = time.monotonic()
        next_evaluation = self.tokens_seen + self._runtime.evaluate_tokens
        with _stop_requests() as stop_requested:
            while not self.finished and not stop_requested():
                scale = self.recipe.lr_scale(self.tokens_seen)
                loss, norm = self.train_step()
                if on_step is not None:
                    on_step(self.step, self.model, loss)
                report.step(self, loss, norm, scale)
                if self.tokens_seen >= next_evaluation and not self.finished:
                    report.evaluation(self, self.evaluate(held_out))
                    next_evaluation += self._runtime.evaluate_tokens
                if time.monotonic() - saved_at > self._runtime.save_seconds:
                    self.save(out)
                    saved_at = time.monotonic()
            self.save(out)
        return self.finished

    def evaluate(self, held_out: HeldOut) -> Score:
        """Score the model as it is now."""
        with self._autocast():
            return measure(self.model, held_out)

    def save(self, out: Path) -> None:
        """Write the state file of this run into the folder ``out``."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "stream": self._stream.state_dict(),
            "step": self.step,
            "tokens_seen": self.tokens_seen,
        }
        save_state(out, state, model_shape(self.model), self.recipe)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`save` wrote."""
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._stream.load_state_dict(state["stream"])
        self.step = state["step"]
        self.tokens_seen = state["tokens_seen"]


@contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
    """Note SIGINT and SIGTERM instead of dying of them; the old handlers come back at the end."""
    received: list[int] = []
    previous = {
        number: signal.signal(number, lambda got, _frame: received.append(got))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
