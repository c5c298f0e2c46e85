"""Tokenizers that are read without transformers, compared with those that it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoTokenizer,
    GPT2Tokenizer,
    LlamaTokenizer,
    PreTrainedTokenizerFast,
    Qwen2Tokenizer,
)

from mav_engine.backends.native.tokenizer import read_tokenizer
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.text.tokens import Vocabulary
from tests.engine.conftest import EMBEDDED

MODEL = json.loads((EMBEDDED / "tokenizer.json").read_text(encoding="utf-8"))["model"]
VOCABULARY = MODEL["vocab"]
MERGES = [
    tuple(each) if isinstance(each, list) else tuple(each.split(" ")) for each in MODEL["merges"]
]
TEXTS = [
    "",
    "Once upon a time, there was a little girl.",
    "  two spaces\n\n\tand a tab, it's 12345 o'clock ",
    "naïve café – 東京 🙂 \u0000 x e\u0301",
    "before <|endoftext|> after<|im_end|>\nend</s> of",
]
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA3_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def write(folder: Path, name: str, content: Any) -> None:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def change(folder: Path, name: str, **changes: Any) -> None:
    """Change fields of a JSON file; None takes one away."""
    path = folder / name
    given = json.loads(path.read_text(encoding="utf-8")) | changes
    write(folder, name, {key: value for key, value in given.items() if value is not None})


def byte_level(words: Any = None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab=VOCABULARY, merges=MERGES))
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=words is None)
    tokenizer.pre_tokenizer = plain if words is None else pre_tokenizers.Sequence([words, plain])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def gpt2(folder: Path) -> None:
    GPT2Tokenizer(vocab=VOCABULARY, merges=MERGES).save_pretrained(folder)


def gpt2_with_prefix(folder: Path) -> None:
    GPT2Tokenizer(vocab=VOCABULARY, merges=MERGES, add_prefix_space=True).save_pretrained(folder)


def gpt2_of_two_files(folder: Path) -> None:
    write(folder, "vocab.json", VOCABULARY)
    lines = ["#version: 0.2", *(" ".join(pair) for pair in MERGES)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def gpt2_with_first_token(folder: Path) -> None:
    gpt2_of_two_files(folder)
    write(
        folder,
        "tokenizer_config.json",
        {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "model_max_length": 1024},
    )


def smollm(folder: Path) -> None:
    """GPT-2's class beside a file with another pre-tokenizer, and the older map of tokens."""
    tokenizer = byte_level(pre_tokenizers.Digits(individual_digits=True))
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = {
        str(index): {
            "content": token.content, "lstrip": False, "normalized": False, "rstrip": False,
            "single_word": False, "special": True,
        }
        for index, token in tokenizer.get_added_tokens_decoder().items()
    }  # fmt: skip
    write(
        folder,
        "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "added_tokens_decoder": tokens,
            "additional_special_tokens": ["<|im_start|>", "<|im_end|>"],
            "bos_token": "<|im_start|>",
            "chat_template": CHAT,
            "clean_up_tokenization_spaces": False,
            "eos_token": "<|im_end|>",
            "model_max_length": 8192,
            "pad_token": "<|im_end|>",
            "tokenizer_class": "GPT2Tokenizer",
            "unk_token": "<|endoftext|>",
        },
    )
    write(folder, "special_tokens_map.json", {"eos_token": "not read"})


def older(folder: Path) -> None:
    """Special tokens in a map, and none in the settings."""
    byte_level().save(str(folder / "tokenizer.json"))
    write(folder, "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})
    token = {"content": "</s>", "lstrip": False, "normalized": True, "rstrip": True}
    write(
        folder,
        "special_tokens_map.json",
        {"eos_token": {**token, "single_word": False}, "pad_token": "<pad>"},
    )


def llama3(folder: Path) -> None:
    """A file with its own words, first token and unusual added tokens."""
    words = pre_tokenizers.Split(Regex(LLAMA3_WORDS), behavior="isolated")
    tokenizer = byte_level(words)
    tokenizer.add_special_tokens(["<|begin|>", "<|eot|>"])
    tokenizer.add_tokens([AddedToken("<tool>", lstrip=True, rstrip=True, normalized=False)])
    begin = tokenizer.token_to_id("<|begin|>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A",
        pair="<|begin|> $A <|begin|> $B",
        special_tokens=[("<|begin|>", begin)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|begin|>", eos_token="<|eot|>", chat_template=CHAT
    ).save_pretrained(folder)


def llama3_named_llama(folder: Path) -> None:
    llama3(folder)
    change(folder, "tokenizer_config.json", tokenizer_class="LlamaTokenizerFast")


def llama2(folder: Path) -> None:
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "a", "▁a"]
    pieces += [*"bcdefghilmnoprstuvwy", "th", "the", "▁the"]
    merges = [("▁", "a"), ("t", "h"), ("th", "e"), ("▁", "the")]
    LlamaTokenizer(
        vocab={piece: place for place, piece in enumerate(pieces)}, merges=merges
    ).save_pretrained(folder)


def qwen2(folder: Path) -> None:
    tokenizer = Qwen2Tokenizer(vocab=VOCABULARY, merges=MERGES, chat_template=CHAT)
    tokenizer.add_tokens([AddedToken("<|im_start|>", special=True), AddedToken("<tool_call>")])
    tokenizer.save_pretrained(folder)


def embedded(folder: Path) -> None:
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)


