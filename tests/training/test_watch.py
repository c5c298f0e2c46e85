"""A watched training is unchanged, bit for bit, and is reported and recorded."""

from __future__ import annotations

import copy
import gzip
import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import nn
from transformers import PreTrainedTokenizerFast

from mav_engine.contract.events import Done
from mav_engine.errors import (
    InvalidSettings,
    ModelLoadFailed,
    NotARecording,
    TornRecording,
)
from mav_engine.training import MAVCallback, TrainingWatch, replay_training
from mav_engine.training.losses import MOST as MOST_LOSSES
from mav_engine.training.losses import LossCurve
from mav_engine.training.recording import TrainingWriter
from tests.recorded import RECORDINGS, before_problem
from tests.training.conftest import OPTIONS
from tests.training.trainings import (
    PROMPTS,
    STEPS,
    Site,
    left_of,
    new_model,
    trained,
    trained_by_trainer,
)
from training.__main__ import main
from training.options import WATCH_FILE


def test_a_watched_loop_gives_the_same_weights_and_losses(
    spoken: PreTrainedTokenizerFast, tmp_path: Path, site: Site
) -> None:
    alone, losses = trained(None)
    expected = left_of(alone)
    watch = TrainingWatch(
        spoken, PROMPTS, every=2, recording=tmp_path / "t.jsonl", stream=site.url, terminal=False,
        temperature=1.0, capture=["residual", "attention_entropy", "tiles", "logit_lens"],
    )  # fmt: skip
    model, watched_losses = trained(watch)
    assert watched_losses == losses
    assert left_of(model) == expected
    assert site.recording.read_bytes() == (tmp_path / "t.jsonl").read_bytes()
    # The snapshots show that the model changed.
    texts = {record.text for _, record in replay_training(tmp_path / "t.jsonl")}
    assert len(texts) > 2


