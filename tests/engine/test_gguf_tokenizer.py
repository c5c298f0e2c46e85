"""Tokenizers of GGUF files: ids as transformers reads them from the same file, and what other
programs are known to get wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import TokenType
from transformers import AutoTokenizer

from mav_engine.backends.native.gguf_tokenizer import _WORDS, read_gguf_tokenizer
from mav_engine.backends.native.tokenizer import FileTokenizer
from mav_engine.backends.text_methods import TextMethods
from mav_engine.errors import InvalidSettings, UnusableModel
from mav_engine.models.gguf.config import end_ids
from mav_engine.models.gguf.header import read_header
from mav_engine.settings import Message
from mav_engine.text.tokens import Vocabulary
from tests.engine.conftest import EMBEDDED
from tests.engine.gguf_files import tokenizer_settings, write_file

TEXTS = [
    "",
    " ",
    "Once upon a time, there was a little girl.",
    "  two spaces\n\n\tand a tab, it's 12345 o'clock ",
    "naïve café – 東京 🙂 \u0000 x e\u0301",
    "before <|endoftext|> after<|im_end|>\nend</s> of",
    "DON'T we'll  I'd\r\n\r\n   x\u00a0y\u3000z 1٢3½²",
    "a" * 300,
    "\ud7ff\ue000\ufffd\U0010ffff",
    "<0x0A>▁x ▁▁ <unk><s>",
]
MODEL = {
    "llama.context_length": 64,
    "llama.embedding_length": 32,
    "llama.block_count": 1,
    "llama.feed_forward_length": 32,
    "llama.attention.head_count": 2,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
}
USER, ASSISTANT = {"role": "user"}, {"role": "assistant"}


def byte_level(**changes: Any) -> dict[str, Any]:
    """Settings of a byte-level tokenizer, as in files of Llama 3 and others."""
    return changed(tokenizer_settings(), changes)


def sentencepiece(**changes: Any) -> dict[str, Any]:
    """Settings of a tokenizer of SentencePiece, as in files of Llama 2."""
    described = json.loads((EMBEDDED / "tokenizer.json").read_text(encoding="utf-8"))
    known = [each for each in described["model"]["vocab"] if each.isascii() and each.isalpha()]
    words = sorted({"▁" + each for each in known} | set(known), key=len)[:1500]
    letters = sorted(set("".join(words)) | set("▁.,'"))
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL, *256 * [TokenType.BYTE]]
    rest = list(dict.fromkeys([*words, *letters, "▁▁"]))
    tokens += rest
    kinds += len(rest) * [TokenType.NORMAL]
    given = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [-float(place % 997) for place in range(len(tokens))],
        "tokenizer.ggml.token_type": [int(each) for each in kinds],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    }
    return changed(given, changes)


def changed(given: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    named = {
        name if name.startswith("chat_template") else f"ggml.{name}": value
        for name, value in changes.items()
    }
    return {**given, **{f"tokenizer.{name}": value for name, value in named.items()}}


def write(path: Path, settings: dict[str, Any]) -> Path:
    embedding = np.zeros((len(settings["tokenizer.ggml.tokens"]), 32), np.float32)
    tensors = {"token_embd.weight": (embedding, None)}
    return write_file(path, "llama", {**MODEL, **settings}, tensors)


def ours(path: Path) -> FileTokenizer:
    return read_gguf_tokenizer(read_header(path))


def ids_of(tokenizer: Any, text: str, *, special: bool = True) -> list[int]:
    return list(tokenizer(text, add_special_tokens=special)["input_ids"])


class Texts(TextMethods):
    """The methods of a backend for texts."""

    def __init__(self, path: Path) -> None:
        header = read_header(path)
        rows = header.tensors["token_embd.weight"].shape[0]
        super().__init__(ours(path), "model", end_ids(header) or None, rows)


@pytest.mark.parametrize(
    "settings",
    [
        byte_level(),
        byte_level(add_bos_token=True, add_eos_token=True),
        byte_level(pre="llama-bpe", add_bos_token=False),
        byte_level(pre="tekken", add_bos_token=True),
        byte_level(pre="qwen2"),
        byte_level(pre="qwen35"),
        byte_level(pre="gpt-4o"),
        sentencepiece(),
        sentencepiece(add_bos_token=False),
        sentencepiece(add_bos_token=True, add_eos_token=True),
    ],
    ids=lambda settings: "-".join(
        str(settings.get(f"tokenizer.ggml.{name}", ""))
        for name in ("model", "pre", "add_bos_token", "add_eos_token")
    ),
)
def test_ids_are_those_of_transformers(settings: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf", settings)
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file=path.name)
    mine = ours(path)
    for text in TEXTS:
        for special in (True, False):
            assert ids_of(mine, text, special=special) == ids_of(theirs, text, special=special)
    vocabulary = Vocabulary(mine)
    for text in TEXTS[2:5]:
        ids = ids_of(mine, text)
        assert vocabulary.decode(ids) == theirs.decode(ids, skip_special_tokens=True)
    assert mine.eos_token_id == theirs.eos_token_id
    assert mine.special_tokens_map["bos_token"] == theirs.bos_token


def test_words_are_split_as_the_file_says(tmp_path: Path) -> None:
    """Most programs took GPT-2's words for every model once; SmolLM's digits stand alone."""
    pairs = {"smollm": ["1", "2", "3", "4"], "llama-bpe": ["123", "4"], "gpt-2": ["1234"]}
    for name, words in pairs.items():
        path = write(tmp_path / f"{name}.gguf", byte_level(pre=name))
        before = ours(path).backend_tokenizer.pre_tokenizer.pre_tokenize_str("1234")
        assert [word for word, _ in before] == words


def test_every_rule_of_words_is_a_regular_expression(tmp_path: Path) -> None:
    for name in _WORDS:
        path = write(tmp_path / "model.gguf", byte_level(pre=name))
        ids = ids_of(ours(path), "It's 12 o'clock.", special=False)
        assert Vocabulary(ours(path)).decode(ids) == "It's 12 o'clock."


@pytest.mark.parametrize("pre", [None, "default"])
def test_a_file_that_does_not_say_how_words_are_split(
    pre: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "old.gguf", byte_level(pre=pre))
    with caplog.at_level(logging.WARNING, "mav.models"):
        mine = ours(path)
    assert "old.gguf does not name the rule" in caplog.text
    expected = ours(write(tmp_path / "new.gguf", byte_level()))
    assert [ids_of(mine, text) for text in TEXTS] == [ids_of(expected, text) for text in TEXTS]


def test_an_unknown_rule_of_words_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf", byte_level(pre="surprise"))
    with pytest.raises(UnusableModel, match=r"rule 'surprise'.*known: .*llama-bpe"):
        ours(path)


def test_texts_begin_with_one_token_where_the_file_or_its_kind_says_so(tmp_path: Path) -> None:
    for settings, begins in (
        (sentencepiece(), True),
        (sentencepiece(add_bos_token=False), False),
        (byte_level(), False),
        (byte_level(add_bos_token=True), True),
        (byte_level(pre="llama-bpe"), True),  # transformers adds none
        (byte_level(pre="llama-bpe", add_bos_token=False), False),
    ):
        path = write(tmp_path / "model.gguf", settings)
        bos = settings["tokenizer.ggml.bos_token_id"]
        ids = ids_of(ours(path), "Once")
        assert ids.count(bos) == int(begins)
        assert (ids[0] == bos) is begins


PLAIN_TEMPLATE = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"


@pytest.mark.parametrize("template", [PLAIN_TEMPLATE, "{{ bos_token }}" + PLAIN_TEMPLATE])
@pytest.mark.parametrize("begins", [True, False])
def test_conversations_do_not_begin_with_two_tokens(
    template: str, begins: bool, tmp_path: Path
) -> None:
    settings = sentencepiece(add_bos_token=begins, chat_template=template)
    ids = Texts(write(tmp_path / "m.gguf", settings)).encode_messages(
        [Message(**USER, content="a")]
    )
    expected = begins or "bos_token" in template
    assert ids.count(1) == int(expected)
    assert (ids[0] == 1) is expected
    assert ids[-1] == 2


def test_spaces_at_the_beginning_are_added_as_the_file_says(tmp_path: Path) -> None:
    plain = sentencepiece(add_space_prefix=False, add_bos_token=False)
    texts = Texts(write(tmp_path / "m.gguf", plain))
    assert texts.vocabulary.label(texts.encode_prompt("once")[0])[0] != " "
    texts = Texts(write(tmp_path / "m.gguf", sentencepiece(add_bos_token=False)))
    assert texts.vocabulary.label(texts.encode_prompt("once")[0])[0] == " "


CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def with_turns(**changes: Any) -> dict[str, Any]:
    """A tokenizer with the tokens of ChatML."""
    given = byte_level()
    tokens, kinds = given["tokenizer.ggml.tokens"], given["tokenizer.ggml.token_type"]
    added = ["<|im_start|>", "<|im_end|>", "<tool_call>", "<｜odd▁token｜>"]
    types = [TokenType.CONTROL, TokenType.CONTROL, TokenType.USER_DEFINED, TokenType.CONTROL]
    changes = {
        "tokens": [*tokens, *added],
        "token_type": [*kinds, *map(int, types)],
        "chat_template": CHAT,
        **changes,
    }
    return changed(given, changes)


def test_replies_end_where_the_template_ends_a_turn(tmp_path: Path) -> None:
    """Files often name the end of the base model's texts, so replies ran on."""
    texts = Texts(write(tmp_path / "m.gguf", with_turns()))
    end = texts.vocabulary.special["<|im_end|>"]
    assert texts.eos_ids == {0}
    assert texts.chat_eos_ids == {0, end}
    stated = Texts(write(tmp_path / "s.gguf", with_turns(eot_token_id=end)))
    assert stated.eos_ids == {0, end}


