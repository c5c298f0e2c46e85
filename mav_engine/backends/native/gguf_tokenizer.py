"""The tokenizer of a GGUF file, made with the tokenizers library.

Files have a vocabulary, merges or scores, the kinds of the tokens, and the name of the rule by
which a text is split into words, the pre-tokenizer. What they do not state is as in llama.cpp.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from mav_engine.backends.native.tokenizer import FileTokenizer
from mav_engine.backends.tokenizer_limits import MAX_ADDED_TOKENS
from mav_engine.errors import UnusableModel
from mav_engine.models.bounded_files import MAX_CONFIG_BYTES, MB
from mav_engine.models.gguf.header import GgufHeader
from mav_engine.text.detokenizer import BYTES
from mav_engine.wording import listed, shown

LOG = logging.getLogger("mav.models")

_CONTROL, _USER_DEFINED, _BYTE = 3, 4, 6
"""Kinds of tokens."""
_SPECIAL: Mapping[str, str] = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "sep_token": "seperator_token_id",  # so spelled in the format
    "pad_token": "padding_token_id",
    "cls_token": "cls_token_id",
    "mask_token": "mask_token_id",
}

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
_QWEN35 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_DIGIT = r"\p{N}"
_GPT2_WORDS = "gpt-2"
"""The rule of the ByteLevel pre-tokenizer itself."""

_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "dbrx", "falcon-h1", "falcon3", "jina-v5-nano", "lfm2", "llama-bpe", "llama-v3",
            "llama3", "midm-2.0", "pixtral", "smaug-bpe",
        ),
        _LLAMA3,
    ),
    **dict.fromkeys(
        ("deepseek-r1-qwen", "f2llmv2", "kormo", "megrez", "qwen2", "stablelm2"), _QWEN2
    ),
    **dict.fromkeys(("qwen35",), _QWEN35),
    **dict.fromkeys(("tekken",), _TEKKEN),
    **dict.fromkeys(("gpt-4o", "kanana2", "llama4", "minimax-m2", "talkie"), _GPT4O),
    **dict.fromkeys(
        ("codeshell", "command-r", "exaone", "minerva-7b", "refact", "smollm", "starcoder"), _DIGIT
    ),
    **dict.fromkeys(
        (
            "gigachat", "gpt-2", "jais", "jina-de", "jina-es", "jina-v2-code", "jina-v2-de",
            "jina-v2-es", "mpt", "olmo", "phi-2", "roberta-bpe", "trillion",
        ),
        _GPT2_WORDS,
    ),
}  # fmt: skip
"""How a text is split into words, by the names of pre-tokenizers: a regular expression of words.
`_DIGIT` stands for GPT-2's words after each digit was split off."""
_BEGINS_TEXTS = frozenset(
    {"falcon-h1", "falcon3", "llama-bpe", "llama-v3", "llama3", "pixtral", "tekken"}
)
"""Pre-tokenizers whose models begin a text with the token for that, unless the file says
otherwise; the words that are tokens themselves are not split by merges."""


def read_gguf_tokenizer(header: GgufHeader) -> FileTokenizer:
    """The tokenizer of a file.

    Raises:
        UnusableModel: it is missing, broken, or of a kind that is not known here.
    """
    given = _Given(header)
    kind = given.text("model")
    if kind == "gpt2":
        tokenizer, adds_bos = _byte_level(given)
    elif kind == "llama":
        tokenizer, adds_bos = _sentencepiece(given), True
    else:
        raise given.wrong(
            f"its tokenizer is {shown(kind)}, which is not supported here; gpt2 and llama are"
        )
    _add_tokens(tokenizer, given)
    special = given.special()
    bos = special.get("bos_token") if given.flag("add_bos_token", adds_bos) else None
    eos = special.get("eos_token") if given.flag("add_eos_token", False) else None
    tokenizer.post_processor = _ends(tokenizer, bos, eos)
    read = FileTokenizer(tokenizer, special, chat_template(header))
    if bos is not None:
        # As in llama.cpp, a conversation begins with this token too, whether or not the template
        # writes it. In transformers only the template decides.
        read.conversation_begin_id = tokenizer.token_to_id(bos)
    return read


