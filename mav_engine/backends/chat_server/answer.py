"""The pieces of an answer: the text and log-probabilities of a server's chunks.

Servers deviate from OpenAI's format in many ways; each is handled here:

- `[DONE]` may be missing, and comments (`: keep-alive`) may stand between the chunks.
- An error may be a chunk of a stream that began with status 200.
- `logprobs` may be missing, or have the chosen token as one more candidate than were asked for.
- A chunk may hold several tokens, or a part of a character as half of a surrogate pair.
- The answer may be one JSON object instead of a stream.
"""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_LINE_BYTES = 1_000_000
"""Most bytes of a line of a stream."""
MAX_ANSWER_BYTES = 256_000_000
"""Most bytes of an answer."""
THINK, THOUGHT = "<think>\n", "\n</think>\n\n"
"""What stands around the text that a server reports apart, as the model's reasoning."""
_PAIR = range(0xD800, 0xDC00)
"""First halves of surrogate pairs."""


class BadStream(Exception):
    """The answer is not one of OpenAI's API, or is too long; the message says how."""


class ServerError(Exception):
    """The server reports an error inside of its answer; the message is the server's."""


@dataclass(slots=True)
class Row:
    """A candidate for a token."""

    text: str
    logprob: float
    id: int | None = None


@dataclass(slots=True)
class Entry:
    """A token, as the log-probabilities describe it."""

    text: str
    """The token's text; `<0xF0>` for a part of a character."""
    logprob: float | None
    rows: list[Row]
    """The likeliest candidates, best first."""
    id: int | None = None
    plain: str | None = None
    """The characters that it completes, if its bytes are known."""


@dataclass(slots=True)
class Piece:
    """A chunk of an answer."""

    text: str = ""
    entries: list[Entry] = field(default_factory=list)
    """Its tokens; empty if the server reports none."""
    finish: str | None = None
    """Why the answer has ended, in the server's words."""
    stop: str | None = None
    """The stop string that ended it, if the server says so."""
    tokens: int | None = None
    """The number of generated tokens, if the server counted them."""


class StreamLines:
    """The data of a stream of server-sent events, from its bytes."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._total = 0

    def push(self, chunk: bytes) -> Iterator[str]:
        """The data that these bytes complete.

        Raises:
            BadStream: a line or the whole answer is too long.
        """
        self._total += len(chunk)
        if self._total > MAX_ANSWER_BYTES:
            raise BadStream(f"has sent more than {MAX_ANSWER_BYTES:,} bytes")
        self._rest += chunk
        *lines, rest = self._rest.split(b"\n")
        if max(map(len, (*lines, rest))) > MAX_LINE_BYTES:
            raise BadStream(f"has sent a line of more than {MAX_LINE_BYTES:,} bytes")
        self._rest = rest
        for line in lines:
            name, _, value = bytes(line).rstrip(b"\r").partition(b":")
            if name == b"data" and value.strip():
                yield value.strip().decode("utf-8", errors="replace")

    def end(self) -> Iterator[str]:
        """The data of the last line, if no line break follows it."""
        return self.push(b"\n")


class Answer:
    """Reads the chunks of one answer in order."""

    def __init__(self) -> None:
        self.ended = False
        """Whether the server has said that the answer is complete."""
        self._half = ""
        self._reasons = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def read(self, data: str) -> Piece:
        """The piece of one chunk.

        Raises:
            ServerError: it reports an error.
            BadStream: it is not a chunk.
        """
        if data == "[DONE]":
            self.ended = True
            return Piece()
        try:
            # Not orjson, which refuses halves of surrogate pairs.
            chunk = json.loads(data)
        except ValueError:
            if data.startswith('{"error"'):
                raise ServerError(data.removeprefix('{"error":').strip(' "}')) from None
            raise BadStream("has sent a chunk that is not JSON") from None
        if not isinstance(chunk, dict):
            raise BadStream("has sent a chunk that is not an object")
        if (said := error_in(chunk)) is not None:
            raise ServerError(said)
        return self._piece(chunk)

    def rest(self) -> str:
        """A character that was never completed."""
        half, self._half = self._half, ""
        return "\ufffd" if half else ""

    def _piece(self, chunk: dict[str, Any]) -> Piece:
        usage = chunk.get("usage")
        tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
        piece = Piece(tokens=tokens if isinstance(tokens, int) else None)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return piece
        piece.text = self._whole(self._text_of(choice))
        piece.entries = self._entries(choice.get("logprobs"))
        _plain_texts(piece)
        finish, stop = choice.get("finish_reason"), choice.get("stop_reason")
        piece.finish = finish if isinstance(finish, str) else None
        piece.stop = stop if isinstance(stop, str) else None
        if piece.finish is not None:
            self.ended = True
            piece.text += self.rest()
        return piece

    def _text_of(self, choice: dict[str, Any]) -> str:
        given = choice.get("delta") or choice.get("message")
        if not isinstance(given, dict):
            text = choice.get("text")
            return text if isinstance(text, str) else ""
        thought = given.get("reasoning_content") or given.get("reasoning")
        content = given.get("content")
        text = ""
        if isinstance(thought, str) and thought:
            text = thought if self._reasons else THINK + thought
            self._reasons = True
        if isinstance(content, str) and content:
            text += THOUGHT + content if self._reasons else content
            self._reasons = False
        return text

    def _whole(self, text: str) -> str:
        """The text, without the first half of a surrogate pair at its end."""
        text = self._half + text
        self._half = ""
        if text and ord(text[-1]) in _PAIR:
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _entries(self, given: object) -> list[Entry]:
        if not isinstance(given, dict):
            return []
        if isinstance(content := given.get("content"), list):
            return [self._entry(each) for each in content if isinstance(each, dict)]
        tokens, logprobs = given.get("tokens"), given.get("token_logprobs")
        if not isinstance(tokens, list) or not isinstance(logprobs, list):
            return []
        tops = given.get("top_logprobs")
        tops = tops if isinstance(tops, list) else [None] * len(tokens)
        return [
            Entry(_text(token), _logprob(logprob), _rows(top))
            for token, logprob, top in zip(tokens, logprobs, tops, strict=False)
        ]

    def _entry(self, given: dict[str, Any]) -> Entry:
        raw = _bytes(given.get("bytes"))
        return Entry(
            _label(raw, given.get("token")),
            _logprob(given.get("logprob")),
            _rows(given.get("top_logprobs")),
            _id(given.get("id")),
            None if raw is None else self._decoder.decode(raw),
        )


def error_in(given: object) -> str | None:
    """The error that a JSON value reports, in the server's words; None if it reports none."""
    if not isinstance(given, dict):
        return None
    error = given.get("error")
    if error is None and given.get("object") == "error":
        error = given
    if error is None:
        error = given.get("detail") if "choices" not in given and "data" not in given else None
    if isinstance(error, dict):
        error = error.get("message") or error.get("code") or json.dumps(error)
    if error is None or error is False:
        return None
    return error if isinstance(error, str) else json.dumps(error)


