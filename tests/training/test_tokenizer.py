from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from training.tokenizer import corpus_texts, load_tokenizer, train_tokenizer

TRAINED = train_tokenizer(["the cat sat on the mat. " * 20, "Lily ran home.\n" * 20], 300)


@settings(deadline=None)
@given(st.text())
def test_every_text_comes_back_to_the_byte(text: str) -> None:
    ids = TRAINED.encode(text, add_special_tokens=False).ids
    assert TRAINED.decode(ids, skip_special_tokens=False) == text


def test_end_of_text_is_token_zero_and_put_in_front() -> None:
    assert TRAINED.token_to_id("<|endoftext|>") == 0
    assert TRAINED.encode("the cat").ids[0] == 0
    assert 0 not in TRAINED.encode("the cat", add_special_tokens=False).ids


def test_training_is_repeatable_and_learns_words() -> None:
    again = train_tokenizer(["the cat sat on the mat. " * 20, "Lily ran home.\n" * 20], 300)
    assert again.to_str() == TRAINED.to_str()
    assert len(TRAINED.encode(" the", add_special_tokens=False).ids) == 1


def test_fairy_tales_give_only_their_share(corpus: Path) -> None:
    assert len(list(corpus_texts(corpus, 1.0))) == 48
    assert len(list(corpus_texts(corpus, 0.5))) == 42


def test_loading_checks_the_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="not a model folder"):
        load_tokenizer(tmp_path)
    other = Tokenizer.from_str(TRAINED.to_str().replace("<|endoftext|>", "<s>"))
    other.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match="is not number 0"):
        load_tokenizer(tmp_path)
