"""The golden file of tokenizers and text streams: `python -m tests.goldens.text` writes it.

It holds the ids of odd strings, for the embedded tokenizer and for others that have its vocabulary
with the settings of published models, and the texts of sequences of ids.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import tempfile
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from tokenizers import Regex, pre_tokenizers

from mav_engine.backends.native.tokenizer import read_tokenizer
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.errors import MavError
from mav_engine.generation.ending import Ending, TokenEnding
from mav_engine.generation.forced_tokens import GivenTokens
from mav_engine.generation.prediction import Prediction
from mav_engine.generation.sampler import Choice
from mav_engine.settings import RunSettings
from mav_engine.text.detokenizer import BYTES
from mav_engine.text.tokens import StopMatcher, TextStream, Vocabulary
from tests.goldens.files import rounded, write

NAME = "text"
EMBEDDED = Path(__file__).parents[2] / "mav_engine" / "models" / "mav-tiny"
_STRINGS = 1000
_SEQUENCES = 300
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = _LLAMA3.replace("{1,3}", "")
_END = "<|endoftext|>"
_LEADS = (0x41, 0x80, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF)
_NEXT = (0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC3, 0xE0)
"""Bytes on both sides of all borders of UTF-8."""


def content(strings: list[str]) -> dict[str, Any]:
    """What the file holds, for these strings."""
    return {
        "classes": {name: _ranges(pattern) for name, pattern in _CLASSES.items()},
        "strings": strings,
        "ids": [_vocabulary("embedded").encode(each, special=True) for each in strings],
        "some": _some(strings),
        "tokenizers": {name: _tokenizer(name, strings) for name in FILES},
        "refused": {name: _refused(files) for name, files in _REFUSED.items()},
        "sequences": [_sequence(number) for number in range(_SEQUENCES)],
        "words": {pattern: _words(pattern, strings) for pattern in (_GPT2, _LLAMA3, _QWEN2)},
        "bytes": [_decoded_bytes(each) for each in itertools.product(_LEADS, _NEXT, _NEXT)],
        "stops": [_stops(number) for number in range(300)],
    }


# Tokenizers


def _added(content: str, **options: Any) -> dict[str, Any]:
    names = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return {"content": content, **dict.fromkeys(names, False), **options}


def _split(pattern: str) -> dict[str, Any]:
    return {
        "type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False
    }  # fmt: skip


def _bytes(*, use_regex: bool, prefix: bool = False) -> dict[str, Any]:
    return {
        "type": "ByteLevel",
        "add_prefix_space": prefix,
        "trim_offsets": True,
        "use_regex": use_regex,
    }


def _sequence_of(name: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", name: list(parts)}


_BEGIN = {
    "type": "TemplateProcessing",
    "single": [
        {"SpecialToken": {"id": "<|begin|>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "<|eot|>", "type_id": 0}},
    ],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {
        "<|begin|>": {"id": "<|begin|>", "ids": [4096], "tokens": ["<|begin|>"]},
        "<|eot|>": {"id": "<|eot|>", "ids": [4097], "tokens": ["<|eot|>"]},
    },
}

_MERGES = json.loads((EMBEDDED / "tokenizer.json").read_text(encoding="utf-8"))["model"]["merges"]
FILES: dict[str, dict[str, Any]] = {
    "embedded": {"config.json": {"model_type": "llama"}},
    "embedded in a gpt2": {"config.json": {"model_type": "gpt2"}},
    "gpt2 with a space before": {
        "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True},
    },
    "words of gpt2 by name": {
        "tokenizer.json": {
            "pre_tokenizer": _sequence_of(
                "pretokenizers", _split(_GPT2), _bytes(use_regex=False, prefix=True)
            ),
            "post_processor": None,
        },
    },
    "smollm": {
        "tokenizer.json": {
            "added_tokens": [
                _added(_END, id=0, special=True),
                _added("<|im_start|>", id=4096, special=True),
                _added("<|im_end|>", id=4097, special=True),
                _added("<repo name>", id=4098, special=True),
            ],
            "pre_tokenizer": _sequence_of(
                "pretokenizers",
                {"type": "Digits", "individual_digits": True},
                _bytes(use_regex=True),
            ),
            "post_processor": None,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "TokenizersBackend",
            "bos_token": "<|im_start|>",
            "eos_token": "<|im_end|>",
            "pad_token": "<|im_end|>",
            "unk_token": _END,
        },
    },
    "numbers together": {
        "tokenizer.json": {
            "pre_tokenizer": _sequence_of(
                "pretokenizers",
                {"type": "Digits", "individual_digits": False},
                _bytes(use_regex=True),
            )
        },
    },
    "llama3": {
        "tokenizer.json": {
            "added_tokens": [
                _added(_END, id=0, special=True),
                _added("<|begin|>", id=4096, special=True),
                _added("<|eot|>", id=4097, special=True),
                _added("<tool>", id=4098, lstrip=True, rstrip=True),
                _added("<tool>ing", id=4099, normalized=True),
                _added("cat", id=4100, single_word=True),
                _added("<tool>s", id=4101),
            ],
            "pre_tokenizer": _sequence_of(
                "pretokenizers", _split(_LLAMA3), _bytes(use_regex=False)
            ),
            "post_processor": _sequence_of("processors", _bytes(use_regex=True), _BEGIN),
            "model": {"ignore_merges": True, "merges": _MERGES[:300]},
        },
        "tokenizer_config.json": {
            "tokenizer_class": "LlamaTokenizerFast",
            "bos_token": "<|begin|>",
            "eos_token": "<|eot|>",
        },
    },
    "qwen2": {
        "tokenizer.json": {
            "added_tokens": [_added("<|im_start|>", id=4096, special=True)],
            "post_processor": None,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "Qwen2Tokenizer",
            "added_tokens_decoder": {
                "4097": _added("<tool_call>", normalized=True),
                "4096": _added("<|im_start|>", special=True),
                "4098": _added("cafe\u0301", normalized=True),
            },
            "additional_special_tokens": ["<|im_end|>", "e\u0301nd"],
            "eos_token": "<|im_end|>",
        },
    },
    "few bytes": {
        "tokenizer.json": {
            "model": {
                "vocab": {_END: 0, "a": 1, "b": 2, "Ġ": 3, "▁x▁": 4, "ab": 5, "漢": 6},
                "merges": [["a", "b"]],
            }
        }
    },
    "composed": {"tokenizer.json": {"normalizer": {"type": "NFC"}}},
    "older": {
        "tokenizer.json": {"added_tokens": [_added("<pad>", id=4096)]},
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"},
        "special_tokens_map.json": {
            "eos_token": {"content": "</s>", "lstrip": False, "normalized": True, "rstrip": True,
                          "single_word": False},
            "pad_token": "<pad>",
        },
    },
}  # fmt: skip
"""Changes of the files of the embedded tokenizer, by file and field; None takes a field away."""

_REFUSED: dict[str, dict[str, Any]] = {
    "CodeLlamaTokenizer": {"tokenizer_config.json": {"tokenizer_class": "CodeLlamaTokenizer"}},
    "surprise": {"tokenizer_config.json": {"surprise": 1}},
    "splits special tokens": {"tokenizer_config.json": {"split_special_tokens": True}},
    "special tokens of its own": {
        "tokenizer_config.json": {"extra_special_tokens": {"image_token": "<image>"}}
    },
    "padding": {"tokenizer.json": {"padding": {"strategy": "Fixed"}}},
    "special_tokens_map.json has": {
        "special_tokens_map.json": {"additional_special_tokens": ["<a>"]}
    },
    "the special token": {"tokenizer_config.json": {"eos_token": {"content": "</s>"}}},
}
"""Files that this reader refuses as well, by a part of the reason."""


def files_of(changes: dict[str, Any]) -> dict[str, Any]:
    """The files of a tokenizer by name."""
    names = ("tokenizer.json", "tokenizer_config.json")
    files = {name: json.loads((EMBEDDED / name).read_text(encoding="utf-8")) for name in names}
    for name, fields in changes.items():
        own = files.get(name, {})
        model = own.get("model", {}) | fields.get("model", {})
        files[name] = own | fields | ({"model": model} if model else {})
    return files


@cache
def _vocabulary(name: str) -> Vocabulary:
    return _read(FILES[name])


def _read(changes: dict[str, Any]) -> Vocabulary:
    files = files_of(changes)
    with tempfile.TemporaryDirectory() as folder:
        for name, fields in files.items():
            (Path(folder) / name).write_text(json.dumps(fields), encoding="utf-8")
        return Vocabulary(read_tokenizer(Path(folder), files.get("config.json", {})))


def _tokenizer(name: str, strings: list[str]) -> dict[str, Any]:
    vocabulary = _vocabulary(name)
    tokenizer: Any = vocabulary._tokenizer
    labels = [vocabulary.label(token_id) for token_id in range(len(tokenizer) + 5)]
    return {
        "files": FILES[name],
        "size": len(tokenizer),
        "eos": tokenizer.eos_token_id,
        "special": vocabulary.special,
        "white_space": vocabulary.white_space,
        "labels": hashlib.sha256(json.dumps(labels).encode()).hexdigest(),
        "last_labels": labels[4090:],
        "ids": [
            vocabulary.encode(strings[place], special=place % 2 == 0) for place in _some(strings)
        ],
    }


def _words(pattern: str, strings: list[str]) -> list[list[str]]:
    """The words of some strings."""
    splitter = pre_tokenizers.Split(Regex(pattern), "isolated")
    texts = [strings[place] for place in _some(strings)]
    return [[word for word, _ in splitter.pre_tokenize_str(each)] for each in texts]


def _some(strings: list[str]) -> list[int]:
    """The places of fewer strings."""
    return [*range(len(_ODD)), *range(len(_ODD), len(strings), 29)]


def _decoded_bytes(values: tuple[int, ...]) -> list[Any]:
    """Bytes that come one by one, and the text that each adds; last is the rest."""
    vocabulary = _vocabulary("embedded")
    pieces = {byte: piece for piece, byte in BYTES.items()}
    tokenizer: Any = vocabulary._tokenizer
    ids = [tokenizer.backend_tokenizer.token_to_id(pieces[value]) for value in values]
    stream = vocabulary.stream()
    return [ids, "|".join([*(stream.push(token_id) for token_id in ids), stream.rest()])]


def _stops(number: int) -> dict[str, Any]:
    """Texts of a stream of few letters, and what is shown of them."""
    random = np.random.default_rng([41, number])

    letters = ["a", "b"] if number % 3 == 0 else ["a", "a", "b", "c", "😀"]

    def text(longest: int) -> str:
        return "".join(random.choice(letters, int(random.integers(longest + 1))))

    special = "<e>"
    longest = 9 if number % 3 == 0 else 5
    stop = [text(longest) or "aab" for _ in range(int(random.integers(1, 4)))]
    if number % 2:
        stop.append(text(3) + special + text(2))
    matcher = StopMatcher(stop, [special])
    tokens = []
    for place in range(12):
        is_special = random.random() < 0.2
        added = "" if is_special and random.random() < 0.7 else text(4)
        added_special = special if is_special else ""
        shown = matcher.push(added, special=added_special, last=place == 11)
        tokens.append([added, added_special, shown])
        if matcher.hit:
            break
    return {"stop": stop, "special": special, "tokens": tokens, "hit": matcher.hit}


def _refused(files: dict[str, Any]) -> dict[str, Any]:
    try:
        _read(files)
    except (Unsupported, MavError):
        return files
    raise AssertionError(f"{files} is not refused")


_CLASSES = {"letter": r"\p{L}", "number": r"\p{N}", "white_space": r"\s"}


def _ranges(pattern: str) -> list[int]:
    """The code points that the tokenizers library counts to a class: where it begins and ends."""
    splitter = pre_tokenizers.Split(Regex(pattern), "removed")
    changes, inside = [], False
    for code in range(0x110000):
        known = not 0xD800 <= code < 0xE000 and not splitter.pre_tokenize_str(chr(code))
        if known != inside:
            changes.append(code)
            inside = known
    return changes


# Strings

_ODD = [
    "", " ", "  ", "\n", "\r\n", "\t", "\x00", "\x1b[0m", "\x1c", "\x1f", "\x7f", "\x85", "\xa0",
    "\xad", "\u0300", "\u061c", "\u1680", "\u180e", "\u200b", "\u200d", "\u2028", "\u2029",
    "\u202e", "\u202f", "\u205f", "\u3000", "\ufeff", "\ufffc", "\ufffd", "\uffff", "\ud7ff",
    "\ue000", "\U0010ffff", "\U0001f600", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "❤️",
    "a\u0308", "ä", "e\u0301", "é", "ﬁ", "ſ", "İ", "ß", "K", "Å", "Ω", "한국어", "한", "ひらがな",
    "漢字", "العربية", "עברית", "हिन्दी", "ไทย", "Привет", "ελληνικά",
    "\u088f", "\u0c5c", "\U000323b0", "\U00010940",
    "٣", "½", "Ⅷ", "²", "①", "१२३", "12345", "1,234.5", "0x1F", "'s", "'S", "'ſ", "'re", "'LL",
    "'t", "'ve", "don't", "I'M", "’s", "cat", " cat", "the cat", "cats", "_cat", "cat's", "Once",
    " upon a time", ", there was", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|endoftext",
    "<tool>", " <tool> ", "\x85<tool>\u3000\n", "<tool>ing", "<tool_call>", "<tool>s",
    "e\u0301nd", "énd",
    "it'ſa", "it'sa", "<repo name>", "</s>",
    "</s> \t", "<pad>", "cafe\u0301", "café", "<|begin|>", "<|eot|>", "Ġ", "Ċ", "ĠĠ", "Ã©",
    "▁", "##", "!!!", "?!", "...", "—", "«»", "http://a.b/c?d=e&f", "a_b-c", "{}[]()", "\\n",
]  # fmt: skip


@cache
def _by_category() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code in range(0x110000):
        character = chr(code)
        category = unicodedata.category(character)
        if category != "Cs":
            found.setdefault(category, []).append(character)
    return found


def odd_strings() -> list[str]:
    """The strings of a new file. They depend on the version of Unicode that Python has."""
    return [_string(number) for number in range(_STRINGS)]


def _string(number: int) -> str:
    """An odd string: by itself, of one category, or a mixture."""
    if number < len(_ODD):
        return _ODD[number]
    random = np.random.default_rng([31, number])

    def one(of: list[str]) -> str:
        return of[int(random.integers(len(of)))]

    categories = _by_category()
    names = sorted(categories)
    kind = number % 6
    if kind == 0:
        category = categories[names[number // 6 % len(names)]]
        return "".join(one(category) + one(["", "", " ", "a"]) for _ in range(6))
    if kind == 1:
        run = one([" ", "\n", "\t", "\x85", "a", "ab", " a", "-", "0", "\r\n", "é", "  \n", "the"])
        return one(["", "x", " "]) + run * int(random.integers(2, 120)) + one(["", "y", " y", "\n"])
    if kind == 2:
        return "".join(one(categories[one(names)]) for _ in range(8))
    return "".join(one(_ODD) + one(["", "", " ", "\n"]) for _ in range(int(random.integers(2, 6))))


# Sequences of ids


def _sequence(number: int) -> dict[str, Any]:
    """The texts of a run's tokens: by a text stream alone, and with all that ends a run."""
    random = np.random.default_rng([37, number])
    name = ("embedded", "llama3", "qwen2")[number % 3]
    vocabulary = _vocabulary(name)
    prompt = list(_ids(vocabulary, random, number))[:8]
    ids = list(_ids(vocabulary, random, number))
    stream = TextStream(vocabulary, prompt)
    streamed = [stream.push(token_id, last=place == len(ids)) for place, token_id in enumerate(ids)]
    decoded = vocabulary.decode([*prompt, *ids])
    return {
        "tokenizer": name,
        "prompt": prompt,
        "ids": ids,
        "streamed": streamed,
        "rest": stream.rest(),
        "decoded": decoded,
        "refs": [ref.text for ref in vocabulary.token_refs([*prompt, *ids])],
        "run": _run(vocabulary, prompt, ids, decoded, random),
    }