def chat_template(header: GgufHeader) -> Any:
    """The chat template as in transformers: a template, templates by name, or None.

    Raises:
        UnusableModel: it is no text, or too long.
    """
    prefix = "tokenizer.chat_template"
    found = {
        name.removeprefix(prefix).removeprefix(".") or "default": value
        for name, value in header.settings.items()
        if name == prefix or name.startswith(f"{prefix}.")
    }
    for name, value in found.items():
        if not isinstance(value, str) or len(value) > MAX_CONFIG_BYTES:
            raise UnusableModel(
                f"{header.path.name}: the chat template {name} must be a text of at most "
                f"{MAX_CONFIG_BYTES / MB:.0f} MB."
            )
    return found.get("default") if set(found) <= {"default"} else found


class _Given:
    """The settings of the tokenizer."""

    def __init__(self, header: GgufHeader) -> None:
        self._header = header
        self.tokens = self.texts("tokens")
        if not self.tokens:
            raise self.wrong("its tokenizer has no tokens")
        kinds = self.get("token_type")
        self.kinds: Sequence[int] = kinds.tolist() if isinstance(kinds, np.ndarray) else []
        if self.kinds and len(self.kinds) != len(self.tokens):
            raise self.wrong(
                f"it has {len(self.tokens):,} tokens, but kinds of {len(self.kinds):,}"
            )

    def get(self, name: str) -> Any:
        return self._header.settings.get(f"tokenizer.ggml.{name}")

    def text(self, name: str) -> str:
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(f"tokenizer.ggml.{name} must be a text, not {shown(value)}")
        return value or ""

    def texts(self, name: str) -> list[str]:
        value = self.get(name)
        if value is not None and not isinstance(value, list):
            raise self.wrong(f"tokenizer.ggml.{name} must be a list of texts")
        return value or []

    def flag(self, name: str, default: bool) -> bool:
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(f"tokenizer.ggml.{name} must be true or false, not {shown(value)}")
        return default if value is None else value

    def special(self) -> dict[str, str]:
        """The texts of the special tokens by transformers' names."""
        found = {}
        for name, setting in _SPECIAL.items():
            index = self.get(setting)
            if type(index) is int and 0 <= index < len(self.tokens):
                found[name] = self.tokens[index]
            elif index is not None:
                LOG.warning(
                    "%s: tokenizer.ggml.%s is %s, but the vocabulary has %d tokens; it is ignored.",
                    self._header.path.name, setting, shown(index), len(self.tokens),
                )  # fmt: skip
        return found

    def of_kind(self, kind: int) -> list[str]:
        """The tokens of a kind."""
        pairs = zip(self.tokens, self.kinds, strict=False)
        return [token for token, each in pairs if each == kind]

    def scores(self) -> list[float]:
        found = self.get("scores")
        if not isinstance(found, np.ndarray) or len(found) != len(self.tokens):
            raise self.wrong("its tokenizer has neither merges nor a score for each token")
        return [float(each) for each in found]

    def merges(self) -> list[tuple[str, str]]:
        pairs = []
        for each in self.texts("merges"):
            at = each.find(" ", 1)  # a token may itself begin with a space
            first, second = each[:at], each[at + 1 :]
            if at < 0 or not second:
                raise self.wrong(f"its tokenizer has the merge {shown(each)}, which is not a pair")
            pairs.append((first, second))
        return pairs

    @property
    def name(self) -> str:
        return self._header.path.name

    @property
    def architecture(self) -> str:
        return self._header.architecture

    def wrong(self, problem: str) -> UnusableModel:
        return UnusableModel(
            f"{self._header.path.name}: {problem}. Get the file from where it was published, or "
            "the model in Hugging Face layout."
        )


