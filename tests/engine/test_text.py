"""Text is exact: to the byte, across tokens, up to the stop string and not beyond."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from mav_engine.text import StopWatch, TextStream, Vocabulary
from tests.engine.conftest import EMBEDDED


def byte_level() -> Vocabulary:
    return Vocabulary(AutoTokenizer.from_pretrained(EMBEDDED))


def sentence_piece() -> Vocabulary:
    """A tokenizer of Llama 2's kind: word marks and byte fallback."""
    pieces = ["<unk>", "</s>", *[f"<0x{byte:02X}>" for byte in range(256)]]
    pieces += ["▁", "▁the", "▁a", "cat", "s", "é", "the", "�"]
    backend = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, [], byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return Vocabulary(PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>"))


VOCABULARIES = {"byte-level": (byte_level(), 4096), "sentence-piece": (sentence_piece(), 266)}
BOTH = pytest.mark.parametrize("kind", VOCABULARIES)


def streamed(vocabulary: Vocabulary, prompt: list[int], ids: list[int]) -> str:
    stream = TextStream(vocabulary, prompt)
    return "".join(stream.push(i, last=at + 1 == len(ids)) for at, i in enumerate(ids))


@BOTH
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_pieces_concatenate_to_the_decoded_output(kind: str, data: Any) -> None:
    vocabulary, size = VOCABULARIES[kind]
    token = st.integers(0, size - 1)
    # A prompt that ends with a whole character, so that no byte of it can be taken back.
    prompt = data.draw(st.sampled_from([[259, 261], [260, 261, 262]]))
    ids = data.draw(st.lists(token, min_size=1, max_size=24))
    whole = vocabulary.decode(prompt + ids)
    assert streamed(vocabulary, prompt, ids) == whole[len(vocabulary.decode(prompt)) :]


@given(text=st.text(min_size=1, max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_is_spelled_to_the_byte(text: str) -> None:
    vocabulary, _ = VOCABULARIES["byte-level"]
    tokens = vocabulary.spell(vocabulary.encode(text, special=False))
    specials = vocabulary.special
    if not any(special in text for special in specials):
        assert "".join(token.text for token in tokens) == text


@pytest.mark.parametrize(
    "text", ["naïve café", "👩‍👩‍👧 family", "e\u0301 combining", "日本語", "a\n\n b  c"]
)
def test_no_piece_of_real_text_holds_a_broken_character(text: str) -> None:
    vocabulary, _ = VOCABULARIES["byte-level"]
    stream = TextStream(vocabulary, [])
    pieces = [stream.push(token_id) for token_id in vocabulary.encode(text, special=False)]
    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces)


def test_labels_keep_spaces_and_show_bytes() -> None:
    vocabulary, _ = VOCABULARIES["byte-level"]
    the, bare = vocabulary.encode(" the", special=False), vocabulary.encode("the", special=False)
    assert [vocabulary.label(i) for i in the] == [" the"]
    assert "".join(vocabulary.label(i) for i in bare) == "the"
    emoji = vocabulary.encode("😀", special=False)
    assert "".join(vocabulary.label(i) for i in emoji) == "<0xF0><0x9F><0x98><0x80>"
    assert vocabulary.label(0) == "<|endoftext|>"
    pieces, _ = VOCABULARIES["sentence-piece"]
    assert [pieces.label(i) for i in (2 + 0xE9, 259, 261)] == ["<0xE9>", " the", "cat"]


@given(
    text=st.text("ab<>", max_size=20),
    cuts=st.lists(st.integers(0, 20), max_size=6),
    stop=st.lists(st.text("ab<>", min_size=1, max_size=4), max_size=3),
)
def test_a_stop_string_is_found_across_pieces_and_never_shown(
    text: str, cuts: list[int], stop: list[str]
) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in pairwise(edges)] or [""]
    watch, shown = StopWatch(stop), ""
    for at, piece in enumerate(pieces):
        shown += watch.push(piece, last=at + 1 == len(pieces))
        if watch.hit:
            break
    read = text if not watch.hit else text[: edges[min(at + 1, len(edges) - 1)]]
    ends = [place for place in (read.find(each) for each in stop) if place >= 0]
    assert watch.hit == bool(ends)
    assert shown == (read[: min(ends)] if ends else text)
