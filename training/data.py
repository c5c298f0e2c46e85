"""Reading the corpus folder and serving it as shuffled windows of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_ID = 0
HELD_OUT = "tinystories_valid.txt"
FAIRY_TALES = "fairytaleqa.txt"
TRAINING_FILES = (
    "tinystories_cased.txt",
    "tinystories_truecased.txt",
    "picture_books_ccby.txt",
    FAIRY_TALES,
)

Tokens = NDArray[np.uint16]


class CorpusError(Exception):
    """The corpus folder cannot be used; the message says what to do about it."""


@dataclass(frozen=True)
class Source:
    """The documents of one corpus file as tokens, and the share of them that a pass reads."""

    documents: Sequence[Tokens]
    share: float = 1.0


def read_documents(corpus: Path, name: str) -> list[str]:
    """Read one corpus file as a list of documents, without the separator lines.

    Raises:
        CorpusError: the folder or file is missing, not UTF-8, or holds no document.
    """
    path = corpus / name
    if not corpus.is_dir():
        raise CorpusError(f"There is no folder {corpus}. Give the corpus folder with --corpus DIR.")
    if not path.is_file():
        raise CorpusError(
            f"{corpus} has no file {name}. The corpus folder needs: "
            f"{', '.join((*TRAINING_FILES, HELD_OUT))} (see training/README.md)."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path} is not UTF-8 (byte {error.start}). Save the file as UTF-8 text."
        ) from error
    documents = [part.strip("\n") for part in text.split(f"{END_OF_TEXT}\n")]
    documents = [document.removesuffix(END_OF_TEXT).strip("\n") for document in documents]
    documents = [document for document in documents if document]
    if not documents:
        raise CorpusError(
            f"{path} holds no text. Put stories into it, each ended by a line {END_OF_TEXT}."
        )
    return documents


def encode_documents(tokenizer: Tokenizer, documents: Sequence[str]) -> list[Tokens]:
    """Turn documents into token arrays, each beginning with the end-of-text token.

    One such token between two documents both ends the first and begins the second.
    """
    encodings = tokenizer.encode_batch(list(documents), add_special_tokens=False)
    return [np.array([END_OF_TEXT_ID, *encoding.ids], dtype=np.uint16) for encoding in encodings]


def join_documents(documents: Sequence[Tokens]) -> Tokens:
    """Join encoded documents into one stream that also ends with the end-of-text token."""
    return np.concatenate([*documents, np.array([END_OF_TEXT_ID], dtype=np.uint16)])


def load_sources(corpus: Path, tokenizer: Tokenizer, fairy_tale_share: float) -> list[Source]:
    """Read and encode every training file of the corpus folder.

    Raises:
        CorpusError: as :func:`read_documents`.
    """
    return [
        Source(
            documents=encode_documents(tokenizer, read_documents(corpus, name)),
            share=fairy_tale_share if name == FAIRY_TALES else 1.0,
        )
        for name in TRAINING_FILES
    ]


class WindowStream:
    """Endless shuffled passes over the sources, cut into windows of tokens.

    Every pass draws its own random subset (by each source's share) and order of documents from
    one generator, so a pass is fixed by the seed and its number.
    """

    def __init__(self, sources: Sequence[Source], seed: int) -> None:
        self._sources = sources
        self._generator = torch.Generator().manual_seed(seed)
        self._passes_begun = 0
        self._begin_pass()

    def _begin_pass(self) -> None:
        self._state_at_pass = self._generator.get_state()
        chosen: list[Tokens] = []
        for source in self._sources:
            order = torch.randperm(len(source.documents), generator=self._generator)
            kept = order[: max(1, round(source.share * len(source.documents)))]
            chosen.extend(source.documents[index] for index in kept.tolist())
        order = torch.randperm(len(chosen), generator=self._generator)
        self._tokens = join_documents([chosen[index] for index in order.tolist()])
        self._offset = 0
        self._passes_begun += 1

    @property
    def passes(self) -> float:
        """Passes over the corpus so far, the running one as a fraction."""
        return self._passes_begun - 1 + self._offset / len(self._tokens)

    def next_batch(self, rows: int, window: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The next inputs and targets, two int64 tensors of shape (rows, window).

        Targets are the inputs moved on by one token. What is left of a pass and too short for a
        batch is skipped; the next pass shuffles it to another place.

        Raises:
            CorpusError: a whole pass is shorter than one batch.
        """
        size = rows * window
        if self._offset + size + 1 > len(self._tokens):
            self._begin_pass()
            if size + 1 > len(self._tokens):
                raise CorpusError(
                    f"The corpus has {len(self._tokens)} tokens, fewer than one batch of "
                    f"{rows} x {window}. Add text, or lower --rows or --window."
                )
        chunk = torch.from_numpy(
            self._tokens[self._offset : self._offset + size + 1].astype(np.int64)
        )
        self._offset += size
        return chunk[:-1].view(rows, window), chunk[1:].view(rows, window)

    def state_dict(self) -> dict[str, Any]:
        """Position and generator state: enough to go on with the very next window."""
        return {
            "generator": self._state_at_pass,
            "passes_begun": self._passes_begun,
            "offset": self._offset,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to a position written by :meth:`state_dict` (same corpus, same tokenizer)."""
        self._generator.set_state(state["generator"])
        self._passes_begun = state["passes_begun"] - 1
        self._begin_pass()
        self._offset = state["offset"]
