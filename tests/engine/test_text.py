"""Text is exact: to the byte, across tokens, up to the stop string and not beyond."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoTokenizer, CTRLTokenizer, PreTrainedTokenizerFast

from mav_engine import RunSettings, run
from mav_engine.backends.fake import FakeBackend
from mav_engine.backends.native.tokenizer import FileTokenizer
from mav_engine.contract.events import Token, TokenRef
from mav_engine.text.detokenizer import BYTES, Detokenizer, ProbedStream, common_length
from mav_engine.text.tokens import StopMatcher, TextStream, Vocabulary, has_tokens
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
    """The text of new tokens; the same whether the last one is known as the last or not."""
    stream, open_end = TextStream(vocabulary, prompt), TextStream(vocabulary, prompt)
    text = "".join(stream.push(i, last=at + 1 == len(ids)) for at, i in enumerate(ids))
    assert "".join(map(open_end.push, ids)) + open_end.rest() == text
    return text


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
        # One broken byte turns all bytes of its run into U+FFFD, including those of the prompt.
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
    "|", "<pad>", "é", "Ã", "©", "Ġa", "Ġ", "æ", "Ĺ", "¥", "æĹ", "日", "\ufffd", "x",
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
    st.builds(decoders.BPEDecoder, texts | st.just("")),
    st.builds(decoders.WordPiece, st.sampled_from(["##", "@@", ""]), st.booleans()),
    st.builds(decoders.CTC, pad_token=st.sampled_from(["<pad>", "a"]), cleanup=st.booleans()),
)
"""Every type of decoder that the tokenizers library has, apart from `Sequence`."""


def with_decoder(*parts: Any, **options: Any) -> PreTrainedTokenizerFast:
    vocabulary = {piece: index for index, piece in enumerate(PIECES)}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="x"))
    backend.add_special_tokens([AddedToken("<s>", special=True)])
    backend.add_tokens([AddedToken("added 日", special=False)])
    if parts:
        backend.decoder = parts[0] if len(parts) == 1 else decoders.Sequence(list(parts))
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="x", **options)


def fused(decoder: Any) -> Any:
    """A decoder that works on the joined text."""
    return decoders.Sequence([decoders.Fuse(), decoder])


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
    # Every prefix is decoded: with a regular expression, a text may change up to its end.
    prefixes = [decoded(vocabulary, ids[:count]) for count in range(1, len(ids) + 1)]
    assume(None not in prefixes)
    refs = vocabulary.token_refs(ids)
    assert [ref.id for ref in refs] == ids
    own = [ref.text for ref in refs if ref.id not in vocabulary.special_ids]
    assert "".join(own) == (prefixes[-1] if own else "")
    assert all(ref.text == "<s>" for ref in refs if ref.id == SPECIAL)


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(one_decoder, max_size=3),
    prompt=st.lists(st.integers(0, UNKNOWN), min_size=1, max_size=6),
    ids=st.lists(st.integers(0, UNKNOWN), min_size=1, max_size=6),
)
def test_a_prompts_text_is_repeated_from_where_a_token_changes_it(
    parts: list[Any], prompt: list[int], ids: list[int]
) -> None:
    vocabulary = Vocabulary(with_decoder(*parts))
    before, whole = decoded(vocabulary, prompt), decoded(vocabulary, prompt + ids)
    assume(before is not None and whole is not None)
    assert before is not None
    assert whole is not None
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(before, whole, strict=False))
    same = len(list(alike))
    broken = set(whole[same : len(before)]) <= {"\ufffd"}
    assert streamed(vocabulary, prompt, ids) == whole[len(before) if broken else same :]


@pytest.mark.parametrize(
    ("decoder", "pieces", "texts"),
    [
        (decoders.WordPiece(), ["do", "##a", ".", "b"], ["do", "a", ".", " b", ""]),
        (decoders.BPEDecoder(), ["a</w>", "b", "ab"], ["a", " b", "ab", ""]),
        (decoders.BPEDecoder(), ["a", "b</w>c"], ["a", "b", "c"]),
        (decoders.BPEDecoder(), ["b", "a</w>"], ["b", "a", ""]),
        (decoders.BPEDecoder(""), ["a", "b"], ["", "", " a b"]),
        (decoders.Metaspace(), ["▁a", "▁", "b"], ["a", " ", "b", ""]),
        (decoders.CTC(), ["a", "a", "<pad>", "a", "|"], ["a", "", "", "a", " ", ""]),
        (decoders.ByteFallback(), ["<0xC3>", "<0xA9>", "a"], ["", "", "éa", ""]),
        (decoders.ByteFallback(), ["a", "<0xE6>", "<0x97>"], ["a", "", "", "\ufffd\ufffd"]),
        (decoders.ByteLevel(), ["Ã", "©", "Ġa", "æ"], ["", "é", " a", "", "\ufffd"]),
        (None, ["a", "b"], ["a", " b", ""]),
        # Decoders of tokens before others.
        (
            decoders.Sequence([decoders.BPEDecoder(), decoders.ByteFallback()]),
            ["a</w>", "b", "b</w>c"],
            ["", "a ", "b", "bc"],
        ),
        (
            decoders.Sequence([decoders.ByteFallback(), decoders.WordPiece()]),
            ["<0xC3>", "<0xA9>", "a", "##a"],
            ["", "", "é a", "a", ""],
        ),
        (
            decoders.Sequence([decoders.ByteFallback(), decoders.BPEDecoder(), decoders.CTC()]),
            ["<0xC3>", "<0xA9>", "a</w>", "b"],
            ["", "", "é", "a ", "b"],
        ),
        (
            decoders.Sequence([decoders.BPEDecoder(""), decoders.ByteFallback()]),
            ["a", "b"],
            ["", "", " a b"],
        ),
        (
            decoders.Sequence([decoders.BPEDecoder(), decoders.Fuse()]),
            ["a</w>", "b"],
            ["a", " b", ""],
        ),
        (
            decoders.Sequence([decoders.Strip(" ", 2, 0), decoders.Fuse()]),
            ["  ", " .", "a"],
            ["", ".", "a", ""],
        ),
        (
            decoders.Sequence([decoders.Strip(" ", 0, 1), decoders.Fuse()]),
            ["  ", " ' ", "a"],
            [" ", " '", "a", ""],
        ),
        (
            decoders.Sequence([decoders.Replace("a", "b"), decoders.Fuse()]),
            ["aa", "a"],
            ["bb", "b", ""],
        ),
        (
            decoders.Sequence([decoders.ByteLevel(), decoders.Strip("b", 1, 1)]),
            ["b", "Ġa", "b", "b", "a", "b"],
            ["", " a", "", "b", "ba", "", ""],
        ),
        # Decoders of the text, since the tokens are joined first.
        (
            fused(decoders.Strip(" ", 2, 0)),
            [" ", " ", " ", "a", " "],
            ["", "", " ", "a", " ", ""],
        ),
        (
            fused(decoders.Strip(" ", 2, 0)),
            [" ", "a", " ", "a", "  "],
            ["", "a", " ", "a", "  ", ""],
        ),
        (
            fused(decoders.Strip(" ", 0, 1)),
            ["a", " ", "  ", "b", " "],
            ["a", "", "  ", " b", "", ""],
        ),
        (fused(decoders.Replace(Regex("a+"), "b")), ["a", "b"], ["", "", "bb"]),
        (fused(decoders.Metaspace(prepend_scheme="always")), ["▁a", "▁", "b"], ["a", "", "b", ""]),
        (fused(decoders.Metaspace(prepend_scheme="never")), ["▁a", "▁", "b"], [" a", " ", "b", ""]),
        (
            fused(decoders.CTC(cleanup=True)),
            ["a", "<pad>", "|", " .", " do not", "b"],
            ["a", "", " ", ".", " don't", "b", ""],
        ),
        (
            fused(decoders.CTC(cleanup=False)),
            ["a", "<pad>", "|", " .", " do not", "b"],
            ["a", "", "|", " .", " do not", "b", ""],
        ),
        (fused(decoders.WordPiece()), ["##a", " .", "b"], ["##a", ".", "b", ""]),
        (fused(decoders.WordPiece(cleanup=False)), ["##a", " .", "b"], ["##a", " .", "b", ""]),
        (fused(decoders.BPEDecoder()), ["a</w>", "b", "b</w>c"], ["a", "b", "bc", ""]),
        (fused(decoders.BPEDecoder("")), ["a", "b"], ["", "", "ab"]),
        (fused(decoders.ByteFallback()), ["a", "<0x0A>"], ["", "", "a<0x0A>"]),
        (fused(decoders.Fuse()), ["a", "b"], ["a", "b", ""]),
        (
            decoders.Sequence(
                [decoders.Fuse(), decoders.Replace("a", "b"), decoders.Strip("b", 1, 0)]
            ),
            ["ab", "a"],
            ["b", "b", ""],
        ),
        (
            fused(decoders.Replace("aab", "b")),
            ["a", "a", "a", "b", "aa", "a", "."],
            ["", "", "a", "b", "", "a", "aa.", ""],
        ),
    ],
)
def test_text_comes_as_soon_as_it_is_certain(
    decoder: Any, pieces: list[str], texts: list[str]
) -> None:
    tokenizer = with_decoder(decoder) if decoder else with_decoder()
    ids = [PIECES.index(piece) for piece in pieces]
    for each in (tokenizer, FileTokenizer(tokenizer.backend_tokenizer, {})):
        vocabulary = Vocabulary(each)
        assert vocabulary.decode(ids) == "".join(texts)
        stream = TextStream(vocabulary, [])
        assert [*map(stream.push, ids), stream.rest()] == texts


@pytest.mark.parametrize(
    ("decoder", "prompt", "pieces", "texts"),
    [
        (decoders.ByteLevel(), ["a"], ["b", "Ġa"], ["b", " a"]),
        (decoders.ByteLevel(), ["æĹ"], ["¥", "a"], ["日", "a"]),
        (decoders.ByteLevel(), ["æĹ"], ["a", "b"], ["a", "b"]),
        (fused(decoders.Replace("aab", "b")), ["aa"], ["a", "."], ["", "a."]),
        (fused(decoders.Replace("aab", "b")), ["aa"], ["b", "."], ["b", "."]),
    ],
)
def test_text_after_a_prompt_comes_as_soon_as_it_is_certain(
    decoder: Any, prompt: list[str], pieces: list[str], texts: list[str]
) -> None:
    stream = TextStream(Vocabulary(with_decoder(decoder)), [PIECES.index(p) for p in prompt])
    assert [stream.push(PIECES.index(piece)) for piece in pieces] == texts


@pytest.mark.parametrize(
    ("decoder", "pieces", "texts"),
    [
        (decoders.ByteFallback(), ["a", "<0xC3>", "<0xA9>", "b"], ["a", "", "é", "b"]),
        (decoders.ByteFallback(), ["<0xE6>", "<0x97>", "<0xA5>"], ["", "", "日"]),
        (decoders.BPEDecoder(), ["a</w>", "b", "ab"], ["a", " b", "ab"]),
    ],
)
def test_a_prompts_token_has_the_text_that_is_complete_with_it(
    decoder: Any, pieces: list[str], texts: list[str]
) -> None:
    vocabulary = Vocabulary(with_decoder(decoder))
    refs = vocabulary.token_refs([PIECES.index(piece) for piece in pieces])
    assert [ref.text for ref in refs] == texts


def test_a_prompt_beyond_the_limit_keeps_all_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mav_engine.text.tokens._MAX_TAILS", 0)
    vocabulary = Vocabulary(with_decoder(decoders.ByteFallback()))
    refs = vocabulary.token_refs([PIECES.index(piece) for piece in ("a", "<0xC3>", "<0xA9>")])
    assert "".join(ref.text for ref in refs) == "aé"


def test_a_reference_has_the_tokens_own_text() -> None:
    vocabulary = Vocabulary(with_decoder(decoders.Fuse()))
    for token_id in (0, SPECIAL, 99):
        assert vocabulary.ref(token_id) == TokenRef(token_id, vocabulary.label(token_id))


def test_a_clean_up_of_spaces_is_part_of_the_text() -> None:
    tokenizer = with_decoder(decoders.Fuse(), clean_up_tokenization_spaces=True)
    vocabulary = Vocabulary(tokenizer)
    ids = [PIECES.index(piece) for piece in ["do", " ", "n't", " ", ".", " ' ", "s"]]
    assert tokenizer.decode(ids) == "don't.'s"
    assert streamed(vocabulary, [], ids) == "don't.'s"


def ctrl(folder: Path, **options: Any) -> CTRLTokenizer:
    """A tokenizer that decodes in Python: `@@ ` between two tokens is removed."""
    tokens = ["<unk>", "he@@", "llo</w>", "hello", "world", "@@", ".", "a@@"]
    (folder / "vocab.json").write_text(
        json.dumps({each: i for i, each in enumerate(tokens)}), encoding="utf-8"
    )
    (folder / "merges.txt").write_text("#version: 0.2\nh e\n", encoding="utf-8")
    return CTRLTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), **options)


class InCapitals(PreTrainedTokenizerFast):
    """A tokenizer whose texts are made by code of a model."""

    def _decode(self, *args: Any, **options: Any) -> str:
        return str(super()._decode(*args, **options)).upper()


class WithoutSpaces(PreTrainedTokenizerFast):
    def clean_up_tokenization(self, text: str) -> str:
        return text.replace(" ", "")


class Wrapped:
    """A class of its own around a tokenizer of transformers."""

    def __init__(self, wrapped: PreTrainedTokenizerFast) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def __len__(self) -> int:
        return len(self._wrapped)

    def decode(self, ids: list[int], **options: Any) -> str:
        return str(self._wrapped.decode(ids, **options)).upper()


def test_an_unknown_decoder_gives_all_text_at_the_end() -> None:
    class Later:
        """A decoder of a later version of the library."""

        def __getstate__(self) -> bytes:
            return json.dumps({"type": "Later"}).encode()

    def decode(ids: list[int], *, skip_special_tokens: bool) -> str:
        return f"{skip_special_tokens}: " + "+".join(PIECES[token_id] for token_id in ids)

    stream = Vocabulary(
        SimpleNamespace(backend_tokenizer=SimpleNamespace(decoder=Later(), decode=decode))
    ).stream()
    assert [stream.push(0), stream.push(1), stream.rest()] == ["", "", "True: a+b"]


def test_a_decoder_in_python_gives_all_text_at_the_end() -> None:
    class Joined:
        def decode_chain(self, pieces: list[str]) -> list[str]:
            return ["+".join(pieces)]

    tokenizer = with_decoder()
    tokenizer.backend_tokenizer.decoder = decoders.Decoder.custom(Joined())
    vocabulary = Vocabulary(tokenizer)
    assert vocabulary.label(1) == "b"
    stream = TextStream(vocabulary, [])
    assert [stream.push(0), stream.push(SPECIAL), stream.push(1)] == ["", "", ""]
    assert stream.rest() == "a+b"
    assert streamed(vocabulary, [0], [0, 1]) == "+a+b"


@pytest.mark.parametrize(
    "kind", [InCapitals, WithoutSpaces, Wrapped, "decode", "clean_up_tokenization"]
)
def test_text_is_what_the_tokenizers_own_code_makes_of_it(kind: Any) -> None:
    plain = with_decoder(decoders.WordPiece(cleanup=False))
    options: dict[str, Any] = {"clean_up_tokenization_spaces": True, "unk_token": "x"}
    if isinstance(kind, str):
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain.backend_tokenizer, **options)
        own = getattr(tokenizer, kind)
        setattr(tokenizer, kind, lambda *args, **options: own(*args, **options).upper())
    else:
        inner = PreTrainedTokenizerFast if kind is Wrapped else kind
        tokenizer = inner(tokenizer_object=plain.backend_tokenizer, **options)
        tokenizer = Wrapped(tokenizer) if kind is Wrapped else tokenizer
    ids = [PIECES.index(piece) for piece in ("a", "b", "##a", ".", "ab")]
    expected = {WithoutSpaces: "aba.ab"}.get(kind, "A BA. AB")
    assert tokenizer.decode(ids, skip_special_tokens=True) == expected
    vocabulary = Vocabulary(tokenizer)
    assert streamed(vocabulary, [], ids) == expected
    assert TextStream(vocabulary, []).push(ids[0]) == expected[0]


@pytest.mark.parametrize("forced", [False, True])
def test_spaces_of_a_bpe_tokenizer_are_removed_only_if_forced(forced: bool) -> None:
    pieces = {piece: index for index, piece in enumerate(["a", " ", "."])}
    backend = Tokenizer(models.BPE(pieces, []))
    backend.decoder = decoders.Fuse()
    name = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output"
    options: dict[str, Any] = {"clean_up_tokenization_spaces": True, name: forced}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **options)
    expected = "a." if forced else "a ."
    assert tokenizer.decode([0, 1, 2]) == expected
    assert streamed(Vocabulary(tokenizer), [], [0, 1, 2]) == expected


def test_a_tokenizer_without_transformers_has_the_same_texts() -> None:
    of_transformers, size = VOCABULARIES["byte-level"]
    backend = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    vocabulary = Vocabulary(FileTokenizer(backend, {}))
    assert vocabulary.digest == of_transformers.digest
    assert vocabulary.labels(range(size)) == of_transformers.labels(range(size))
    ids = [0, *vocabulary.encode("Once upon a time 😀", special=False)]
    assert vocabulary.decode(ids) == "Once upon a time 😀"
    assert streamed(vocabulary, ids[:3], ids[3:]) == streamed(of_transformers, ids[:3], ids[3:])


def test_streams_of_a_tokenizer_in_python(tmp_path: Path) -> None:
    vocabulary = Vocabulary(ctrl(tmp_path))
    assert isinstance(vocabulary.stream(), ProbedStream)

    @settings(max_examples=200, deadline=None)
    @given(ids=st.lists(st.integers(0, 7), min_size=1, max_size=12))
    def check(ids: list[int]) -> None:
        expected = vocabulary._tokenizer.decode(ids, skip_special_tokens=True)
        assert streamed(vocabulary, [], ids) == expected
        own = [
            ref.text for ref in vocabulary.token_refs(ids) if ref.id not in vocabulary.special_ids
        ]
        assert "".join(own) == (expected if own else "")

    check()
    stream = TextStream(vocabulary, [])
    assert [stream.push(i) for i in (4, 1, 3, 6)] == ["world", " he", "hello", " ."]


def test_ids_that_the_tokenizer_does_not_have_add_no_text() -> None:
    vocabulary = Vocabulary(with_decoder(decoders.Fuse()))
    for unknown in (99, -1, 2**32, 2**64):
        assert vocabulary.label(unknown) == f"<id {unknown}>"
        assert [ref.text for ref in vocabulary.token_refs([0, unknown])] == ["a", ""]
        assert streamed(vocabulary, [0], [unknown, 1]) == "b"


def test_ids_that_a_tokenizer_in_python_does_not_have_add_no_text(tmp_path: Path) -> None:
    vocabulary = Vocabulary(ctrl(tmp_path, unk_token=None))
    assert vocabulary.label(99) == "<id 99>"
    assert vocabulary.decode([3, 99, 4]) == "hello world"
    assert streamed(vocabulary, [3, 99], [99, 4]) == " world"


def test_a_tokenizer_in_python_is_asked_once_for_each_id() -> None:
    asked: list[int] = []

    class Letters:
        """A tokenizer of 9 letters."""

        def __len__(self) -> int:
            return 9

        def convert_ids_to_tokens(self, token_id: int) -> str | None:
            asked.append(token_id)
            return chr(0x61 + token_id) if token_id < 9 else None

        def decode(self, ids: list[int], *, skip_special_tokens: bool) -> str:
            assert skip_special_tokens
            return "".join(chr(0x61 + token_id) for token_id in ids)

    stream = Detokenizer(Letters()).stream()
    # Each text is decoded with tokens from all over the vocabulary behind it.
    assert [stream.push(token_id) for token_id in (1, 99, 0, 1, 8)] == ["b", "", "a", "b", "i"]
    assert sorted(asked) == sorted(set(asked))
    assert set(asked) >= {0, 1, 8, 99}


def letters(**rules: str) -> Callable[[Sequence[int]], str]:
    """Decodes ids as letters, and replaces some texts by others."""

    def decode(ids: Sequence[int]) -> str:
        text = "".join(chr(0x61 + token_id) for token_id in ids)
        for old, new in rules.items():
            text = text.replace(old, new)
        return text

    return decode


@pytest.mark.parametrize(
    ("rules", "text", "pieces"),
    [
        # A token that is tried may change the last letter, so it comes with the next one.
        ({"ab": "X"}, "acabc", ["", "ac", "", "X", "c"]),
        ({"ca": "X"}, "cbca", ["", "cb", "", "X"]),
        # What no tried token changes of a token's text comes at once.
        ({"ca": "bXX", "c": "bcd"}, "cb", ["b", "cdb"]),
        # None of the tokens that are tried shows that a letter may change: the rest is held back.
        ({"ad": "X"}, "cadca", ["c", "a", "", "", "Xca"]),
        # A tried token would change text that was given, but another one follows.
        ({"acb": "X"}, "acad", ["a", "", "ca", "d"]),
        ({"acb": "X"}, "acbd", ["a", "", "", "Xd"]),
    ],
)
def test_text_that_a_tokenizer_in_python_rewrites(
    rules: dict[str, str], text: str, pieces: list[str]
) -> None:
    stream = ProbedStream(letters(**rules), probes=[0, 1])
    *ids, last = [ord(letter) - 0x61 for letter in text]
    added = [*map(stream.push, ids)]
    assert [*added, stream.push(last) + stream.rest()] == pieces


@settings(max_examples=200, deadline=None)
@given(same=st.text("ab", max_size=9), ends=st.tuples(*[st.text("ab", max_size=9)] * 2))
def test_how_many_characters_two_texts_have_in_common(same: str, ends: tuple[str, str]) -> None:
    one, other = (same + end for end in ends)
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    assert common_length(one, other) == len(list(alike))


def test_a_long_text_of_a_tokenizer_in_python_is_decoded_every_few_tokens() -> None:
    stream = ProbedStream(letters(), probes=[1])
    pieces = [stream.push(0) for _ in range(515)]
    assert pieces[:255] == ["a"] * 255
    assert pieces[255:511] == ["", "aa"] * 128
    assert pieces[511:] == ["", "", "aaa", ""]
    assert stream.rest() == "a"


def test_characters_of_several_bytes_of_a_tokenizer_in_python() -> None:
    vocabulary = FakeBackend().vocabulary
    stream = TextStream(vocabulary, [])
    assert [stream.push(byte) for byte in "a日é".encode()] == ["a", "", "", "日", "", "é"]
    assert vocabulary.label(0xE6) == "<0xE6>"


def test_the_table_of_bytes_is_the_librarys() -> None:
    assert set(BYTES) == set(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(BYTES.values()) == list(range(256))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for text in ("\0\n !~\x7f", "\xa0¡\xad®ÿ", "日本", "😀"):
        ((stand_ins, _),) = byte_level.pre_tokenize_str(text)
        assert bytes(BYTES[each] for each in stand_ins) == text.encode()


def test_a_run_that_ends_at_a_breakpoint_gives_all_its_text() -> None:
    backend = FakeBackend()
    said = [*b" stop", 0xE6, 0x97]
    settings = RunSettings(prompt="x", forced_ids=said, breakpoints={"after": 7}, max_new_tokens=9)
    events = list(run(settings, backend=backend))
    assert events[-1].text == backend.vocabulary.decode(said) == " stop\ufffd"
    assert "".join(event.text for event in events if isinstance(event, Token)) == events[-1].text


@given(text=st.text(min_size=1, max_size=30))
@settings(max_examples=300, deadline=None)
def test_the_tokens_of_any_text_concatenate_to_it(text: str) -> None:
    vocabulary, _ = VOCABULARIES["byte-level"]
    tokens = vocabulary.token_refs(vocabulary.encode(text, special=False))
    specials = vocabulary.special
    if not any(special in text for special in specials):
        assert "".join(token.text for token in tokens) == text


@pytest.mark.parametrize(
    "text", ["naïve café", "👩‍👩‍👧 family", "e\u0301 combining", "日本語", "a\n\n b  c"]
)
def test_no_piece_of_real_text_contains_a_broken_character(text: str) -> None:
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
    labels = ["<0xE9>", " the", "cat", "é"]
    assert [pieces.label(i) for i in (2 + 0xE9, 259, 261, 263)] == labels


@pytest.mark.parametrize(
    ("decoder", "labels"),
    [
        (decoders.Fuse(), {"a": "a", "Ġa": "Ġa", "▁a": " a", "a</w>": "a</w>", "<0xE6>": "<0xE6>"}),
        (decoders.ByteLevel(), {"Ġa": " a", "æĹ": "<0xE6><0x97>", "日": "日", "<0x0A>": "<0x0A>"}),
        (decoders.WordPiece(), {"##a": "##a", "Ġa": "Ġa"}),
        (decoders.BPEDecoder(), {"a</w>": "a", "▁▁b": "  b"}),
        (decoders.CTC(), {"<pad>": "", "|": " "}),
        (decoders.Metaspace(), {"▁": " ", "▁a": " a", "Ġ": "Ġ"}),
        # A space by itself stays, although the decoders remove it at the beginning of a text.
        (
            decoders.Sequence([decoders.ByteFallback(), decoders.Strip(" ", 1, 0)]),
            {" ": " ", "<0x0A>": "\n", "<0x0a>": "\n", "<0xF0>": "<0xF0>"},
        ),
        (decoders.Sequence([decoders.Metaspace(), decoders.Strip(" ", 1, 0)]), {" .": " ."}),
        # This decoder of the library fails with a token of one space.
        (decoders.Strip(" ", 1, 1), {" ": " ", " .": "."}),
    ],
)
def test_labels_of_every_decoder(decoder: Any, labels: dict[str, str]) -> None:
    vocabulary = Vocabulary(with_decoder(decoder))
    ids = [PIECES.index(piece) for piece in labels]
    assert vocabulary.labels(ids) == list(labels.values())
    assert vocabulary.labels([SPECIAL, ADDED, UNKNOWN]) == ["<s>", "added 日", f"<id {UNKNOWN}>"]
    assert vocabulary.special == {"x": PIECES.index("x"), "<s>": SPECIAL}
    assert vocabulary.added == {**vocabulary.special, "added 日": ADDED}


def test_the_digest_depends_on_every_token_and_its_id() -> None:
    digest = Vocabulary(with_decoder()).digest
    assert Vocabulary(with_decoder(decoders.Fuse())).digest == digest
    last = with_decoder()
    last.add_tokens(["one more"])
    swapped = with_decoder()
    swapped.backend_tokenizer.model = models.WordLevel(
        {piece: index for index, piece in enumerate([PIECES[1], PIECES[0], *PIECES[2:]])}, "x"
    )
    digests = {Vocabulary(each).digest for each in (last, swapped)}
    assert len(digests) == 2
    assert digest not in digests


def test_a_text_is_encoded_with_and_without_the_special_tokens_of_the_model() -> None:
    vocabulary = Vocabulary(with_decoder())
    vocabulary._tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        "<s> $A", special_tokens=[("<s>", SPECIAL)]
    )
    assert vocabulary.encode("a", special=True) == [SPECIAL, 0]
    assert vocabulary.encode("a", special=False) == [0]


@pytest.mark.parametrize(
    ("pieces", "special", "has"),
    [
        (["a", " ", "b"], [], True),
        (["a"], ["<s>"], True),
        # Only special tokens, one of which the text contains.
        ([], ["<s>", "a"], False),
        # Tokens, but none for letters.
        (["é", "X"], ["<s>"], False),
    ],
)
def test_whether_a_tokenizer_has_tokens_for_text(
    pieces: list[str], special: list[str], has: bool
) -> None:
    backend = Tokenizer(models.BPE({piece: index for index, piece in enumerate(pieces)}, []))
    backend.add_special_tokens([AddedToken(each, special=True) for each in special])
    if special:
        begin = [("<s>", backend.token_to_id("<s>"))]
        backend.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=begin)
    assert has_tokens(PreTrainedTokenizerFast(tokenizer_object=backend)) is has


def test_white_space_is_every_token_of_white_space_only() -> None:
    vocabulary, size = VOCABULARIES["byte-level"]
    blank = [token_id for token_id in range(size) if vocabulary.decode([token_id]).isspace()]
    assert vocabulary.white_space == blank != []


# After a mismatch, a match can begin within the characters matched so far, at the second or later.
@example(text="aaaab", cuts=[], stop=["aaab"])
@example(text="aabaaabaaabb", cuts=[5], stop=["aabaaabb"])
@settings(max_examples=500, deadline=None)
@given(
    text=st.text("ab", max_size=20),
    cuts=st.lists(st.integers(0, 20), max_size=6),
    stop=st.lists(st.text("ab", min_size=1, max_size=7), max_size=3),
)
def test_a_stop_string_is_found_across_pieces_and_never_shown(
    text: str, cuts: list[int], stop: list[str]
) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in pairwise(edges)] or [""]
    watch, shown = StopMatcher(stop), ""
    for at, piece in enumerate(pieces):
        shown += watch.push(piece, last=at + 1 == len(pieces))
        if watch.hit:
            break
    read = text if not watch.hit else text[: edges[min(at + 1, len(edges) - 1)]]
    ends = [start for start in (read.find(each) for each in stop) if start >= 0]
    assert watch.hit == bool(ends)
    assert shown == (read[: min(ends)] if ends else text)


def test_a_stop_string_may_hold_a_special_token() -> None:
    watch = StopMatcher(["</s>\n", "</s>"], ["</s>"])
    assert watch.push("so") == "so"
    assert watch.push("", special="</s>") == ""
    assert watch.push(" it goes", special="</s>") == " it goes"
    assert watch.push("\non") == ""
    assert watch.hit
    around = StopMatcher(["a</s>b"], ["</s>"])
    assert [around.push("a"), around.push("", special="</s>"), around.push("b")] == ["", "", ""]
    assert around.hit
    written_out = StopMatcher(["</s>"], ["</s>"])
    assert [written_out.push(each) for each in ("a<", "/s", "> b")] == ["a", "", ""]
    assert written_out.hit


def tokens_of(pieces: str) -> st.SearchStrategy[str]:
    """Texts of a few tokens, of which `<s>` is special."""
    return st.lists(st.sampled_from([*pieces, "<s>"]), min_size=1, max_size=4).map("".join)


def overlap(text: str, stop: str) -> int:
    """How many characters at the end of a text may be the beginning of a stop string."""
    return next(n for n in range(len(stop) - 1, -1, -1) if text.endswith(stop[:n]))


@example(tokens=[("ab", "<s>"), ("bbaaaa", "")], stop=["b<s>b"])
@example(tokens=[("bb", ""), ("a", "<s>")], stop=["a<s>", "bbb"])
@settings(max_examples=300, deadline=None)
@given(
    tokens=st.lists(st.tuples(st.text("ab", max_size=3), st.sampled_from(["", "<s>"])), max_size=8),
    stop=st.lists(tokens_of("ab"), max_size=3).map(lambda stop: [s for s in stop if s != "<s>"]),
)
def test_stop_strings_with_special_tokens_are_found_in_the_text_with_special_tokens(
    tokens: list[tuple[str, str]], stop: list[str]
) -> None:
    watch, shown, text, whole, is_shown = StopMatcher(stop, ["<s>"]), "", "", "", []
    for added, special in tokens:
        shown += watch.push(added, special=special)
        text, whole = text + added, whole + added + special
        is_shown += [True] * len(added) + [False] * len(special)
        begins, held = [], 0
        for each in stop:
            mixed = "<s>" in each
            begin = (whole if mixed else text).find(each)
            if begin >= 0:
                begins.append(sum(is_shown[:begin]) if mixed else begin)
            kept = overlap(whole if mixed else text, each)
            held = max(held, sum(is_shown[len(whole) - kept :]) if mixed else kept)
        assert watch.hit == bool(begins)
        if begins:
            assert shown == text[: min(begins)]
            return
        # What cannot be the beginning of a stop string is shown at once.
        assert shown == text[: len(text) - held]
    assert shown + watch.push("", last=True) == text


def test_many_long_stop_strings_take_little_work() -> None:
    stops = ["a" * 999 + chr(0x4E00 + each) for each in range(64)]
    watch = StopMatcher(stops)
    text = "a" * 3000
    shown = "".join(watch.push(each) for each in text)
    assert shown == "a" * (3000 - 999)
    assert watch.push(stops[5][-1] + " b") == ""
    assert watch.hit
