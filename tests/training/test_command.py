"""The program as a whole: command line in, model folder out."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from tests.training.conftest import OPTIONS
from training.__main__ import main
from training.command import EXIT_STOPPED, EXIT_UNUSABLE
from training.data import FAIRY_TALES
from training.export import export_model
from training.samples import write_sample


def command(corpus: Path, out: Path, *options: str) -> list[str]:
    return ["--corpus", str(corpus), "--out", str(out), *options]


def test_one_command_gives_a_loadable_model_with_its_card(corpus: Path, tmp_path: Path) -> None:
    (corpus / "books_ATTRIBUTION.tsv").write_text("title\tauthor\n", encoding="utf-8")
    assert main(command(corpus, tmp_path / "out", *OPTIONS)) == 0
    folder = tmp_path / "out" / "model"
    assert AutoModelForCausalLM.from_pretrained(folder).config.vocab_size <= 300
    card = (folder / "README.md").read_text(encoding="utf-8")
    for needed in ("CDLA-Sharing-1.0", "Apache-2.0", "CC BY", "bits a character", "seed 3"):
        assert needed in card
    assert "continued from a first checkpoint" not in card
    assert (folder / "books_ATTRIBUTION.tsv").read_text(encoding="utf-8") == "title\tauthor\n"


def test_stopped_command_prints_how_to_resume_and_resumes(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(step: int, _model: object, _loss: float) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    assert main(command(corpus, tmp_path / "out", *OPTIONS), on_step=stop) == EXIT_STOPPED
    assert "--resume" in capsys.readouterr().out
    resumed = command(corpus, tmp_path / "out", "--resume", "--precision", "float32")
    assert main([*resumed, "--tokens", "768", "--threads", "1"]) == 0
    log = (tmp_path / "out" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(log[-1])["tokens"] == 640

    assert main(command(corpus, tmp_path / "whole", *OPTIONS, "--tokens", "768")) == 0
    whole, parts = (torch.load(tmp_path / name / "state.pt")["model"] for name in ("whole", "out"))
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())


def test_init_continues_from_a_model_folder(
    corpus: Path, tmp_path: Path, tokenizer: Tokenizer, model: LlamaForCausalLM
) -> None:
    export_model(model, tokenizer, tmp_path / "first")
    options = ("--init", str(tmp_path / "first"), "--earlier-tokens", "5000000", "--tokens", "0")
    data = ("--earlier-runs", "One of 5 million tokens.", "--window", "8", "--long-window", "16")
    assert main(command(corpus, tmp_path / "out", *options, *data)) == 0
    card = (tmp_path / "out" / "model" / "README.md").read_text(encoding="utf-8")
    assert "had seen 5.0 million tokens" in card
    assert "The runs before it: One of 5 million tokens." in card
    first, second = (
        AutoModelForCausalLM.from_pretrained(folder).state_dict()
        for folder in (tmp_path / "first", tmp_path / "out" / "model")
    )
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (("--resume",), "start without --resume"),
        (("--resume", "--seed", "4"), "leave out: seed"),
        (("--context", "12", "--long-window", "16"), "Lower --long-window"),
        (("--init", "here", "--width", "8"), "leave out the shape"),
    ],
)
def test_bad_options_are_explained(
    corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    remedy: str,
) -> None:
    assert main(command(corpus, tmp_path / "out", *options)) == EXIT_UNUSABLE
    assert remedy in " ".join(capsys.readouterr().err.split())


def test_corpus_without_a_file_is_explained(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / FAIRY_TALES).unlink()
    assert main(command(corpus, tmp_path / "out", *OPTIONS)) == EXIT_UNUSABLE
    assert "The corpus folder needs" in " ".join(capsys.readouterr().err.split())


def test_a_run_is_not_overwritten(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state.pt").write_bytes(b"")
    assert main(command(corpus, tmp_path, *OPTIONS)) == EXIT_UNUSABLE
    assert "Add --resume" in capsys.readouterr().err


def test_exported_folder_is_float16_safetensors(
    tmp_path: Path, tokenizer: Tokenizer, model: LlamaForCausalLM
) -> None:
    export_model(model, tokenizer, tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"F16"}  # noqa: SIM118
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value.half().float())
    assert next(model.parameters()).dtype == torch.float32


def test_exported_tokenizer_is_the_same_in_transformers(
    tmp_path: Path, tokenizer: Tokenizer, model: LlamaForCausalLM
) -> None:
    export_model(model, tokenizer, tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "Lily saw the sun.\nThe dog ran."
    assert loaded(text)["input_ids"] == tokenizer.encode(text).ids
    assert loaded.decode(loaded(text)["input_ids"], skip_special_tokens=True) == text
    assert loaded.eos_token_id == loaded.bos_token_id == 0


def test_samples_repeat_and_leave_the_global_generator(
    tokenizer: Tokenizer, model: LlamaForCausalLM
) -> None:
    before = torch.get_rng_state()
    first, again, other = (
        write_sample(model, tokenizer, "the", seed).continuation for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert first == again != other