def _byte_level(given: _Given) -> tuple[Tokenizer, bool]:
    """A tokenizer of the bytes of UTF-8, and whether its texts begin with a special token."""
    words = _words(given)
    spelling = {byte: character for character, byte in BYTES.items()}
    known = set(BYTES)
    vocabulary = {}
    whole = {*given.of_kind(_CONTROL), *given.of_kind(_USER_DEFINED)}
    for index, token in enumerate(given.tokens):
        plain = token in whole or known.issuperset(token)
        text = token if plain else "".join(spelling[byte] for byte in token.encode())
        vocabulary[text] = index
    begins = given.text("pre") in _BEGINS_TEXTS
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=_known_merges(given, vocabulary, given.merges()),
            ignore_merges=begins,
            fuse_unk=False,
            byte_fallback=False,
        )
    )
    to_bytes = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=words in (_GPT2_WORDS, _DIGIT)
    )
    if words == _GPT2_WORDS:
        tokenizer.pre_tokenizer = to_bytes
    else:
        split = pre_tokenizers.Split(Regex(words), behavior="isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, to_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, begins


def _words(given: _Given) -> str:
    named = given.text("pre")
    if named in _WORDS:
        return _WORDS[named]
    if named not in ("", "default"):
        raise given.wrong(
            f"it splits texts by the rule {shown(named)} (tokenizer.ggml.pre), which is not known "
            f"here; known: {listed(sorted(_WORDS), 60)}"
        )
    if given.architecture != "gpt2":
        # llama.cpp warns too. Such files were made before April 2024.
        LOG.warning(
            "%s does not name the rule by which its tokenizer splits texts (tokenizer.ggml.pre). "
            "GPT-2's is used, which may be the wrong one: a newer file of the model names it.",
            given.name,
        )
    return _GPT2_WORDS


def _sentencepiece(given: _Given) -> Tokenizer:
    vocabulary = {token: index for index, token in enumerate(given.tokens)}
    merges = given.merges() or _merges_of_scores(given, vocabulary)
    prefixed = given.flag("add_space_prefix", True)
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=_known_merges(given, vocabulary, merges),
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="▁", prepend_scheme="first" if prefixed else "never", split=False
    )
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if prefixed:
        steps.append(decoders.Strip(content=" ", left=1))
    tokenizer.decoder = decoders.Sequence(steps)
    return tokenizer


def _merges_of_scores(given: _Given, vocabulary: Mapping[str, int]) -> list[tuple[str, str]]:
    """The pairs of tokens that are a token together, that with the highest score first, as
    transformers orders them."""
    found: list[tuple[float, int, int, str, str]] = []
    for token, score in zip(given.tokens, given.scores(), strict=True):
        local = []
        for at in range(1, len(token)):
            first, second = token[:at], token[at:]
            if first in vocabulary and second in vocabulary:
                local.append((score, len(first), len(second), first, second))
        local.sort(key=lambda each: (vocabulary[each[3]], vocabulary[each[4]]))
        found += local
    found.sort(key=lambda each: each[:3], reverse=True)
    return [each[3:] for each in found]


def _known_merges(
    given: _Given, vocabulary: Mapping[str, int], merges: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The merges, checked: each joins two tokens to a token. The library would raise an error of
    its own."""
    for first, second in merges:
        for part in (first, second, first + second):
            if part not in vocabulary:
                raise given.wrong(
                    f"its tokenizer merges {shown(first)} and {shown(second)}, but has no token "
                    f"{shown(part)}"
                )
    return merges


def _add_tokens(tokenizer: Tokenizer, given: _Given) -> None:
    """Tokens that are found as a whole in a text."""
    control, own = given.of_kind(_CONTROL), given.of_kind(_USER_DEFINED)
    if len(control) + len(own) > MAX_ADDED_TOKENS:
        raise given.wrong(
            f"its tokenizer has {len(control) + len(own):,} added tokens, but at most "
            f"{MAX_ADDED_TOKENS:,} are supported"
        )
    named = set(given.special().values())
    texts = dict.fromkeys([*control, *sorted(named)])
    adding = [AddedToken(each, normalized=False, special=True) for each in texts if each]
    adding += [
        AddedToken(each, normalized=False, special=False)
        for each in dict.fromkeys(own)
        if each and each not in texts
    ]
    tokenizer.add_tokens(adding)


def _ends(tokenizer: Tokenizer, bos: str | None, eos: str | None) -> Any:
    """The post-processor that adds a text's first and last token."""
    ends = [each for each in (bos, eos) if each is not None]

    def template(text: str, place: int) -> list[str]:
        first = [] if bos is None else [f"{bos}:{place}"]
        return [*first, f"{text}:{place}", *([] if eos is None else [f"{eos}:{place}"])]

    return processors.TemplateProcessing(
        single=template("$A", 0),
        pair=[*template("$A", 0), *template("$B", 1)],
        special_tokens=[(each, tokenizer.token_to_id(each)) for each in ends],
    )
