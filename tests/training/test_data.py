from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from tests.training.conftest import RECIPE
from training.data import (
    END_OF_TEXT,
    HELD_OUT,
    CorpusError,
    Source,
    WindowStream,
    encode_documents,
    join_documents,
    load_sources,
    read_documents,
)


def documents(count: int, length: int, first: int = 1) -> list[np.ndarray]:
    """Documents of distinct tokens, so that every token shows where it comes from."""
    return [
        np.arange(first + i * length, first + (i + 1) * length, dtype=np.uint16)
        for i in range(count)
    ]


def test_documents_keep_their_text_and_lose_the_separator(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        f"One.\nTwo.\n{END_OF_TEXT}\n Three.\n{END_OF_TEXT}\n", encoding="utf-8"
    )
    assert read_documents(tmp_path, "a.txt") == ["One.\nTwo.", " Three."]


def test_last_document_needs_no_separator(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"One.\n{END_OF_TEXT}\nTwo.", encoding="utf-8")
    assert read_documents(tmp_path, "a.txt") == ["One.", "Two."]


@pytest.mark.parametrize(
    ("prepare", "remedy"),
    [
        (lambda folder: folder.rename(folder.with_name("gone")), "--corpus DIR"),
        (lambda folder: (folder / HELD_OUT).unlink(), "The corpus folder needs: tinystories_cased"),
        (
            lambda folder: (folder / HELD_OUT).write_text("\n", encoding="utf-8"),
            "Put stories into it",
        ),
        (lambda folder: (folder / HELD_OUT).write_bytes(b"caf\xe9"), "Save the file as UTF-8"),
    ],
    ids=["no folder", "no file", "empty file", "not UTF-8"],
)
def test_unusable_corpus_names_the_remedy(corpus: Path, prepare: object, remedy: str) -> None:
    prepare(corpus)  # type: ignore[operator]
    with pytest.raises(CorpusError, match=remedy):
        read_documents(corpus, HELD_OUT)


def test_each_document_begins_with_end_of_text_and_the_stream_ends_with_it(
    tokenizer: Tokenizer,
) -> None:
    encoded = encode_documents(tokenizer, ["the cat ran.", "a dog"])
    assert [tokens[0] for tokens in encoded] == [0, 0]
    stream = join_documents(encoded)
    assert stream[-1] == 0
    assert (stream == 0).sum() == 3


def test_targets_are_the_inputs_moved_by_one_token() -> None:
    stream = WindowStream([Source(documents(6, 20))], seed=1)
    inputs, targets = stream.next_batch(rows=3, window=8)
    assert inputs.shape == targets.shape == (3, 8)
    assert inputs.dtype == torch.int64
    assert torch.equal(inputs.flatten()[1:], targets.flatten()[:-1])


def test_windows_of_a_pass_follow_each_other_and_cover_it() -> None:
    source = Source(documents(8, 16))
    stream = WindowStream([source], seed=1)
    seen = torch.cat([stream.next_batch(2, 8)[0].flatten() for _ in range(8)])
    assert sorted(seen.tolist()) == sorted(np.concatenate(source.documents).tolist())


def test_same_seed_gives_the_same_windows_and_another_seed_others() -> None:
    def first_windows(seed: int) -> list[int]:
        stream = WindowStream([Source(documents(10, 20))], seed)
        return torch.cat([stream.next_batch(2, 8)[0] for _ in range(30)]).flatten().tolist()

    assert first_windows(4) == first_windows(4)
    assert first_windows(4) != first_windows(5)


def test_passes_are_shuffled_anew() -> None:
    stream = WindowStream([Source(documents(8, 16))], seed=1)
    first = stream.next_batch(16, 8)[0]
    second = stream.next_batch(16, 8)[0]
    assert not torch.equal(first, second)
    assert sorted(first.flatten().tolist()) == sorted(second.flatten().tolist())
    assert stream.passes == pytest.approx(2.0, abs=0.01)


def test_share_takes_a_new_part_of_the_source_in_every_pass() -> None:
    whole, halved = documents(4, 16), documents(8, 16, first=1000)
    stream = WindowStream([Source(whole), Source(halved, share=0.5)], seed=1)
    parts = []
    for _ in range(3):
        tokens = stream.next_batch(16, 8)[0].flatten()
        assert (tokens < 1000).sum() == 64
        parts.append(frozenset(tokens[tokens >= 1000].tolist()))
        assert len(parts[-1]) == 64
    assert len(set(parts)) > 1


@pytest.mark.parametrize("batches", [0, 1, 5, 17])
def test_restored_stream_continues_with_the_next_window(batches: int) -> None:
    source = Source(documents(10, 20))
    stream = WindowStream([source], seed=4)
    for _ in range(batches):
        stream.next_batch(2, 8)
    restored = WindowStream([source], seed=99)
    restored.load_state_dict(stream.state_dict())
    assert restored.passes == stream.passes
    for _ in range(30):
        assert torch.equal(restored.next_batch(2, 8)[0], stream.next_batch(2, 8)[0])


def test_a_corpus_shorter_than_a_batch_is_refused() -> None:
    stream = WindowStream([Source(documents(1, 10))], seed=1)
    with pytest.raises(CorpusError, match="lower --rows or --window"):
        stream.next_batch(4, 8)


def test_windows_do_not_touch_the_global_generator(corpus: Path, tokenizer: Tokenizer) -> None:
    before = torch.get_rng_state()
    WindowStream(load_sources(corpus, tokenizer, 0.5), RECIPE.seed).next_batch(2, 8)
    assert torch.equal(torch.get_rng_state(), before)
