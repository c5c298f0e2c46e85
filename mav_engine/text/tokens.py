"""Converts token ids to text: labels of single tokens, and streams of a growing output.

A label shows a single token, with spaces and with incomplete characters as bytes (`<0xF0>`). A
stream returns the text that each token adds to the text before it; all pieces concatenate to the
decoded text, including characters that span tokens.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

from mav_engine.contract.events import TokenRef
from mav_engine.text.detokenizer import BYTES, Detokenizer, Stream, bytes_of, common_length

_BYTE_PIECE = re.compile(r"^<0x([0-9A-Fa-f]{2})>$")
_BROKEN = "\ufffd"
_MAX_TAILS = 4_000_000
"""Characters that `token_refs` may compare in total."""


class Vocabulary:
    """The texts of a tokenizer's tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._detokenizer = Detokenizer(tokenizer)
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

    def token_refs(self, ids: Sequence[int]) -> list[TokenRef]:
        """These tokens with the text that each adds; special tokens have their own text.

        Without special tokens, the texts concatenate to `decode(ids)`.
        """
        stream = self.stream()
        certain, ends, tails, budget = [], [], [], _MAX_TAILS
        length = 0
        for token_id in ids:
            certain.append(stream.push(token_id))
            length += len(certain[-1])
            tails.append(stream.rest() if budget > 0 else "")
            budget -= len(tails[-1])
            ends.append(length)
        whole = "".join(certain) + stream.rest()
        shown = [place for place, token_id in enumerate(ids) if token_id not in self.special_ids]
        texts, before = self.labels(ids), 0
        for place in shown:
            # The text up to the next token that later tokens do not change.
            end = ends[place]
            until = end + common_length(tails[place], whole[end : end + len(tails[place])])
            until = len(whole) if place == shown[-1] else max(before, until)
            texts[place] = whole[before:until]
            before = until
        return list(map(TokenRef, ids, texts))

    def stream(self) -> Stream:
        """A new stream of a text."""
        return self._detokenizer.stream()

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids of a text; `special` adds the special tokens that the model expects."""
        with self._encoding:
            ids = self._tokenizer(text, add_special_tokens=special, return_attention_mask=False)
        return list(ids["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these ids, without special tokens."""
        return self._detokenizer.decode(ids)

    @cached_property
    def digest(self) -> str:
        """A hash of all tokens with their ids."""
        ids = range(len(self._tokenizer))
        pieces = [self._tokenizer.convert_ids_to_tokens(token_id) for token_id in ids]
        return hashlib.sha256(json.dumps(pieces).encode()).hexdigest()

    @cached_property
    def added(self) -> dict[str, int]:
        """Added tokens, special or not, by their text."""
        return {token.content: each for each, token in self._added.items()}

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
        piece, kinds = self._detokenizer.token(token_id), self._detokenizer.kinds
        if piece is None:
            return f"<id {token_id}>"
        if "ByteLevel" in kinds and all(character in BYTES for character in piece):
            return _shown(bytes_of(piece))
        if byte := _BYTE_PIECE.match(piece):
            return _shown(bytes([int(byte[1], 16)]))
        if "▁" in piece:
            return piece.replace("▁", " ")
        return piece if kinds & {"ByteFallback", "Metaspace"} else self._plain(piece)

    def _plain(self, piece: str) -> str:
        try:
            return str(self._tokenizer.convert_tokens_to_string([piece]))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of the tokenizers library is not an Exception
            return piece

    @cached_property
    def _added(self) -> dict[int, Any]:
        return dict(self._tokenizer.added_tokens_decoder)


def _shown(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in data)


class TextStream:
    """The exact text that each token adds to the output.

    Text is returned once no later token can change it (an incomplete character, `</w>` that may
    become a space). All pieces concatenate to the part of `decode(prompt + ids)` after
    `decode(prompt)`. If a token changes the end of the prompt's text, the changed text is repeated,
    except for characters that a broken byte turns into U+FFFD.
    """

    def __init__(self, vocabulary: Vocabulary, prompt_ids: Sequence[int]) -> None:
        self._stream = vocabulary.stream()
        for token_id in prompt_ids:
            self._stream.push(token_id)
        self._prompt_end = self._stream.rest()
        """The end of the prompt's text that new tokens may still change."""
        self._held = ""

    def push(self, token_id: int, *, last: bool = False) -> str:
        """The text that became final with this token; with `last`, all remaining text."""
        text = self._stream.push(token_id)
        if last:
            text += self._stream.rest()
        return self._after_prompt(text) if self._prompt_end else text

    def rest(self) -> str:
        """The text that would follow if no more tokens came. Ends the stream."""
        text = self._stream.rest()
        return self._after_prompt(text) if self._prompt_end else text

    def _after_prompt(self, text: str) -> str:
        self._held += text
        end, whole = self._prompt_end, self._held
        same = common_length(end, whole)
        rewritten = whole[same : len(end)]
        broken = rewritten == _BROKEN * len(rewritten)
        if broken and len(whole) < len(end):
            return ""
        self._prompt_end = ""
        return whole[len(end) if broken else same :]


