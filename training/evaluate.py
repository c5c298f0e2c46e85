"""Measuring a model on held-out text: nats a token and bits a character.

``python -m training.evaluate --model DIR --corpus DIR`` repeats the figure of a model card.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from training.data import HELD_OUT, CorpusError, encode_documents, join_documents, read_documents
from training.model import load_model, next_token_loss
from training.tokenizer import load_tokenizer

WINDOW = 256


@dataclass(frozen=True)
class Score:
    """A model's loss on a text, as a sum in nats over its predicted tokens and characters."""

    nats: float
    tokens: int
    characters: int

    @property
    def nats_per_token(self) -> float:
        """Mean loss in nats a token (depends on the tokenizer)."""
        return self.nats / self.tokens

    @property
    def bits_per_character(self) -> float:
        """Mean loss in bits a character (comparable across tokenizers)."""
        return self.nats / math.log(2.0) / self.characters


@dataclass(frozen=True)
class HeldOut:
    """Held-out text as windows: ``tokens`` is one stream, ``characters`` what it spells."""

    tokens: torch.Tensor
    characters: int

    @classmethod
    def encode(cls, documents: Sequence[str], tokenizer: Tokenizer) -> "HeldOut":
        """Encode documents; an end-of-text token is predicted but counts no character."""
        stream = join_documents(encode_documents(tokenizer, documents))
        return cls(torch.from_numpy(stream.astype(np.int64)), sum(len(text) for text in documents))


def load_held_out(corpus: Path, tokenizer: Tokenizer, documents: int | None = None) -> HeldOut:
    """The first ``documents`` held-out documents of the corpus folder (all, if None).

    Raises:
        CorpusError: as :func:`training.data.read_documents`.
    """
    return HeldOut.encode(read_documents(corpus, HELD_OUT)[:documents], tokenizer)


@torch.no_grad()
def measure(
    model: torch.nn.Module, held_out: HeldOut, window: int = WINDOW, rows: int = 16
) -> Score:
    """Measure the loss on every token of the text after the first.

    The stream is cut into windows of ``window`` tokens that do not overlap; a window sees
    nothing of the one before. The model is left in the mode it was in.
    """
    device = next(model.parameters()).device
    inputs, targets = held_out.tokens[:-1], held_out.tokens[1:]
    whole = len(inputs) // window * window
    batches = []
    for begin in range(0, whole, rows * window):
        part = slice(begin, min(begin + rows * window, whole))
        batches.append((inputs[part].view(-1, window), targets[part].view(-1, window)))
    if whole < len(inputs):
        batches.append((inputs[None, whole:], targets[None, whole:]))
    was_training = model.training
    model.eval()
    nats = sum(
        float(next_token_loss(model, x.to(device), y.to(device), reduction="sum"))
        for x, y in batches
    )
    model.train(was_training)
    return Score(nats=nats, tokens=len(inputs), characters=held_out.characters)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the score of a model folder on the held-out text; the exit status is returned."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="model folder")
    parser.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    parser.add_argument("--window", type=int, default=WINDOW, help="tokens a window")
    parser.add_argument("--device", default="cpu", help="torch device")
    options = parser.parse_args(arguments)
    try:
        held_out = load_held_out(options.corpus, load_tokenizer(options.model))
    except (CorpusError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    model = load_model(options.model).to(options.device)
    score = measure(model, held_out, options.window)
    print(
        f"{score.nats_per_token:.4f} nats/token  {score.bits_per_character:.4f} bits/character  "
        f"({score.tokens} tokens, {score.characters} characters, windows of {options.window})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