@pytest.mark.parametrize("wrong", [1 << 20, 4_000_000_000])
def test_an_end_beyond_the_vocabulary_is_ignored(
    wrong: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "m.gguf", with_turns(eos_token_id=wrong))
    with caplog.at_level(logging.WARNING, "mav.models"):
        texts = Texts(path)
    assert "eos_token_id" in caplog.text
    assert texts.eos_ids == frozenset()
    assert texts.chat_eos_ids == {texts.vocabulary.special["<|im_end|>"]}


def test_special_tokens_are_found_as_a_whole(tmp_path: Path) -> None:
    """Also those with characters that no byte-level token has, as DeepSeek's."""
    path = write(tmp_path / "m.gguf", with_turns())
    tokenizer, tokens = ours(path), with_turns()["tokenizer.ggml.tokens"]
    assert len(tokenizer) == len(tokens)
    for token in ("<|im_start|>", "<tool_call>", "<｜odd▁token｜>"):
        ids = ids_of(tokenizer, f"Once {token} upon")
        assert tokens.index(token) in ids
    assert tokens.index("<tool_call>") not in Vocabulary(tokenizer).special_ids


TOOLS = (
    "{% if tools %}{{ '<tools>' + (tools | tojson) + '</tools>' }}{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.tool_calls is defined and m.tool_calls %}{% for call in m.tool_calls %}"
    "<tool_call>{{ call.function.arguments | tojson }}</tool_call>{% endfor %}"
    "{% else %}{{ m['content'] }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def test_templates_for_tools_work_without_tools(tmp_path: Path) -> None:
    texts = Texts(write(tmp_path / "m.gguf", with_turns(chat_template=TOOLS)))
    said = [Message(**USER, content="Hi"), Message(**ASSISTANT, content="Yes?")]
    ids = texts.encode_messages([*said, Message(**USER, content="Go.")])
    assert texts.vocabulary.special["<|im_end|>"] in texts.chat_eos_ids
    plain = Texts(write(tmp_path / "p.gguf", with_turns()))
    assert ids == plain.encode_messages([*said, Message(**USER, content="Go.")])


def test_of_several_templates_the_default_is_used(tmp_path: Path) -> None:
    settings = with_turns() | {
        "tokenizer.chat_templates": ["tool_use"],
        "tokenizer.chat_template.tool_use": "{{ raise_exception('not this one') }}",
    }
    texts = Texts(write(tmp_path / "m.gguf", settings))
    expected = Texts(write(tmp_path / "p.gguf", with_turns()))
    said = [Message(**USER, content="Hi")]
    assert texts.encode_messages(said) == expected.encode_messages(said)
    del settings["tokenizer.chat_template"]
    texts = Texts(write(tmp_path / "m.gguf", settings))
    with pytest.raises(InvalidSettings, match="no template named default"):
        texts.encode_messages(said)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (byte_level(model="bert"), "'bert', which is not supported"),
        (byte_level(model=None), "its tokenizer is '', which is not supported"),
        (byte_level(tokens=["a"], token_type=[1], merges=["a b"]), "no token 'b'"),
        (byte_level(merges=["ab"]), "the merge 'ab', which is not a pair"),
        (byte_level(token_type=[1, 1]), "but kinds of 2"),
        (byte_level(add_bos_token="yes"), "add_bos_token must be true or false"),
        (byte_level(pre=7), "tokenizer.ggml.pre must be a text"),
        (byte_level(merges="a b"), "merges must be a list of texts"),
        (byte_level(chat_template=7), "the chat template default must be a text"),
        (sentencepiece(scores=None), "neither merges nor a score"),
        (sentencepiece(scores=[1.0]), "neither merges nor a score"),
    ],
)
def test_broken_tokenizers_are_refused(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "model.gguf", settings)
    with pytest.raises(UnusableModel, match=message) as caught:
        ours(path)
    assert caught.value.detail.startswith("model.gguf: ")