class Doubled(nn.Module):
    """A wrapper that changes the logits."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.module(input_ids).logits
        return 2 * logits


def curve_of(trainer: Any) -> list[Any]:
    names = ("loss", "grad_norm", "learning_rate", "step")
    return [{name: entry.get(name) for name in names} for entry in trainer.state.log_history]


def test_the_callback_gives_the_same_training(
    spoken: PreTrainedTokenizerFast, tmp_path: Path, site: Site
) -> None:
    alone = trained_by_trainer(tmp_path, [], spoken)
    state = torch.get_rng_state().tolist()
    kept = tmp_path / "t.jsonl.gz"
    callback = MAVCallback(PROMPTS, every=4, recording=kept, stream=site.url, terminal=False)
    watched = trained_by_trainer(tmp_path, [callback], spoken)
    for one, other in zip(alone.model.parameters(), watched.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert curve_of(watched) == curve_of(alone)
    assert torch.get_rng_state().tolist() == state
    snapshots = [snapshot for snapshot, _ in replay_training(kept)]
    assert [snapshot for snapshot, _ in replay_training(site.recording)] == snapshots
    assert [(snapshot.step, snapshot.prompt) for snapshot in snapshots] == [
        (step, prompt) for step in (0, 4, 6) for prompt in (0, 1)
    ]
    assert snapshots[0].loss is None
    assert snapshots[-1].loss == curve_of(alone)[STEPS - 2]["loss"]
    # The Trainer logs a step after it, so the last loss is not known yet.
    points = [point for snapshot in snapshots for point in snapshot.losses]
    assert points == [(each["step"], each["loss"]) for each in curve_of(alone)[: STEPS - 1]]


def test_a_callback_that_is_used_again_starts_from_the_beginning(
    spoken: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    callback = MAVCallback(PROMPTS[:1], every=4, recording=path, terminal=False)
    first = trained_by_trainer(tmp_path, [callback], spoken)
    snapshots = [snapshot for snapshot, _ in replay_training(path)]
    steps = [snapshot.step for snapshot in snapshots]
    assert steps == [0, 4, 6]
    first.train()
    again = [snapshot for snapshot, _ in replay_training(path)]
    assert [snapshot.step for snapshot in again] == steps
    # The losses are those of the second training, beginning with its first step.
    assert again[0].loss is None
    assert again[0].losses == []
    assert again[1].losses == [(step, curve_of(first)[step - 1]["loss"]) for step in (1, 2, 3)]
    assert again[1].losses != snapshots[1].losses
    assert callback.watch.cost.snapshots == 3
    assert callback.watch.cost.share <= 1


def test_a_watch_can_be_used_after_a_training_that_broke_off(
    spoken: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    watch = TrainingWatch(spoken, PROMPTS[:1], every=3, recording=path, append=True, terminal=False)
    model = new_model()
    watch.begin(model)
    watch.step(model, 1, loss=9.0)
    trained(watch)
    snapshots = [snapshot for snapshot, _ in replay_training(path)]
    assert [snapshot.step for snapshot in snapshots] == [0, 0, 3, 6], "append keeps the part before"
    assert all(loss != 9.0 for snapshot in snapshots for _, loss in snapshot.losses)
    assert watch.cost.snapshots == 3


def test_a_callback_takes_the_tokenizer_of_the_trainer_that_uses_it(
    spoken: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    callback = MAVCallback(PROMPTS[:1], every=100, terminal=False)
    trained_by_trainer(tmp_path, [callback], spoken)
    other = copy.deepcopy(spoken)
    trained_by_trainer(tmp_path, [callback], other)
    assert callback.watch.tokenizer is other


def test_the_terminal_shows_text_figures_and_cost(spoken: PreTrainedTokenizerFast) -> None:
    out = io.StringIO()
    watch = TrainingWatch(spoken, PROMPTS, every=3, console=Console(file=out, width=200))
    trained(watch)
    lines = out.getvalue().splitlines()
    assert [line.split(" · ")[0] for line in lines if line.startswith("mav step")] == [
        "mav step 0",
        "mav step 3",
        "mav step 6",
    ]
    assert " · loss " in lines[3]
    assert lines[1].startswith("  the cat")
    assert " reads " in lines[1]
    assert " nats a token" in lines[1]
    assert lines[-1].startswith("mav 3 snapshots took ")
    assert watch.cost.snapshots == 3
    assert 0 < watch.cost.seconds <= watch.cost.training_seconds


def test_a_recording_contains_each_complete_run(
    spoken: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    trained(TrainingWatch(spoken, PROMPTS, every=3, recording=path, terminal=False))
    runs = list(replay_training(path))
    assert [(snapshot.step, snapshot.prompt) for snapshot, _ in runs] == [
        (0, 0), (0, 1), (3, 0), (3, 1), (6, 0), (6, 1),
    ]  # fmt: skip
    for snapshot, record in runs:
        assert record.start.settings.prompt == PROMPTS[snapshot.prompt]
        assert isinstance(record.end, Done)
        assert record.end.resume is None
        assert record.tokens[0].layers.mlp_norm.shape == (2,)
        assert (snapshot.loss is None) == (snapshot.step == 0)
        assert 0 < snapshot.cost_s <= snapshot.elapsed_s


def test_an_interrupted_training_continues_its_recording(
    spoken: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    trained(TrainingWatch(spoken, PROMPTS[:1], every=3, recording=path, terminal=False))
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(TornRecording):
        list(replay_training(path))
    again = TrainingWatch(spoken, PROMPTS[:1], every=6, recording=path, append=True, terminal=False)
    trained(again)
    assert [snapshot.step for snapshot, _ in replay_training(path)] == [0, 3, 0, 6]


BROKEN = json.loads(
    (RECORDINGS / "training" / "broken" / "expected.json").read_text(encoding="utf-8")
)


def test_a_recording_of_an_earlier_training_can_be_read() -> None:
    """The very file that the site's tests read."""
    snapshots = list(replay_training(RECORDINGS / "training" / "mav-tiny-learns.jsonl"))
    assert [(snapshot.step, snapshot.prompt) for snapshot, _ in snapshots] == [
        (0, 0), (0, 1), (10, 0), (10, 1), (50, 0), (50, 1),
    ]  # fmt: skip
    assert snapshots[0][0].losses == []
    assert [step for step, _ in snapshots[4][0].losses][-1] == 50
    assert {record.start.settings.prompt for _, record in snapshots} == {
        "Once upon a time",
        "Lily was sad because",
    }


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["file"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_recording_is_an_error_with_its_reason(
    case: dict[str, Any], packed: bool, tmp_path: Path
) -> None:
    path = RECORDINGS / "training" / "broken" / case["file"]
    if packed:
        (tmp_path / "t.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "t.gz"
    snapshots, problem = before_problem(replay_training(path))
    assert problem is not None
    found = {name: getattr(problem, name) for name in ("code", "line", "field")}
    assert found == {name: case[name] for name in found}
    assert len(snapshots) == case["looks"]
    assert case["line"] == 1 or f"ine {case['line']}" in problem.detail


def test_a_run_by_itself_is_no_training() -> None:
    with pytest.raises(NotARecording, match="replay"):
        list(replay_training(RECORDINGS / "mav-tiny.jsonl"))


def test_it_is_looked_at_more_often_at_the_beginning_and_each_loss_is_kept(
    spoken: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    _, losses = trained(
        TrainingWatch(spoken, PROMPTS, every=4, also=[1, 2], recording=path, terminal=False)
    )
    snapshots = [snapshot for snapshot, _ in replay_training(path)]
    assert [snapshot.step for snapshot in snapshots if snapshot.prompt == 0] == [0, 1, 2, 4, 6]
    points = [point for snapshot in snapshots for point in snapshot.losses]
    assert points == [(step, pytest.approx(loss)) for step, loss in enumerate(losses, start=1)]
    assert not any(snapshot.losses for snapshot in snapshots if snapshot.prompt == 1)


def test_a_loss_that_is_no_number_or_very_many_are_no_trouble() -> None:
    curve = LossCurve()
    for step in range(1, 10 * MOST_LOSSES):
        curve.add(step, torch.tensor(float("nan")) if step == 3 else torch.tensor(float(step)))
    points = curve.taken()
    assert MOST_LOSSES // 2 <= len(points) <= MOST_LOSSES
    assert all(step == loss for step, loss in points)
    assert points[0] == (1, 1.0)
    curve.add(1, None)
    curve.add(2, 2.5)
    assert curve.taken() == [(2, 2.5)]


def test_what_goes_wrong_while_looking_does_not_end_the_training(
    spoken: PreTrainedTokenizerFast, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, losses = trained(None)
    watch = TrainingWatch(spoken, PROMPTS, every=2, recording=tmp_path / "t.jsonl", terminal=False)
    watch._writer.write = None  # type: ignore[union-attr, method-assign, assignment]
    with caplog.at_level(logging.WARNING):
        _, watched_losses = trained(watch)
    assert watched_losses == losses
    assert "no snapshot at step 2; the training continues" in caplog.text


def test_errors_are_reported_before_the_training(
    spoken: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    with pytest.raises(InvalidSettings, match="every is 0"):
        TrainingWatch(spoken, PROMPTS, every=0)
    with pytest.raises(InvalidSettings, match="prompts must be a list"):
        TrainingWatch(spoken, "one text")
    with pytest.raises(InvalidSettings, match="temprature"):
        TrainingWatch(spoken, PROMPTS, temprature=1.0)
    with pytest.raises(InvalidSettings, match="compressed"):
        TrainingWatch(spoken, PROMPTS, recording=tmp_path / "t.jsonl.gz", append=True)
    with pytest.raises(InvalidSettings, match=r"no probe named 'tile'\. Did you mean tiles"):
        TrainingWatch(spoken, PROMPTS, capture=["tile"], terminal=False).begin(new_model())
    with pytest.raises(ModelLoadFailed, match="without its tokenizer"):
        TrainingWatch(None, PROMPTS, terminal=False).begin(new_model())
    with pytest.raises(ModelLoadFailed, match="changes what the model inside computes"):
        TrainingWatch(spoken, PROMPTS, terminal=False).begin(Doubled(new_model()))
    missing = TrainingWatch(spoken, PROMPTS, recording=tmp_path / "no" / "t", terminal=False)
    with pytest.raises(FileNotFoundError):
        missing.begin(new_model())


def test_the_program_that_trains_the_embedded_model_can_be_watched(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(out: str, *more: str) -> int:
        return main(["--corpus", str(corpus), "--out", str(tmp_path / out), *OPTIONS, *more])

    assert command("alone") == 0
    assert command("watched", "--watch-steps", "4", "--watch-prompt", "Lily") == 0
    for name in ("model.safetensors", "README.md"):
        one, other = (tmp_path / out / "model" / name for out in ("alone", "watched"))
        assert one.read_bytes() == other.read_bytes()
    losses = [
        [
            json.loads(line).get("loss")
            for line in (tmp_path / out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for out in ("alone", "watched")
    ]
    assert losses[0] == losses[1]
    snapshots = list(replay_training(tmp_path / "watched" / WATCH_FILE))
    assert [snapshot.step for snapshot, _ in snapshots][:2] == [0, 4]
    assert snapshots[0][1].start.settings.prompt == "Lily"
    assert "snapshots took" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content", [b"notes\n", "\ufeff{}".encode("utf-16"), b'{"type":"start"}\n']
)
def test_a_file_that_is_no_recording_is_not_emptied(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "training.jsonl"
    path.write_bytes(content)
    with pytest.raises(InvalidSettings, match="not a recording of a training"):
        TrainingWriter(path, append=True).open()
    assert path.read_bytes() == content
