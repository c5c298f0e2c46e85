import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from tests.training.conftest import RECIPE, SHAPE
from training.data import WindowStream, load_sources
from training.evaluate import HeldOut, load_held_out
from training.loop import OnStep, Trainer
from training.model import new_model
from training.report import METRICS_FILE, Report
from training.settings import Recipe, Runtime
from training.state import STATE_FILE, StateError, load_state


@pytest.fixture
def held_out(corpus: Path, tokenizer: Tokenizer) -> HeldOut:
    return load_held_out(corpus, tokenizer, documents=2)


def make_trainer(
    corpus: Path, tokenizer: Tokenizer, recipe: Recipe = RECIPE, runtime: Runtime | None = None
) -> Trainer:
    torch.set_num_threads(1)
    sources = load_sources(corpus, tokenizer, recipe.fairy_tale_share)
    stream = WindowStream(sources, recipe.seed)
    return Trainer(new_model(SHAPE, recipe.seed), stream, recipe, runtime or Runtime())


def run(trainer: Trainer, held_out: HeldOut, out: Path, on_step: OnStep | None = None) -> bool:
    out.mkdir(exist_ok=True)
    with Report(out, trainer.recipe.tokens, Console(quiet=True)) as report:
        return trainer.run(held_out, out, report, on_step)


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def test_training_lowers_the_loss(corpus: Path, tokenizer: Tokenizer, held_out: HeldOut) -> None:
    trainer = make_trainer(corpus, tokenizer, replace(RECIPE, tokens=6400))
    before = trainer.evaluate(held_out).nats_per_token
    while not trainer.finished:
        trainer.train_step()
    assert trainer.evaluate(held_out).nats_per_token < before - 0.5


@pytest.mark.parametrize("stop_after", [1, 4, 9])
def test_resumed_run_ends_with_the_same_bits(
    corpus: Path, tokenizer: Tokenizer, held_out: HeldOut, tmp_path: Path, stop_after: int
) -> None:
    """Ten steps, of which the last two have long windows; over more than one pass."""
    whole = make_trainer(corpus, tokenizer)
    assert run(whole, held_out, tmp_path / "whole")

    def stop(step: int, _model: LlamaForCausalLM, _loss: float) -> None:
        if step == stop_after:
            os.kill(os.getpid(), signal.SIGTERM)

    first = make_trainer(corpus, tokenizer)
    assert not run(first, held_out, tmp_path / "parts", stop)
    assert first.step == stop_after
    state, shape, recipe = load_state(tmp_path / "parts")
    assert (shape, recipe) == (SHAPE, RECIPE)
    second = make_trainer(corpus, tokenizer, replace(recipe, seed=77))
    second.recipe = recipe
    second.restore(state)
    assert run(second, held_out, tmp_path / "parts")

    assert (second.step, second.tokens_seen) == (whole.step, whole.tokens_seen) == (10, 640)
    assert second.passes == whole.passes
    expected = weights(whole)
    assert all(torch.equal(value, expected[name]) for name, value in weights(second).items())


def test_same_seed_same_weights_whatever_the_global_generator(
    corpus: Path, tokenizer: Tokenizer
) -> None:
    results = []
    for global_seed in (1, 2):
        torch.manual_seed(global_seed)
        trainer = make_trainer(corpus, tokenizer)
        trainer.train_step()
        results.append(weights(trainer))
    assert all(torch.equal(value, results[1][name]) for name, value in results[0].items())


def test_accumulated_gradient_is_that_of_the_whole_batch(
    corpus: Path, tokenizer: Tokenizer
) -> None:
    recipe = replace(RECIPE, warmup_share=0.0)
    parts = make_trainer(corpus, tokenizer, recipe)
    whole = make_trainer(corpus, tokenizer, replace(recipe, rows=8, accumulation=1))
    loss_parts, norm_parts = parts.train_step()
    loss_whole, norm_whole = whole.train_step()
    assert loss_parts == pytest.approx(loss_whole, rel=1e-5)
    assert norm_parts == pytest.approx(norm_whole, rel=1e-4)
    assert parts.tokens_seen == whole.tokens_seen == 64


def test_on_step_sees_every_step_and_the_model_in_training(
    corpus: Path, tokenizer: Tokenizer, held_out: HeldOut, tmp_path: Path
) -> None:
    trainer = make_trainer(corpus, tokenizer)
    steps = []

    def watch(step: int, model: LlamaForCausalLM, loss: float) -> None:
        assert model is trainer.model
        assert model.training
        assert 0 < loss < 20
        steps.append(step)

    run(trainer, held_out, tmp_path / "out", watch)
    assert steps == list(range(1, 11))


def test_stop_signal_handlers_are_put_back(
    corpus: Path, tokenizer: Tokenizer, held_out: HeldOut, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run(make_trainer(corpus, tokenizer), held_out, tmp_path / "out")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_log_has_training_and_evaluation_lines(
    corpus: Path, tokenizer: Tokenizer, held_out: HeldOut, tmp_path: Path
) -> None:
    runtime = Runtime(evaluate_tokens=256, save_seconds=0.0)
    run(make_trainer(corpus, tokenizer, runtime=runtime), held_out, tmp_path / "out")
    log = (tmp_path / "out" / METRICS_FILE).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["tokens"] for line in lines if "bits_per_character" in line] == [256, 512]
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == [10]
    assert steps[0].keys() >= {"tokens", "passes", "gradient_norm", "lr_scale", "seconds"}


def test_budget_can_be_changed_in_the_constant_part(corpus: Path, tokenizer: Tokenizer) -> None:
    trainer = make_trainer(corpus, tokenizer)
    for _ in range(4):
        trainer.train_step()
    trainer.change_budget(1280)
    assert trainer.recipe == replace(RECIPE, tokens=1280)
    with pytest.raises(StateError, match="Give more --tokens"):
        trainer.change_budget(600)
    with pytest.raises(StateError, match="more than the 256 seen so far"):
        trainer.change_budget(256)


@pytest.mark.parametrize("tokens", [576, 1280])
def test_changed_budget_continues_a_falling_learning_rate(
    corpus: Path, tokenizer: Tokenizer, tokens: int
) -> None:
    trainer = make_trainer(corpus, tokenizer)
    for _ in range(7):
        trainer.train_step()
    before = trainer.recipe.lr_scale(448)
    assert 0.0 < before < 1.0
    trainer.change_budget(tokens)
    assert trainer.recipe.lr_scale(448) == pytest.approx(before)
    assert trainer.recipe.lr_scale((448 + tokens) // 2) == pytest.approx(before / 2)
    assert trainer.recipe.lr_scale(tokens) == 0.0


def test_state_file_is_replaced_atomically(
    corpus: Path, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(corpus, tokenizer)
    trainer.save(tmp_path)
    trainer.train_step()

    def disk_full(*_arguments: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        trainer.save(tmp_path)
    assert load_state(tmp_path)[0]["step"] == 0


def test_missing_and_foreign_state_files_are_explained(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="start without --resume"):
        load_state(tmp_path)
    torch.save({"step": 3}, tmp_path / STATE_FILE)
    with pytest.raises(StateError, match="not a state file of this program"):
        load_state(tmp_path)
