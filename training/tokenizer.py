"""The byte-level BPE tokenizer: trained on the corpus, or reused from a checkpoint."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from training.data import END_OF_TEXT, END_OF_TEXT_ID, FAIRY_TALES, TRAINING_FILES, read_documents

TOKENIZER_FILE = "tokenizer.json"


def train_tokenizer(texts: Sequence[str] | Iterator[str], vocabulary: int) -> Tokenizer:
    """Train a byte-level BPE whose token 0 is the end-of-text token.

    All 256 bytes are in the vocabulary, so every text can be encoded and decoded to the byte.
    Encoding with special tokens puts the end-of-text token in front, as in training.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END_OF_TEXT} $A",
        pair=f"{END_OF_TEXT} $A {END_OF_TEXT} $B",
        special_tokens=[(END_OF_TEXT, END_OF_TEXT_ID)],
    )
    return tokenizer


def corpus_texts(corpus: Path, fairy_tale_share: float) -> Iterator[str]:
    """The documents that the tokenizer is trained on.

    Fairy tales give only their first share: their old words would else take merges that the
    stories need.
    """
    for name in TRAINING_FILES:
        documents = read_documents(corpus, name)
        share = fairy_tale_share if name == FAIRY_TALES else 1.0
        yield from documents[: max(1, round(share * len(documents)))]


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load ``tokenizer.json`` from a model folder.

    Raises:
        FileNotFoundError: the folder has no ``tokenizer.json``.
        ValueError: its end-of-text token is not token 0, which the data code counts on.
    """
    path = folder / TOKENIZER_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{folder} has no {TOKENIZER_FILE}; it is not a model folder.")
    tokenizer = Tokenizer.from_file(str(path))
    if tokenizer.token_to_id(END_OF_TEXT) != END_OF_TEXT_ID:
        raise ValueError(f"In {path} the token {END_OF_TEXT} is not number {END_OF_TEXT_ID}.")
    return tokenizer