def entropy_bound(rows: list[Row]) -> float | None:
    """Lower bound of the entropy (nats) of a prediction of which only some candidates are known.

    The entropy of a distribution does not grow when outcomes are counted together (the grouping
    property: Cover and Thomas, Elements of Information Theory, 2.1), so that of the candidates and
    "any other token" is at most that of the whole vocabulary.
    """
    if not rows:
        return None
    probs = [math.exp(row.logprob) for row in rows]
    probs.append(max(0.0, 1.0 - sum(probs)))
    return sum(-p * math.log(p) for p in probs if p > 0)


def _plain_texts(piece: Piece) -> None:
    """Divide the text among its tokens, so that together they are the text."""
    entries = piece.entries
    if "".join(each.plain or "" for each in entries) == piece.text:
        return
    rest = piece.text
    for each in entries:
        begins = bool(each.text) and rest.startswith(each.text)
        each.plain, rest = (each.text, rest[len(each.text) :]) if begins else ("", rest)
    if entries and rest:
        # Where a token does not stand in the text, such as a part of a character.
        entries[-1].plain = (entries[-1].plain or "") + rest


def _rows(given: object) -> list[Row]:
    if isinstance(given, dict):
        found = [Row(_text(text), value) for text, each in given.items()
                 if (value := _logprob(each)) is not None]  # fmt: skip
    elif isinstance(given, list):
        found = [
            Row(_label(_bytes(each.get("bytes")), each.get("token")), value, _id(each.get("id")))
            for each in given
            if isinstance(each, dict) and (value := _logprob(each.get("logprob"))) is not None
        ]
    else:
        return []
    return sorted(found, key=lambda row: -row.logprob)


def _logprob(given: object) -> float | None:
    if not isinstance(given, int | float) or not math.isfinite(given):
        return None
    # Rounding of the server.
    return min(0.0, float(given))


def _id(given: object) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and given >= 0 else None


def _bytes(given: object) -> bytes | None:
    if not isinstance(given, list):
        return None
    try:
        return bytes(given)
    except (TypeError, ValueError):
        return None


def _label(raw: bytes | None, token: object) -> str:
    """The token's text; for a part of a character its bytes."""
    if raw is None:
        return _text(token)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in raw)


def _text(given: object) -> str:
    """A text without halves of surrogate pairs, which JSON may hold and UTF-8 may not."""
    text = given if isinstance(given, str) else ""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