class StopMatcher:
    """Finds the first stop string in a stream, and holds possible beginnings of one back.

    Stop strings are matched in the text without special tokens. One that mixes a special token with
    other text (`<|im_end|>` and a line break) is matched in the text with special tokens. Each
    character is compared with each stop string about once (Knuth, Morris and Pratt 1977).

    Args:
        stop: the stop strings.
        special: the texts of the special tokens.
    """

    def __init__(self, stop: Iterable[str], special: Collection[str] = ()) -> None:
        self._matchers: list[_Matcher] = []
        self._with_special: list[_Matcher] = []
        for each in dict.fromkeys(stop):
            mixed = any(text in each and text != each for text in special)
            (self._with_special if mixed else self._matchers).append(_Matcher(each))
        longest = max((each.length for each in self._with_special), default=0)
        self._is_shown: deque[bool] = deque(maxlen=longest)
        """For the last characters, special tokens included, whether they are shown."""
        self._held = ""
        self.hit = False
        """Whether a stop string was found; no more text is returned then."""

    def push(self, added: str, *, special: str = "", last: bool = False) -> str:
        """The text that can be shown, from held text and this addition.

        Args:
            added: the text that a token adds.
            special: the token's own text, if it is a special token; it is not shown.
            last: whether this is the last text.
        """
        if not self._matchers and not self._with_special:
            return added
        text = self._held + added
        begins = [place for each in self._matchers if (place := each.find(added)) is not None]
        keep = max((each.matched for each in self._matchers), default=0)
        if self._with_special:
            more, kept = self._find_with_special(added, special)
            begins, keep = begins + more, max(keep, kept)
        if begins:
            self.hit = True
            shown, self._held = text[: len(self._held) + min(begins)], ""
            return shown
        keep = 0 if last else keep
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def _find_with_special(self, added: str, special: str) -> tuple[list[int], int]:
        """Where matches begin in the shown text, relative to `added`, and how much to hold back."""
        before = list(self._is_shown)
        begins = [
            -sum(before[begin:]) if begin < 0 else min(begin, len(added))
            for each in self._with_special
            if (begin := each.find(added + special)) is not None
        ]
        self._is_shown.extend([True] * len(added) + [False] * len(special))
        shown = list(self._is_shown)
        held = (each.matched for each in self._with_special)
        return begins, max(sum(shown[len(shown) - matched :]) for matched in held)


class _Matcher:
    """Finds one string in a stream of text."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.length = len(wanted)
        self._shorter = _borders(wanted)
        self.matched = 0
        """Number of characters of the string that the text ends with."""

    def find(self, added: str) -> int | None:
        """Where the first match that ends in `added` begins, relative to its start (so it may be
        negative)."""
        wanted, matched = self._wanted, self.matched
        if not matched and wanted[0] not in added:
            return None
        for place, character in enumerate(added):
            while matched and wanted[matched] != character:
                matched = self._shorter[matched - 1]
            if wanted[matched] == character:
                matched += 1
                if matched == len(wanted):
                    return place + 1 - matched
        self.matched = matched
        return None


def _borders(text: str) -> list[int]:
    """For each beginning of a text, the length of the longest shorter one that also ends it."""
    lengths = [0] * len(text)
    length = 0
    for place in range(1, len(text)):
        while length and text[place] != text[length]:
            length = lengths[length - 1]
        length += text[place] == text[length]
        lengths[place] = length
    return lengths


def has_tokens(tokenizer: Any) -> bool:
    """Whether a tokenizer has tokens for text, besides its special ones."""
    special = [each for each in tokenizer.added_tokens_decoder.values() if each.special]
    ids = tokenizer("a b", add_special_tokens=False)["input_ids"]
    return len(tokenizer) > len(special) and bool(ids)
