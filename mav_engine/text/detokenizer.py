"""Incremental decoding: the text that each token adds, as soon as no later token can change it.

A tokenizer's decoder may rewrite earlier text when a token is added: a byte completes a character
or breaks a run of bytes, `</w>` becomes a space, `" ."` becomes `"."`. So each decoder of the
tokenizers library has a counterpart here that works on a stream and holds back exactly what may
still change. For every stream

    "".join(stream.push(i) for i in ids) + stream.rest() == tokenizer.decode(ids)

with special tokens skipped. A `Sequence` of decoders is split where it joins the tokens to one
text: steps before work on tokens, steps after on characters.

Decoders whose output cannot be known before the end (a regular expression over the whole text, for
example) give all text in `rest`. Tokenizers that decode in Python code of their own are decoded as
a whole, see `ProbedStream`.
"""

from __future__ import annotations

import codecs
import copy
import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Protocol

_CLEAN_UP = (
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
)  # fmt: skip
"""What `clean_up_tokenization` of transformers replaces, in its order."""
_CLEAN_UP_IN_DECODERS = (*_CLEAN_UP[:7], (" do not", " don't"), *_CLEAN_UP[7:])
"""What the option `cleanup` of the tokenizers library's decoders replaces, in its order."""
_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2}|\+[0-9A-Fa-f])>")


class Stream(Protocol):
    """The decoding of a growing list of ids."""

    def push(self, token_id: int) -> str:
        """Add a token; the text that is certain now and was not before."""

    def rest(self) -> str:
        """The text that would follow if no more tokens came; does not end the stream."""


