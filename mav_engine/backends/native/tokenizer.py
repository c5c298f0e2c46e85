"""The tokenizer of a model folder, read with the tokenizers library as transformers reads it.

transformers has a class for each kind of tokenizer. Most use `tokenizer.json` unchanged. Those of
GPT-2, Llama and Qwen take only the vocabulary, the merges and the post-processor from it and have
their own normalizer, pre-tokenizer and decoder. A test compares all of them with transformers'.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from mav_engine.backends.native.tokenizer_settings import (
    TokenizerSettings,
    read_settings,
    tokenizer_class,
)
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.backends.tokenizer_limits import check_limits
from mav_engine.models.bounded_files import read_bytes, read_json
from mav_engine.text.tokens import has_tokens

_END_OF_TEXT = "<|endoftext|>"
_QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_MANY = 100_000
"""Size of vocabularies from which on transformers may exchange a pre-tokenizer of Mistral's."""


class FileTokenizer:
    """The methods of transformers' tokenizers that the engine uses.

    Args:
        tokenizer: of the tokenizers library.
        special: the texts of the special tokens by their names, such as eos_token.
        chat_template: as in transformers: a template, templates by name, or None.
    """

    def __init__(
        self, tokenizer: Tokenizer, special: Mapping[str, str], chat_template: Any = None
    ) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.backend_tokenizer = tokenizer
        self.special_tokens_map = dict(special)
        self.chat_template = chat_template
        eos = special.get("eos_token")
        self.eos_token_id: int | None = None if eos is None else tokenizer.token_to_id(eos)
        self.conversation_begin_id: int | None = None
        """The token with which conversations begin; None if the chat template writes it or there
        is none."""

    def __call__(
        self, text: str, *, add_special_tokens: bool, return_attention_mask: bool = False
    ) -> dict[str, list[int]]:
        if return_attention_mask:
            raise ValueError("one text has no attention mask")
        # Unlike `encode`, this releases the GIL and computes no offsets.
        (read,) = self.backend_tokenizer.encode_batch_fast(
            [text], add_special_tokens=add_special_tokens
        )
        return {"input_ids": read.ids}

    def __len__(self) -> int:
        return int(self.backend_tokenizer.get_vocab_size(with_added_tokens=True))

    @property
    def added_tokens_decoder(self) -> dict[int, Any]:
        """Added tokens by their ids."""
        added: dict[int, Any] = self.backend_tokenizer.get_added_tokens_decoder()
        return added

    def convert_ids_to_tokens(self, token_id: int) -> str | None:
        piece: str | None = self.backend_tokenizer.id_to_token(token_id)
        return piece

    def convert_tokens_to_string(self, pieces: Sequence[str]) -> str:
        decoder = self.backend_tokenizer.decoder
        return "".join(pieces) if decoder is None else str(decoder.decode(list(pieces)))


def read_tokenizer(folder: Path, config: Mapping[str, Any]) -> FileTokenizer:
    """The tokenizer of a model folder.

    Args:
        folder: with `tokenizer.json`, or with `vocab.json` and `merges.txt` of a GPT-2.
        config: the fields of `config.json`.

    Raises:
        Unsupported: other files or settings change it.
        UnusableModel: a file is broken, or the tokenizer would exhaust the memory.
    """
    check_limits(folder)
    whole = (folder / "tokenizer.json").is_file()
    described = read_json(folder / "tokenizer.json") if whole else {}
    settings = read_settings(folder, described)
    kind = tokenizer_class(config, settings, described)
    if described.get("padding") is not None:
        raise Unsupported("its tokenizer.json has padding")
    if not whole and kind != "GPT2Tokenizer":
        raise Unsupported("it has no tokenizer.json")
    defaults: Mapping[str, str] = {}
    if kind == "TokenizersBackend":
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    else:
        make, defaults = _CLASSES[kind]
        tokenizer = _made(make, settings, described, folder)
    special = settings.special(defaults)
    _add_tokens(tokenizer, settings, special)
    if kind == "Qwen2Tokenizer":
        texts = dict.fromkeys([*map(_text, special.values()), *map(_text, settings.extra)])
        tokenizer.add_tokens([AddedToken(each, special=True) for each in texts])
    if tokenizer.post_processor is None or settings.states_ends(whole):
        tokenizer.post_processor = _ends(tokenizer, settings, special, whole)
    if config.get("model_type") == "mistral" and tokenizer.get_vocab_size() > _MANY:
        raise Unsupported("its tokenizer may be one that transformers corrects")
    # With this setting transformers removes spaces before punctuation, except for BPE.
    if settings.cleans_up and not isinstance(tokenizer.model, models.BPE):
        raise Unsupported("its tokenizer cleans up spaces")
    texts_by_name = {name: _text(token) for name, token in special.items()}
    read = FileTokenizer(tokenizer, texts_by_name, chat_template(folder, settings.chat_template))
    if not has_tokens(read):
        raise Unsupported("its tokenizer has no tokens")
    return read


