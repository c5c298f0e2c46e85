"""A tokenizer that is all in its `tokenizer.json`, by transformers' names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models

from mav_engine.backends.tokenizer_limits import check_limits
from mav_engine.text.tokens import has_tokens

_KINDS = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Classes that take the file as it stands; others change what it says."""
_SPECIAL = ("bos_token", "eos_token", "pad_token", "unk_token")
_CHANGES_NOTHING = frozenset(
    {
        "backend", "clean_up_tokenization_spaces", "is_local", "local_files_only",
        "model_max_length", "tokenizer_class",
    }
)  # fmt: skip
_MORE_FILES = ("added_tokens.json", "chat_template.jinja", "special_tokens_map.json")


class PlainTokenizer:
    """What the engine asks of a tokenizer; it has no chat template."""

    chat_template = None

    def __init__(self, tokenizer: Tokenizer, eos_token: str | None) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.backend_tokenizer = tokenizer
        self.eos_token_id = None if eos_token is None else tokenizer.token_to_id(eos_token)

    def __call__(
        self, text: str, *, add_special_tokens: bool, return_attention_mask: bool = False
    ) -> dict[str, list[int]]:
        if return_attention_mask:
            raise ValueError("one text has no attention mask")
        # Unlike `encode`, this leaves Python's lock to other threads, and keeps no offsets.
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


def read_tokenizer(folder: Path) -> PlainTokenizer | None:
    """The tokenizer of a model folder; None where more than its one file makes it what it is."""
    if any((folder / name).exists() for name in _MORE_FILES):
        return None
    given = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    if given.get("tokenizer_class") not in _KINDS or set(given) - {*_SPECIAL, *_CHANGES_NOTHING}:
        return None
    check_limits(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # transformers removes spaces before punctuation then, of all but BPE.
    cleans_up = given.get("clean_up_tokenization_spaces")
    if cleans_up and not isinstance(tokenizer.model, models.BPE):
        return None
    special = {t.content for t in tokenizer.get_added_tokens_decoder().values() if t.special}
    named = {given[name] for name in _SPECIAL if given.get(name) is not None}
    read = PlainTokenizer(tokenizer, given.get("eos_token"))
    return read if named <= special and has_tokens(read) else None
