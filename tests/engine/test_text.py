"""Text is exact: to the byte, across tokens, up to the stop string and not beyond."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, CTRLTokenizer, PreTrainedTokenizerFast

from mav_engine import RunSettings, run
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.events import Token
from mav_engine.text.detokenizer import BYTES, Detokenizer, ProbedStream
from mav_engine.text.tokens import StopWatch, TextStream, Vocabulary
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


def begins_likewise(vocabulary: Vocabulary, prompt: list[int], ids: list[int]) -> bool:
    """Whether the new tokens leave the prompt's own text as it is."""
    return vocabulary.decode(prompt + ids).startswith(vocabulary.decode(prompt))


@BOTH
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_pieces_concatenate_to_the_decoded_output(kind: str, data: Any) -> None:
    vocabulary, size = VOCABULARIES[kind]
    token = st.integers(0, size - 1)
    prompt = data.draw(st.lists(token, min_size=1, max_size=30))
    ids = data.draw(st.lists(token, min_size=1, max_size=30))
    assume(begins_likewise(vocabulary, prompt, ids))
    whole = vocabulary.decode(prompt + ids)
    assert streamed(vocabulary, prompt, ids) == whole[len(vocabulary.decode(prompt)) :]


@pytest.mark.parametrize(
    ("kind", "prompt", "new", "added"),
    [
        # One broken byte turns every byte of its run into U+FFFD, those of the prompt too.
        ("sentence-piece", "日本語日本語".encode(), [0xFF], "\ufffd" * 13),
        ("sentence-piece", "é".encode(), [0xFF, "cat"], "\ufffd" * 2 + "cat"),
        # The prompt ends within a character.
        ("sentence-piece", [0xC3], [0xA9], "é"),
        ("byte-level", [0xE6, 0x97], [0xA5], "日"),
        ("byte-level", [0xE6, 0x97], [0x41], "A"),
        ("byte-level", [0xE6, 0x97], [], ""),
    ],
)
def test_a_prompt_that_ends_in_bytes(
    kind: str, prompt: list[int], new: list[int | str], added: str
) -> None:
    vocabulary, _ = VOCABULARIES[kind]
    tokenizer = vocabulary._tokenizer

    def id_of(token: int | str) -> int:
        if isinstance(token, str):
            return int(tokenizer.convert_tokens_to_ids(token))
        stand_ins = {byte: character for character, byte in BYTES.items()}
        name = f"<0x{token:02X}>" if kind == "sentence-piece" else stand_ins[token]
        return int(tokenizer.convert_tokens_to_ids(name))

    before = [id_of("▁the" if kind == "sentence-piece" else "Ġthe"), *map(id_of, prompt)]
    ids = list(map(id_of, new))
    assert streamed(vocabulary, before, ids) == added


PIECES = [
    "a", "b", "aa", "ab", "##a", "##", "a@@", "@@", "a</w>", "</w>", "b</w>c", "▁a", "▁", "▁▁b",
    " ", "  ", " .", ".", "?", " ' ", "'", "n", "n't", " n't", "do", " do not", " not", "s", " 's",
    "|", "<pad>", "é", "Ã", "©", "Ġa", "Ġ", "æ", "Ĺ", "¥", "日", "\ufffd", "x",
    *[f"<0x{byte:02X}>" for byte in (0x0A, 0x20, 0xC3, 0xA9, 0xE6, 0x97, 0xA5, 0xF0, 0xFF)],
    "<0x+5>", "<0x0a>",
]  # fmt: skip
SPECIAL, ADDED, UNKNOWN = len(PIECES), len(PIECES) + 1, len(PIECES) + 2
texts = st.sampled_from(["▁", "a", "ab", "aa", " ", "</w>", "<pad>", "##"])
one_decoder = st.one_of(
    st.builds(decoders.ByteLevel),
    st.builds(decoders.ByteFallback),
    st.builds(decoders.Fuse),
    st.builds(decoders.Replace, texts, st.sampled_from(["", " ", "b", "aa"])),
    st.builds(decoders.Replace, st.just(Regex("a+")), st.just("b")),
    st.builds(decoders.Strip, st.sampled_from(" a"), st.integers(0, 2), st.integers(0, 2)),
    st.builds(decoders.Metaspace, prepend_scheme=st.sampled_from(["always", "never", "first"])),
    st.builds(decoders.BPEDecoder, texts),
    st.builds(decoders.WordPiece, st.sampled_from(["##", "@@", ""]), st.booleans()),
    st.builds(decoders.CTC, pad_token=st.sampled_from(["<pad>", "a"]), cleanup=st.booleans()),
)
"""Every type of decoder that the tokenizers library has, apart from `Sequence`."""