def chat_template(folder: Path, stated: Any) -> Any:
    """The chat template as in transformers: files take precedence over the setting."""
    named: dict[str, Any] = {}
    if (folder / "chat_template.jinja").is_file():
        named["default"] = read_bytes(folder / "chat_template.jinja").decode()
    for path in sorted((folder / "additional_chat_templates").glob("*.jinja")):
        named[path.stem] = read_bytes(path).decode()
    if set(named) == {"default"}:
        return named["default"]
    if named:
        return named
    if isinstance(stated, list):
        return {each["name"]: each["template"] for each in stated}
    return stated


def _gpt2(vocabulary: Any, merges: Any, settings: TokenizerSettings) -> Tokenizer:
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges,
            dropout=None,
            continuing_subword_prefix="",
            end_of_word_suffix="",
            fuse_unk=False,
        )
    )
    prefixed = bool(settings.add_prefix_space)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefixed)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _qwen2(vocabulary: Any, merges: Any, settings: TokenizerSettings) -> Tokenizer:
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges,
            dropout=None,
            unk_token=None,
            continuing_subword_prefix="",
            end_of_word_suffix="",
            fuse_unk=False,
            byte_fallback=False,
        )
    )
    prefixed = bool(settings.add_prefix_space)
    words = pre_tokenizers.Split(Regex(_QWEN2_WORDS), behavior="isolated", invert=False)
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=prefixed, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, to_bytes])
    return tokenizer


def _llama(vocabulary: Any, merges: Any, settings: TokenizerSettings) -> Tokenizer:
    prefixed = settings.add_prefix_space is not False
    scheme = "never" if not prefixed else "always" if settings.legacy else "first"
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, fuse_unk=True, byte_fallback=True, dropout=None)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="▁", prepend_scheme=scheme, split=False
    )
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if prefixed:
        steps.append(decoders.Strip(content=" ", left=1))
    tokenizer.decoder = decoders.Sequence(steps)
    return tokenizer


_Make = Callable[[Any, Any, TokenizerSettings], Tokenizer]
_CLASSES: Mapping[str, tuple[_Make, Mapping[str, str]]] = {
    "GPT2Tokenizer": (
        _gpt2,
        dict.fromkeys(("unk_token", "bos_token", "eos_token"), _END_OF_TEXT),
    ),
    "Qwen2Tokenizer": (
        _qwen2,
        dict.fromkeys(("unk_token", "eos_token", "pad_token"), _END_OF_TEXT),
    ),
    "LlamaTokenizer": (
        _llama,
        {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"},
    ),
}
"""The classes that have their own pipeline, with their default special tokens."""


def _made(
    make: _Make, settings: TokenizerSettings, described: Mapping[str, Any], folder: Path
) -> Tokenizer:
    if not described:
        tokens = read_json(folder / "vocab.json")
        lines = read_bytes(folder / "merges.txt").decode().splitlines()
        kept = (line.split() for line in lines if line and not line.startswith("#version"))
        return make(tokens, [tuple(pair) for pair in kept], settings)
    model = described.get("model") or {}
    vocabulary, merges = model.get("vocab"), model.get("merges")
    if model.get("type") != "BPE" or not isinstance(vocabulary, dict) or merges is None:
        raise Unsupported("its tokenizer.json has no merges")
    pairs = [tuple(each.split(" ")) if isinstance(each, str) else tuple(each) for each in merges]
    tokenizer = make(vocabulary, pairs, settings)
    # Read by the library, as a tokenizer without tokens.
    empty = {**described, "model": {**model, "vocab": {}, "merges": []}, "added_tokens": []}
    tokenizer.post_processor = Tokenizer.from_str(json.dumps(empty)).post_processor
    return tokenizer


def _add_tokens(
    tokenizer: Tokenizer, settings: TokenizerSettings, special: Mapping[str, Any]
) -> None:
    """Add the tokens of the settings, and special tokens that there are not yet."""
    adding = [token for _, token in sorted(settings.added.items())]
    known = {each.content for each in tokenizer.get_added_tokens_decoder().values()}
    known |= {each.content for each in adding}
    names = set(map(_text, special.values()))
    for token in [*special.values(), *settings.extra]:
        if _text(token) not in known and token not in adding:
            adding.append(token)
    made = [AddedToken(each, special=True) if isinstance(each, str) else each for each in adding]
    for token in made:
        if token.content in names:
            token.special = True
    tokenizer.add_tokens(made)


def _ends(
    tokenizer: Tokenizer,
    settings: TokenizerSettings,
    special: Mapping[str, Any],
    whole: bool,
) -> Any:
    """The post-processor that adds a text's first and last token."""
    bos = special.get("bos_token") if settings.adds_bos(whole) else None
    eos = special.get("eos_token") if settings.adds_eos(whole) else None
    ends = [_text(each) for each in (bos, eos) if each is not None]
    before = "" if bos is None else f"{_text(bos)}:0 "
    after = "" if eos is None else f" {_text(eos)}:0"
    single = f"{before}$A:0{after}"
    before = "" if bos is None else f" {_text(bos)}:1"
    after = "" if eos is None else f" {_text(eos)}:1"
    return processors.TemplateProcessing(
        single=single,
        pair=f"{single}{before} $B:1{after}",
        special_tokens=[(each, tokenizer.token_to_id(each)) for each in ends],
    )


def _text(token: Any) -> str:
    return token if isinstance(token, str) else str(token.content)