class Detokenizer:
    """How a tokenizer's ids become text, and streams of it.

    Args:
        tokenizer: a tokenizer of transformers, or an object with `backend_tokenizer` (a
            `tokenizers.Tokenizer`) or `decode(ids, skip_special_tokens=True)`.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._fast: Any = getattr(tokenizer, "backend_tokenizer", None)
        self.decoder: dict[str, Any] | None = None
        """The decoder's description as in tokenizer.json; None where it has none."""
        known = True
        if self._fast is not None and self._fast.decoder is not None:
            try:
                self.decoder = json.loads(self._fast.decoder.__getstate__())
            except Exception:  # a decoder written in Python
                known = False
        self._steps = None
        if self._fast is not None and known and _decodes_by_library(tokenizer):
            self._steps = _steps_of(self.decoder, clean_up=_cleans_up(tokenizer))
        self._pieces: dict[int, str | None] = {}
        self._looked_up: set[int] = set()
        self._unknown: set[int] = set()

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The types of the decoders, nested ones included."""
        return frozenset(each["type"] for each in _flat(self.decoder))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these ids, special tokens left out; ids without a token add nothing."""
        decode = getattr(self._tokenizer, "decode", None)
        if decode is None:
            return str(self._fast.decode(list(ids), skip_special_tokens=True))
        if self._fast is None:
            ids = self._known(ids)
        return str(decode(list(ids), skip_special_tokens=True))

    def stream(self) -> Stream:
        """A stream of a text that begins with its first token."""
        if self._steps is not None:
            tokens, joiner, filters = copy.deepcopy(self._steps)
            return _ExactStream(self._piece, tokens, joiner, filters)
        if self._fast is not None and _decodes_by_library(self._tokenizer):
            return _WholeStream(self.decode)
        return ProbedStream(self.decode, self._probes())

    def _piece(self, token_id: int) -> str | None:
        """The token as the decoder gets it; None for special tokens and unknown ids."""
        try:
            return self._pieces[token_id]
        except KeyError:
            piece = self._fast.id_to_token(token_id) if 0 <= token_id < 2**32 else None
            piece = None if piece in self._special else piece
            self._pieces[token_id] = piece
            return piece

    @cached_property
    def _special(self) -> frozenset[str]:
        added = self._fast.get_added_tokens_decoder().values()
        return frozenset(each.content for each in added if each.special)

    def token(self, token_id: int) -> str | None:
        """The token as it stands in the vocabulary; None where the tokenizer has no such id."""
        try:
            token = self._tokenizer.convert_ids_to_tokens(token_id)
        except (IndexError, KeyError, ValueError, TypeError, OverflowError):
            return None
        return None if token is None else str(token)

    def _known(self, ids: Sequence[int]) -> list[int]:
        """These ids without those that the tokenizer does not have.

        Each id is looked up once, since streams of tokenizers written in Python decode the whole
        text several times a token.
        """
        if not self._looked_up.issuperset(ids):
            new = set(ids) - self._looked_up
            self._unknown |= {each for each in new if self.token(each) is None}
            self._looked_up |= new
        if self._unknown.isdisjoint(ids):
            return list(ids)
        return [each for each in ids if each not in self._unknown]

    def _probes(self) -> list[int]:
        size = len(self._tokenizer)
        return sorted({size * place // 8 for place in range(8)})


class _ExactStream:
    """The library's decoding, step by step."""

    def __init__(
        self,
        piece: Callable[[int], str | None],
        tokens: list[_TokenStep],
        joiner: _Joiner,
        filters: list[_Filter],
    ) -> None:
        self._piece = piece
        self._tokens = tokens
        self._joiner = joiner
        self._filters = filters

    def push(self, token_id: int) -> str:
        piece = self._piece(token_id)
        if piece is None:
            return ""
        pieces = [piece]
        for step in self._tokens:
            pieces = step.push(pieces)
        text = "".join(map(self._joiner.push, pieces))
        for each in self._filters:
            text = each.push(text)
        return text

    def rest(self) -> str:
        pieces: list[str] = []
        for step in map(copy.copy, self._tokens):
            pieces = [*step.push(pieces), *step.end()]
        joiner = copy.copy(self._joiner)
        text = "".join(map(joiner.push, pieces)) + joiner.end()
        for each in map(copy.copy, self._filters):
            text = each.push(text) + each.end()
        return text


class _WholeStream:
    """All text at the end: for decoders that may rewrite everything."""

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []

    def push(self, token_id: int) -> str:
        self._ids.append(token_id)
        return ""

    def rest(self) -> str:
        return self._decode(self._ids)


class ProbedStream:
    """Decoding by Python code that is not known: certain is what stays under any of a few tokens.

    This is found by trying tokens from all over the vocabulary after the text. Where a tokenizer
    rewrites more than that shows, the rest of the text is held to the end, and given from the first
    changed character on, so that nothing is lost. Long texts are decoded every few tokens only.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], probes: Sequence[int]) -> None:
        self._decode = decode
        self._probes = probes
        self._ids: list[int] = []
        self._given = ""
        self._decoded = 0

    def push(self, token_id: int) -> str:
        self._ids.append(token_id)
        if len(self._ids) - self._decoded < 1 + len(self._ids) // 256:
            return ""
        self._decoded = len(self._ids)
        texts = [self._decode(self._ids), *(self._decode([*self._ids, p]) for p in self._probes)]
        certain = texts[0]
        for text in texts[1:]:
            certain = certain[: common_length(certain, text)]
        certain = certain.rstrip("\ufffd")  # it may be a character that lacks several bytes
        if not certain.startswith(self._given):
            return ""
        added = certain[len(self._given) :]
        self._given = certain
        return added

    def rest(self) -> str:
        text = self._decode(self._ids)
        return text[common_length(text, self._given) :]


class _TokenStep(Protocol):
    """A decoder before the tokens are joined."""

    def push(self, pieces: list[str]) -> list[str]:
        """The tokens that are final now."""

    def end(self) -> list[str]:
        """Those that are final once no more tokens come."""


class _Each:
    """A decoder that changes each token by itself, the first perhaps in another way."""

    def __init__(self, first: Callable[[str], str], other: Callable[[str], str]) -> None:
        self._change = first
        self._other = other
        self._known: dict[str, str] = {}

    def __deepcopy__(self, _memo: Any) -> _Each:
        return copy.copy(self)

    def push(self, pieces: list[str]) -> list[str]:
        if self._change is not self._other and pieces:
            first, self._change = self._change(pieces[0]), self._other
            return [first, *map(self._changed, pieces[1:])]
        return list(map(self._changed, pieces))

    def _changed(self, piece: str) -> str:
        known = self._known.get(piece)
        if known is None:
            known = self._known[piece] = self._change(piece)
        return known

    def end(self) -> list[str]:
        return []


class _Ctc:
    """Of equal tokens in a row one, and none that are empty once the padding is removed."""

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change
        self._last: str | None = None

    def __deepcopy__(self, _memo: Any) -> _Ctc:
        return copy.copy(self)

    def push(self, pieces: list[str]) -> list[str]:
        kept = []
        for piece in pieces:
            if piece != self._last:
                kept.append(self._change(piece))
            self._last = piece
        return [piece for piece in kept if piece]

    def end(self) -> list[str]:
        return []


class _ByteFallback:
    """Runs of `<0xE9>` tokens; one broken byte makes U+FFFD of every byte of its run."""

    def __init__(self) -> None:
        self._run: tuple[int, ...] = ()

    def push(self, pieces: list[str]) -> list[str]:
        made: list[str] = []
        for piece in pieces:
            byte = _BYTE_TOKEN.fullmatch(piece)
            if byte:
                self._run = (*self._run, int(byte[1], 16))
            else:
                made += [*self.end(), piece]
                self._run = ()
        return made

    def end(self) -> list[str]:
        if not self._run:
            return []
        try:
            return [bytes(self._run).decode()]
        except UnicodeDecodeError:
            return ["\ufffd"] * len(self._run)


class _Suffix:
    """`</w>` is a space after every token but the last."""

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self._pending: str | None = None

    def push(self, pieces: list[str]) -> list[str]:
        if not pieces:
            return []
        before = [] if self._pending is None else [self._pending]
        self._pending = pieces[-1]
        return [each.replace(self._suffix, " ") for each in [*before, *pieces[:-1]]]

    def end(self) -> list[str]:
        return [] if self._pending is None else [self._pending.replace(self._suffix, "")]


class _Joiner(Protocol):
    """Makes one text of tokens."""

    def push(self, piece: str) -> str: ...

    def end(self) -> str: ...


class _Join:
    """Token after token, with something between."""

    def __init__(self, between: str = "") -> None:
        self._between = between
        self._before = ""

    def push(self, piece: str) -> str:
        text = self._before + piece
        self._before = self._between
        return text

    def end(self) -> str:
        return ""


class _JoinBytes:
    """Byte-level tokens; a token with any character that stands for no byte is itself."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._known: dict[str, bytes] = {}

    def __copy__(self) -> _JoinBytes:
        made = _JoinBytes()
        made._decoder.setstate(self._decoder.getstate())
        return made

    def __deepcopy__(self, _memo: Any) -> _JoinBytes:
        made = copy.copy(self)
        made._known = self._known  # shared by the streams of a vocabulary
        return made

    def push(self, piece: str) -> str:
        data = self._known.get(piece)
        if data is None:
            data = self._known[piece] = bytes_of(piece)
        return self._decoder.decode(data)

    def end(self) -> str:
        return self._decoder.decode(b"", final=True)


class _JoinSuffixes:
    """Like `_Suffix`, but gives a token's text up to its suffix at once."""

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self._pending = ""

    def push(self, piece: str) -> str:
        before = self._pending.replace(self._suffix, " ")
        text, suffix, after = piece.partition(self._suffix)
        self._pending = suffix + after
        return before + text

    def end(self) -> str:
        return self._pending.replace(self._suffix, "")


class _Filter(Protocol):
    """A decoder after the tokens are joined."""

    def push(self, text: str) -> str: ...

    def end(self) -> str: ...


class _Replace:
    """Replaces a text; holds back what may be its beginning."""

    def __init__(self, old: str, new: str) -> None:
        self._old = old
        self._new = new
        self._held = ""

    def push(self, text: str) -> str:
        *before, after = (self._held + text).split(self._old)
        keep = _overlap(after, self._old)
        self._held = after[len(after) - keep :]
        return self._new.join([*before, after[: len(after) - keep]])

    def end(self) -> str:
        return self._held


class _StripStart:
    """Removes a character at the beginning, at most `times` times."""

    def __init__(self, character: str, times: int) -> None:
        self._character = character
        self._left = times

    def push(self, text: str) -> str:
        run = len(text) - len(text.lstrip(self._character))
        cut = min(run, self._left)
        self._left = self._left - cut if run == len(text) else 0
        return text[cut:]

    def end(self) -> str:
        return ""


class _StripEnd:
    """Removes a character at the end, at most `times` times."""

    def __init__(self, character: str, times: int) -> None:
        self._character = character
        self._times = times
        self._held = ""

    def push(self, text: str) -> str:
        text = self._held + text
        run = len(text) - len(text.rstrip(self._character))
        cut = len(text) - min(run, self._times)
        self._held = text[cut:]
        return text[:cut]

    def end(self) -> str:
        return ""


_Steps = tuple[list[_TokenStep], _Joiner, list[_Filter]]


def _steps_of(decoder: dict[str, Any] | None, *, clean_up: bool) -> _Steps | None:
    """The steps of a decoder; None where one has no counterpart here."""
    replaced: list[_Filter] = [_Replace(*pair) for pair in _CLEAN_UP] if clean_up else []
    if decoder is None:
        return [], _Join(" "), replaced
    tokens: list[_TokenStep] = []
    joiner: _Joiner | None = None
    filters: list[_Filter] = []
    parts = _flat(decoder)
    for place, part in enumerate(parts):
        if joiner is not None:
            more = _filters(part)
            if more is None:
                return None
            filters += more
        elif part["type"] == "Fuse":
            joiner = _Join()
        elif part["type"] == "ByteLevel":
            joiner = _JoinBytes()
        elif part["type"] == "BPEDecoder" and part["suffix"] and _joins(parts[place + 1 :]):
            joiner = _JoinSuffixes(part["suffix"])
        else:
            step = _token_step(part)
            if step is None:
                return None
            tokens.append(step)
    return tokens, joiner or _Join(), [*filters, *replaced]


def _joins(parts: Sequence[dict[str, Any]]) -> bool:
    """Whether the tokens are joined next."""
    return not parts or parts[0]["type"] == "Fuse"


def _token_step(part: dict[str, Any]) -> _TokenStep | None:
    """A decoder on tokens; None where it may change all of them."""
    make = _TOKEN_STEPS.get(part["type"])
    return None if make is None else make(part)


def _suffix_step(part: dict[str, Any]) -> _TokenStep | None:
    return _Suffix(part["suffix"]) if part["suffix"] else None


def _strip_step(part: dict[str, Any]) -> _TokenStep:
    def strip(piece: str) -> str:
        return _stripped(piece, part["content"], part["start"], part["stop"])

    return _Each(strip, strip)


def _ctc_step(part: dict[str, Any]) -> _TokenStep:
    return _Ctc(_first(_library_decoder(part)))


def _replace_step(part: dict[str, Any]) -> _TokenStep:
    alone = _first(_library_decoder(part))
    return _Each(alone, alone)


def _first_differs_step(part: dict[str, Any]) -> _TokenStep:
    decode = _library_decoder(part)
    return _Each(_first(decode), lambda piece: decode(["", piece]))


_TOKEN_STEPS: dict[str, Callable[[dict[str, Any]], _TokenStep | None]] = {
    "BPEDecoder": _suffix_step,
    "ByteFallback": lambda _: _ByteFallback(),
    "CTC": _ctc_step,
    "Metaspace": _first_differs_step,
    "Replace": _replace_step,
    "Strip": _strip_step,
    "WordPiece": _first_differs_step,
}


def _first(decode: Callable[[list[str]], str]) -> Callable[[str], str]:
    return lambda piece: decode([piece])


def _library_decoder(part: dict[str, Any]) -> Callable[[list[str]], str]:
    """The library's own decoder of this description."""
    from tokenizers import decoders

    decoder = decoders.Fuse()
    decoder.__setstate__(json.dumps(part).encode())
    decode: Callable[[list[str]], str] = decoder.decode
    return decode


def _filters(part: dict[str, Any]) -> list[_Filter] | None:
    """A decoder on text that is one token already; None where it may change all of it."""
    if part["type"] == "Strip":
        start: _Filter = _StripStart(part["content"], part["start"])
        return [start, _StripEnd(part["content"], part["stop"])]
    pairs = _replacements(part)
    if pairs is None or not all(old for old, _ in pairs):
        return None
    return [_Replace(*pair) for pair in pairs]


def _replacements(part: dict[str, Any]) -> Sequence[tuple[str, str]] | None:
    """What a decoder replaces in the text, in this order; None where that does not say it."""
    kind = part["type"]
    clean_up = _CLEAN_UP_IN_DECODERS if part.get("cleanup") else ()
    if kind == "Replace":
        return [(part["pattern"].get("String"), part["content"])]
    if kind == "Metaspace":
        return [(part["replacement"], " " if part["prepend_scheme"] == "never" else "")]
    if kind == "BPEDecoder":
        return [(part["suffix"], "")]
    if kind == "CTC":
        delimiter = [(part["word_delimiter_token"], " ")] if clean_up else []
        return [(part["pad_token"], ""), *clean_up, *delimiter]
    return {"Fuse": (), "WordPiece": clean_up}.get(kind)


def _stripped(piece: str, character: str, start: int, stop: int) -> str:
    begin = 0
    while begin < min(start, len(piece)) and piece[begin] == character:
        begin += 1
    end = len(piece)
    while end > begin and len(piece) - end < stop and piece[end - 1] == character:
        end -= 1
    return piece[begin:end]


def _overlap(text: str, pattern: str) -> int:
    """Length of the longest end of the text that the pattern begins with, without all of it."""
    for length in range(len(pattern) - 1, 0, -1):
        if text.endswith(pattern[:length]):
            return length
    return 0


def _flat(decoder: dict[str, Any] | None) -> list[dict[str, Any]]:
    if decoder is None:
        return []
    if decoder["type"] != "Sequence":
        return [decoder]
    return [part for each in decoder["decoders"] for part in _flat(each)]


def _decodes_by_library(tokenizer: Any) -> bool:
    """Whether `decode` is the tokenizers library's, with transformers' clean-up at most."""
    if not hasattr(tokenizer, "decode"):
        return True
    own = {"decode", "_decode", "clean_up_tokenization"}
    if own & set(vars(tokenizer)):
        return False
    defined = {
        name: next((kind.__module__ for kind in type(tokenizer).__mro__ if name in vars(kind)), "")
        for name in own
    }
    return all(
        module in ("transformers.tokenization_utils_tokenizers", _BASE)
        for module in defined.values()
    )


_BASE = "transformers.tokenization_utils_base"


def _cleans_up(tokenizer: Any) -> bool:
    """Whether `decode` removes spaces before punctuation; transformers leaves BPE alone."""
    if not getattr(tokenizer, "clean_up_tokenization_spaces", False):
        return False
    forced = "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output"
    bpe = type(tokenizer.backend_tokenizer.model).__name__ == "BPE"
    return not bpe or bool(getattr(tokenizer, forced))


def common_length(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
BYTES = {chr(byte): byte for byte in _PRINTABLE} | {
    chr(0x100 + place): byte for place, byte in enumerate(_OTHERS)
}
"""The byte behind each printable stand-in of byte-level BPE (GPT-2's table)."""


def bytes_of(piece: str) -> bytes:
    """The bytes of a token of byte-level BPE."""
    try:
        return bytes(BYTES[character] for character in piece)
    except KeyError:
        return piece.encode()