MADE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "embedded": ("llama", embedded),
    "embedded in a gpt2": ("gpt2", embedded),
    "embedded in a qwen3": ("qwen3", embedded),
    "gpt2": ("gpt2", gpt2),
    "gpt2 with a space before": ("gpt2", gpt2_with_prefix),
    "gpt2 of two files": ("gpt2", gpt2_of_two_files),
    "gpt2 with a first token": ("gpt2", gpt2_with_first_token),
    "gpt2 in a llama": ("llama", gpt2),
    "smollm": ("llama", smollm),
    "older": ("llama", older),
    "llama3": ("llama", llama3),
    "llama3 named llama": ("llama", llama3_named_llama),
    "llama3 in a mistral": ("mistral", llama3),
    "llama2": ("llama", llama2),
    "qwen2": ("qwen2", qwen2),
    "qwen2 in a qwen3": ("qwen3", qwen2),
    "llama3 in a qwen2": ("qwen2", llama3),
}


@pytest.mark.parametrize("name", MADE)
def test_it_is_the_tokenizer_that_transformers_reads(name: str, tmp_path: Path) -> None:
    model_type, make = MADE[name]
    make(tmp_path)
    write(tmp_path, "config.json", {"model_type": model_type})
    own = read_tokenizer(tmp_path, {"model_type": model_type})
    reference = AutoTokenizer.from_pretrained(tmp_path)
    ours, theirs = Vocabulary(own), Vocabulary(reference)
    for text in TEXTS:
        for special in (True, False):
            ids = ours.encode(text, special=special)
            assert ids == theirs.encode(text, special=special)
            assert ours.decode(ids) == theirs.decode(ids)
    assert own.backend_tokenizer.to_str() == reference.backend_tokenizer.to_str()
    assert len(own) == len(reference)
    assert own.eos_token_id == reference.eos_token_id
    assert own.special_tokens_map == reference.special_tokens_map
    assert own.chat_template == reference.chat_template
    assert ours.digest == theirs.digest
    assert ours.special == theirs.special


NOT_SUPPORTED: dict[str, Callable[[Path], None]] = {
    "another class": lambda folder: change(
        folder, "tokenizer_config.json", tokenizer_class="CodeLlamaTokenizer"
    ),
    "an unknown setting": lambda folder: change(folder, "tokenizer_config.json", surprise=1),
    "special tokens that are split": lambda folder: change(
        folder, "tokenizer_config.json", split_special_tokens=True
    ),
    "special tokens by name": lambda folder: change(
        folder, "tokenizer_config.json", extra_special_tokens={"image_token": "<image>"}
    ),
    "a token without its type": lambda folder: change(
        folder, "tokenizer_config.json", eos_token={"content": "</s>"}
    ),
    "padding": lambda folder: change(folder, "tokenizer.json", padding={"strategy": "Fixed"}),
    "older added tokens": lambda folder: write(folder, "added_tokens.json", {"<a>": 5000}),
    "older special tokens of other names": lambda folder: write(
        folder, "special_tokens_map.json", {"additional_special_tokens": ["<a>"]}
    ),
    "no tokenizer.json": lambda folder: (folder / "tokenizer.json").unlink(),
}


@pytest.mark.parametrize("what", NOT_SUPPORTED)
def test_what_may_change_a_tokenizer_is_not_read(what: str, tmp_path: Path) -> None:
    embedded(tmp_path)
    read_tokenizer(tmp_path, {"model_type": "llama"})
    NOT_SUPPORTED[what](tmp_path)
    with pytest.raises(Unsupported):
        read_tokenizer(tmp_path, {"model_type": "llama"})
