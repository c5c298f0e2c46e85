"""From token ids to exact text: the label of one token, and the stream of a growing output.

Two rules. A label shows a token by itself, spaces kept, bytes that are no whole character as
`<0xF0>`. A stream gives the text that a token adds to what stands before it, so that the
pieces concatenate to the decoded whole, characters that span tokens included.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from mav_engine.events import TokenRef

_BYTE_PIECE = re.compile(r"^<0x([0-9A-Fa-f]{2})>$")
_UNFINISHED = "\ufffd"
_CONTEXT = 6
"""Tokens of the prompt that a stream decodes along, so that leading spaces are kept."""


def _byte_of_character() -> dict[str, int]:
    """The byte behind each printable stand-in of byte-level BPE (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    stand_ins = printable + [0x100 + place for place in range(len(others))]
    return {chr(stand): byte for stand, byte in zip(stand_ins, printable + others, strict=True)}


_BYTES = _byte_of_character()


class Vocabulary:
    """The texts of a tokenizer's tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._fast = getattr(tokenizer, "backend_tokenizer", None)
        self._labels: dict[int, str] = {}
        # Encoding sets truncation and padding on the tokenizer, so one thread at a time.
        self._encoding = threading.Lock()

    def label(self, token_id: int) -> str:
        """The token's own text. Ids beyond the tokenizer (padding rows) show as `<id 123>`."""
        known = self._labels.get(token_id)
        if known is None:
            known = self._labels[token_id] = self._make_label(token_id)
        return known

    def labels(self, ids: Sequence[int]) -> list[str]:
        """The texts of several tokens."""
        try:
            return [self._labels[token_id] for token_id in ids]
        except KeyError:
            return [self.label(token_id) for token_id in ids]

    def ref(self, token_id: int) -> TokenRef:
        return TokenRef(token_id, self.label(token_id))

    def spell(self, ids: Sequence[int]) -> list[TokenRef]:
        """These tokens with the text that each adds; special tokens show their own."""
        stream = TextStream(self, [])
        texts = [stream.push(each, last=at + 1 == len(ids)) for at, each in enumerate(ids)]
        return [
            TokenRef(each, self.label(each) if each in self.special_ids else text)
            for each, text in zip(ids, texts, strict=True)
        ]

    def is_byte(self, token_id: int) -> bool:
        """Whether a decoder with byte fallback reads this token as one byte of a run.

        Such a run is decoded as a whole: one broken byte turns every byte of it into U+FFFD,
        so its text is only known when it is over.
        """
        if "ByteFallback" not in self._decoders:
            return False
        return bool(_BYTE_PIECE.match(self._tokenizer.convert_ids_to_tokens(token_id) or ""))

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids of a text; `special` adds what the model expects around a text."""
        with self._encoding:
            ids = self._tokenizer(text, add_special_tokens=special, return_attention_mask=False)
        return list(ids["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these ids, special tokens left out."""
        if self._fast is not None:
            return str(self._fast.decode(list(ids), skip_special_tokens=True))
        return str(
            self._tokenizer.decode(
                list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    @cached_property
    def digest(self) -> str:
        """The same for the same tokens under the same ids, and for no others."""
        ids = range(len(self._tokenizer))
        pieces = [self._tokenizer.convert_ids_to_tokens(token_id) for token_id in ids]
        return hashlib.sha256(json.dumps(pieces).encode()).hexdigest()

    @cached_property
    def special(self) -> dict[str, int]:
        """Special tokens by their text."""
        return {token.content: each for each, token in self._added.items() if token.special}

    @cached_property
    def special_ids(self) -> frozenset[int]:
        return frozenset(self.special.values())

    @cached_property
    def white_space(self) -> list[int]:
        """Ids of the tokens whose text is only white space."""
        return [token_id for token_id in range(len(self._tokenizer)) if self._is_blank(token_id)]

    def _is_blank(self, token_id: int) -> bool:
        return self.label(token_id).isspace()

    def _make_label(self, token_id: int) -> str:
        if token_id in self._added:
            return str(self._added[token_id].content)
        piece = self._tokenizer.convert_ids_to_tokens(token_id)
        if piece is None:
            return f"<id {token_id}>"
        if "ByteLevel" in self._decoders and all(character in _BYTES for character in piece):
            return _shown(bytes(_BYTES[character] for character in piece))
        if byte := _BYTE_PIECE.match(piece):
            return _shown(bytes([int(byte[1], 16)]))
        if "▁" in piece:
            return str(piece.replace("▁", " "))
        return str(piece) if self._decoders & {"ByteFallback", "Metaspace"} else self._plain(piece)

    def _plain(self, piece: str) -> str:
        return str(self._tokenizer.convert_tokens_to_string([piece]))

    @cached_property
    def _added(self) -> dict[int, Any]:
        return dict(self._tokenizer.added_tokens_decoder)

    @cached_property
    def _decoders(self) -> frozenset[str]:
        if self._fast is None:
            return frozenset()
        decoder = json.loads(self._fast.to_str()).get("decoder") or {}
        return frozenset(part["type"] for part in [decoder, *decoder.get("decoders", [])])


def _shown(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in data)


class TextStream:
    """The exact text that each token adds to the output.

    A character is given once its last byte is there; `push(..., last=True)` gives what is
    unfinished as U+FFFD, as the decoder itself would.
    """

    def __init__(self, vocabulary: Vocabulary, prompt_ids: Sequence[int]) -> None:
        self._vocabulary = vocabulary
        self._window = list(prompt_ids[-_CONTEXT:])
        self._given = vocabulary.decode(self._window)
        self._in_bytes = False

    def push(self, token_id: int, *, last: bool = False) -> str:
        """The text that this token adds; empty while a character is unfinished."""
        self._window.append(token_id)
        text = self._vocabulary.decode(self._window)
        # A special token is not decoded, so it does not end a run of bytes around it.
        if token_id not in self._vocabulary.special_ids:
            self._in_bytes = self._vocabulary.is_byte(token_id)
        if not last and (text.endswith(_UNFINISHED) or self._in_bytes):
            return ""
        added = text[len(self._given) :]
        self._given = text
        if added and len(self._window) >= 3 * _CONTEXT:
            # The window starts anew at a whole character, so that its cost stays flat.
            self._window = self._window[-_CONTEXT:]
            self._given = self._vocabulary.decode(self._window)
        return added


class StopWatch:
    """Holds text back while it may be the beginning of a stop string, and cuts at the first."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = tuple(stop)
        self._held = ""
        self.hit = False
        """Whether a stop string has come; nothing more is let through then."""

    def push(self, added: str, *, last: bool = False) -> str:
        """What may be shown of the text so far held and this addition."""
        text = self._held + added
        ends = [place for place in map(text.find, self._stop) if place >= 0]
        if ends:
            self.hit, self._held = True, ""
            return text[: min(ends)]
        keep = 0 if last else self._possible_start(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def _possible_start(self, text: str) -> int:
        """Length of the longest end of the text that a stop string begins with."""
        longest = min(len(text), max((len(stop) for stop in self._stop), default=1) - 1)
        for length in range(longest, 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                return length
        return 0