def with_decoder(*parts: Any, **options: Any) -> PreTrainedTokenizerFast:
    vocabulary = {piece: place for place, piece in enumerate(PIECES)}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="x"))
    backend.add_special_tokens([AddedToken("<s>", special=True)])
    backend.add_tokens([AddedToken("added 日", special=False)])
    if parts:
        backend.decoder = parts[0] if len(parts) == 1 else decoders.Sequence(list(parts))
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="x", **options)


def decoded(decoder: Any, ids: list[int]) -> str | None:
    """The whole text; None where the library's own decoder panics, as `Strip` may."""
    options = {} if isinstance(decoder, Vocabulary) else {"skip_special_tokens": True}
    try:
        return str(decoder.decode(ids, **options))
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return None


@settings(max_examples=800, deadline=None)
@given(
    parts=st.lists(one_decoder, max_size=4),
    ids=st.lists(st.integers(0, UNKNOWN), max_size=10),
    clean_up=st.booleans(),
)
def test_streams_of_every_decoder_are_the_decoded_text(
    parts: list[Any], ids: list[int], clean_up: bool
) -> None:
    tokenizer = with_decoder(*parts, clean_up_tokenization_spaces=clean_up)
    stream, given_out = Detokenizer(tokenizer).stream(), ""
    for count, token_id in enumerate(ids, 1):
        given_out += stream.push(token_id)
        expected = decoded(tokenizer, ids[:count])
        assert expected is None or given_out + stream.rest() == expected


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(one_decoder, max_size=3),
    ids=st.lists(st.integers(0, UNKNOWN), min_size=1, max_size=12),
)
def test_the_texts_of_a_prompts_tokens_concatenate(parts: list[Any], ids: list[int]) -> None:
    vocabulary = Vocabulary(with_decoder(*parts))
    refs = vocabulary.spell(ids)
    assert [ref.id for ref in refs] == ids
    own = [ref.text for ref in refs if ref.id not in vocabulary.special_ids]
    expected = decoded(vocabulary, ids)
    assert expected is None or "".join(own) == (expected if own else "")
    assert all(ref.text == "<s>" for ref in refs if ref.id == SPECIAL)


@pytest.mark.parametrize(
    ("decoder", "pieces", "texts"),
    [
        (decoders.WordPiece(), ["do", "##a", ".", "b"], ["do", "a", ".", " b"]),
        (decoders.BPEDecoder(), ["a</w>", "b", "ab"], ["a", " b", "ab"]),
        (decoders.Metaspace(), ["▁a", "▁", "b"], ["a", " ", "b"]),
        (decoders.CTC(), ["a", "a", "<pad>", "a", "|"], ["a", "", "", "a", " "]),
        (decoders.ByteFallback(), ["<0xC3>", "<0xA9>", "a"], ["", "", "éa"]),
        (decoders.ByteLevel(), ["Ã", "©", "Ġa"], ["", "é", " a"]),
    ],
)
def test_text_comes_as_soon_as_it_is_certain(
    decoder: Any, pieces: list[str], texts: list[str]
) -> None:
    vocabulary = Vocabulary(with_decoder(decoder))
    stream = TextStream(vocabulary, [])
    assert [stream.push(PIECES.index(piece)) for piece in pieces] == texts


