import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from training.evaluate import HeldOut, Score, load_held_out, main, measure
from training.export import export_model


class LikesItsInput(torch.nn.Module):
    """Gives the token it just read three times the chance of each of the other three."""

    def __init__(self) -> None:
        super().__init__()
        self.bonus = torch.nn.Parameter(torch.tensor(math.log(3.0)))

    def forward(self, input_ids: torch.Tensor, use_cache: bool) -> SimpleNamespace:
        assert not use_cache
        return SimpleNamespace(logits=torch.nn.functional.one_hot(input_ids, 4) * self.bonus)


def test_score_agrees_with_a_hand_computation() -> None:
    # Of the six predicted tokens two repeat the one before (3/6 each), four do not (1/6 each).
    held_out = HeldOut(torch.tensor([0, 1, 1, 2, 2, 3, 0]), characters=4)
    score = measure(LikesItsInput(), held_out, window=4)
    nats = 2 * math.log(2.0) + 4 * math.log(6.0)
    assert score.tokens == 6
    assert score.nats == pytest.approx(nats, rel=1e-6)
    assert score.nats_per_token == pytest.approx(nats / 6, rel=1e-6)
    assert score.bits_per_character == pytest.approx(nats / math.log(2.0) / 4, rel=1e-6)


def test_one_bit_a_character() -> None:
    assert Score(nats=10 * math.log(2.0), tokens=3, characters=10).bits_per_character == (
        pytest.approx(1.0)
    )


@pytest.mark.parametrize("rows", [1, 3, 16])
def test_windows_see_nothing_of_each_other(model: LlamaForCausalLM, rows: int) -> None:
    tokens = torch.randint(0, 300, (43,), generator=torch.Generator().manual_seed(1))
    expected = 0.0
    with torch.no_grad():
        for begin in range(0, 42, 8):
            inputs, targets = tokens[begin : min(begin + 8, 42)], tokens[begin + 1 : begin + 9]
            chances = model(inputs[None]).logits[0].log_softmax(-1)
            expected -= float(chances[torch.arange(len(targets)), targets].sum())
    score = measure(model, HeldOut(tokens, characters=1), window=8, rows=rows)
    assert score.tokens == 42
    assert score.nats == pytest.approx(expected, rel=1e-5)


def test_text_shorter_than_a_window_is_measured(model: LlamaForCausalLM) -> None:
    assert measure(model, HeldOut(torch.tensor([0, 5, 0]), characters=1), window=8).tokens == 2


def test_model_keeps_its_mode(model: LlamaForCausalLM) -> None:
    held_out = HeldOut(torch.tensor([0, 5, 0]), characters=1)
    for training in (True, False):
        model.train(training)
        measure(model, held_out)
        assert model.training is training


def test_characters_exclude_end_of_text(tokenizer: Tokenizer) -> None:
    held_out = HeldOut.encode(["the cat.", "a dog"], tokenizer)
    assert held_out.characters == 13
    assert int((held_out.tokens == 0).sum()) == 3


def test_command_prints_the_score_of_a_folder(
    corpus: Path,
    tokenizer: Tokenizer,
    model: LlamaForCausalLM,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    export_model(model, tokenizer, tmp_path / "model")
    arguments = ["--model", str(tmp_path / "model"), "--corpus", str(corpus), "--window", "16"]
    assert main(arguments) == 0
    printed = float(capsys.readouterr().out.split(" bits/character")[0].split()[-1])
    score = measure(model, load_held_out(corpus, tokenizer), window=16)
    assert printed == pytest.approx(score.bits_per_character, rel=1e-3)


def test_command_names_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", str(tmp_path), "--corpus", str(tmp_path)]) == 2
    assert "not a model folder" in capsys.readouterr().err
