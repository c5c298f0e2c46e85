"""A tiny corpus, tokenizer and model, made by the tests themselves."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from mav_engine.training import stream
from tests.server.servers import PATIENCE_S
from tests.training.trainings import Site
from training.data import END_OF_TEXT, HELD_OUT, TRAINING_FILES
from training.model import new_model
from training.settings import ModelShape, Recipe
from training.tokenizer import corpus_texts, train_tokenizer

SHAPE = ModelShape(vocabulary=300, width=16, layers=2, heads=2, mlp=24, context=64)
RECIPE = Recipe(
    seed=3, tokens=640, window=8, long_window=16, rows=4, accumulation=2, fairy_tale_share=0.5
)
# The same as command line options.
OPTIONS = (
    *("--vocabulary", "300", "--width", "16", "--layers", "2", "--heads", "2"),
    *("--mlp", "24", "--context", "64", "--seed", "3", "--tokens", "640"),
    *("--window", "8", "--long-window", "16", "--rows", "4", "--evaluate-documents", "2"),
    # No warm-up: it would depend on the budget, which a test changes.
    *("--warmup-share", "0", "--precision", "float32", "--threads", "1"),
)


def _story(draw: random.Random) -> str:
    words = ("a", "the", "cat", "dog", "Lily", "ran", "saw", "red", "ball", "sun")
    lines = [
        " ".join(draw.choices(words, k=draw.randint(4, 9))) + "." for _ in range(draw.randint(1, 3))
    ]
    return "\n".join(lines)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus folder with every file the program asks for, some 2,000 tokens in all."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    draw = random.Random(5)
    for name in (*TRAINING_FILES, HELD_OUT):
        stories = [_story(draw) for _ in range(12)]
        text = "".join(f"{story}\n{END_OF_TEXT}\n" for story in stories)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def tokenizer(corpus: Path) -> Tokenizer:
    return train_tokenizer(corpus_texts(corpus, 1.0), SHAPE.vocabulary)


@pytest.fixture
def spoken(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
    )  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that takes trainings of this machine into a file; however slow that machine is."""
    monkeypatch.setattr(stream, "FLUSH_S", PATIENCE_S)
    served = Site(tmp_path / "streamed.jsonl")
    yield served
    served.stop()


@pytest.fixture
def model() -> LlamaForCausalLM:
    torch.set_num_threads(1)
    return new_model(SHAPE, seed=3)