def test_a_clean_up_of_spaces_is_part_of_the_text() -> None:
    tokenizer = with_decoder(decoders.Fuse(), clean_up_tokenization_spaces=True)
    vocabulary = Vocabulary(tokenizer)
    ids = [PIECES.index(piece) for piece in ["do", " ", "n't", " ", ".", " ' ", "s"]]
    assert tokenizer.decode(ids) == "don't.'s"
    assert streamed(vocabulary, [], ids) == "don't.'s"


def ctrl(folder: Path) -> CTRLTokenizer:
    """A tokenizer that decodes in Python: `@@ ` between two tokens is removed."""
    tokens = ["<unk>", "he@@", "llo</w>", "hello", "world", "@@", ".", "a@@"]
    (folder / "vocab.json").write_text(
        json.dumps({each: i for i, each in enumerate(tokens)}), encoding="utf-8"
    )
    (folder / "merges.txt").write_text("#version: 0.2\nh e\n", encoding="utf-8")
    return CTRLTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))


def test_streams_of_a_tokenizer_in_python(tmp_path: Path) -> None:
    vocabulary = Vocabulary(ctrl(tmp_path))
    assert isinstance(vocabulary.stream(), ProbedStream)

    @settings(max_examples=200, deadline=None)
    @given(ids=st.lists(st.integers(0, 7), min_size=1, max_size=12))
    def check(ids: list[int]) -> None:
        expected = vocabulary._tokenizer.decode(ids, skip_special_tokens=True)
        assert streamed(vocabulary, [], ids) == expected
        own = [ref.text for ref in vocabulary.spell(ids) if ref.id not in vocabulary.special_ids]
        assert "".join(own) == (expected if own else "")

    check()
    stream = TextStream(vocabulary, [])
    assert [stream.push(i) for i in (4, 1, 3, 6)] == ["world", " he", "hello", " ."]


def test_ids_that_the_tokenizer_does_not_have_add_no_text() -> None:
    vocabulary = Vocabulary(with_decoder(decoders.Fuse()))
    assert vocabulary.label(99) == "<id 99>"
    assert [ref.text for ref in vocabulary.spell([0, 99])] == ["a", ""]
    assert streamed(vocabulary, [0], [99, 1]) == "b"


def test_a_run_that_ends_at_a_breakpoint_gives_all_its_text() -> None:
    backend = FakeBackend()
    said = [*b" stop", 0xE6, 0x97]
    asked = RunSettings(prompt="x", forced_ids=said, breakpoints={"after": 7}, max_new_tokens=9)
    events = list(run(asked, backend=backend))
    assert events[-1].text == backend.vocabulary.decode(said) == " stop\ufffd"
    assert "".join(event.text for event in events if isinstance(event, Token)) == events[-1].text


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


def test_a_stop_string_may_hold_a_special_token() -> None:
    watch = StopWatch(["</s>\n", "</s>"], ["</s>"])
    assert watch.push("so") == "so"
    assert watch.push("", special="</s>") == ""
    assert watch.push(" it goes", special="</s>") == " it goes"
    assert watch.push("\non") == ""
    assert watch.hit
    written_out = StopWatch(["</s>"], ["</s>"])
    assert [written_out.push(each) for each in ("a<", "/s", "> b")] == ["a", "", ""]
    assert written_out.hit


def test_many_long_stop_strings_take_little_work() -> None:
    stops = ["a" * 999 + chr(0x4E00 + each) for each in range(64)]
    watch = StopWatch(stops)
    text = "a" * 3000
    shown = "".join(watch.push(each) for each in text)
    assert shown == "a" * (3000 - 999)
    assert watch.push(stops[5][-1] + " b") == ""
    assert watch.hit