def _ids(vocabulary: Vocabulary, random: np.random.Generator, number: int) -> Iterator[int]:
    """Random ids, single bytes of characters whole and broken, and special tokens."""
    special = sorted(vocabulary.added.values())
    # The tokens of single bytes come first.
    single = [each for each in range(300) if vocabulary.label(each).startswith("<0x")]
    for _ in range(12):
        kind = random.random()
        if kind < 0.3:
            yield int(random.integers(0, 4096))
        elif kind < 0.45:
            yield int(random.choice(special))
        elif kind < 0.5:
            yield int(random.integers(4096, 4110))
        elif kind < 0.7 or number % 2:
            yield int(random.choice(single))
        else:
            text = str(random.choice(["😀", "é", "漢", "👨‍👩‍👧", "\ufeff", "\U0010ffff", "ab ab"]))
            ids = vocabulary.encode(text, special=False)
            yield from ids[: int(random.integers(1, len(ids) + 1))]


def _run(
    vocabulary: Vocabulary,
    prompt: list[int],
    ids: list[int],
    decoded: str,
    random: np.random.Generator,
) -> dict[str, Any]:
    """The tokens of a run up to its end, with the text that each adds and the reason."""
    begin = int(random.integers(0, max(1, len(decoded) - 3)))
    special = next(iter(vocabulary.special))
    stop = [
        each
        for each in (decoded[begin : begin + 3], f"{special}{decoded[-1:]}", "never found", "aab")
        if each and random.random() < 0.4
    ]
    breakpoints: dict[str, Any] = {"text": decoded[-2:] or "x"} if random.random() < 0.3 else {}
    if random.random() < 0.2:
        breakpoints["after"] = int(random.integers(1, 12))
    written = ids[: int(random.choice([0, 0, 3]))]
    forced = ids[: int(random.choice([0, 0, 0, 6]))]
    settings = RunSettings(prompt="x", stop=stop, breakpoints=breakpoints)
    limit = int(random.choice([len(ids), 5, 100]))
    enders = sorted(vocabulary.special_ids)
    stop_ids = enders[1:2] if random.random() < 0.3 else []
    eos_ids = enders[:1] if random.random() < 0.4 else []
    by_id = TokenEnding(stop_ids, eos_ids, limit, GivenTokens(forced))
    ending = Ending(vocabulary, prompt, written, settings.stop, settings.breakpoints)
    prediction = SimpleNamespace(entropy=1.0, logprob=lambda _: -1.0)
    tokens: list[list[Any]] = []
    cancelled = int(random.integers(3, 30))
    for index in range(len(written), len(ids)):
        choice = SimpleNamespace(token_id=ids[index], forced=index < len(forced))
        text = ending.add(
            cast(Choice, choice),
            cast(Prediction, prediction),
            by_id=by_id.reason(ids[index], index),
            caller="cancelled" if index == cancelled else None,
        )
        hits = [[hit.condition, rounded(hit.value or 0), hit.found] for hit in ending.hits]
        tokens.append([text, ending.reason, hits])
        if ending.reason:
            break
    return {
        "stop": stop,
        "breakpoints": breakpoints,
        "written": written,
        "before": ending.text_before,
        "rule": {"stop_ids": stop_ids, "eos_ids": eos_ids, "limit": limit, "forced": forced},
        "cancelled": cancelled,
        "tokens": tokens,
    }


if __name__ == "__main__":
    print(write(NAME, content(odd_strings())))
