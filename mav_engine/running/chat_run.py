"""A run of a chat server's model: from the pieces of its answer to events.

What the server does not say is null. Stop strings and the conditions of breakpoints are checked
here, since servers differ in them; sampling happens on the server.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from mav_engine.contract.events import (
    BreakpointHit,
    Candidate,
    Done,
    FinishReason,
    Layers,
    Prompt,
    PromptToken,
    Timing,
    Token,
    TokenRef,
)
from mav_engine.errors import InvalidSettings, RunFailed
from mav_engine.generation.breakpoint_matcher import BreakpointMatcher
from mav_engine.settings import RunSettings
from mav_engine.text.tokens import StopMatcher

if TYPE_CHECKING:
    from mav_engine.backends.chat_server.answer import Entry, Piece, Row
    from mav_engine.backends.chat_server.chat_model import ChatModel
    from mav_engine.probes import Probe

Stop = Callable[[], FinishReason | None]

NO_LOGPROBS = "the server reports no log-probabilities"
NO_TEXT = "the server sent no text for this token: a special token, or a part of a character"
GIVEN = "the text was given, so the server reports nothing of it"
_ENDS: dict[str, FinishReason] = {
    "stop": "eos", "eos": "eos", "eos_token": "eos", "stop_sequence": "stop",
    "length": "length", "max_tokens": "length", "tool_calls": "eos", "function_call": "eos",
}  # fmt: skip
"""Why an answer has ended, by the server's word for it."""


class ContentWithheld(RunFailed):
    code = "content_withheld"
    title = "The server withheld the rest of the text"


@dataclass(frozen=True, slots=True)
class PreparedChatRun:
    """A run of a chat server's model that has been checked; it can be iterated once."""

    settings: RunSettings
    backend: ChatModel
    prompt: list[TokenRef]
    """The tokens of the prompt; empty if the server does not tokenize it."""
    limit: int
    """New tokens at most."""
    written: list[int] = field(default_factory=list)
    """Always empty: such a run cannot be resumed."""

    probes: list[Probe] = field(default_factory=list)
    """Always empty: nothing is measured here."""

    @property
    def read_ids(self) -> list[int]:
        """The ids of the prompt's tokens."""
        return self.prompt_ids

    def resume_token(self, written: list[int]) -> str | None:  # noqa: ARG002
        """None: such a run cannot be resumed."""
        return None

    @property
    def prompt_ids(self) -> list[int]:
        """The ids of the prompt's tokens."""
        return [each.id for each in self.prompt if each.id is not None]


def prepare_chat(settings: RunSettings, model: ChatModel) -> PreparedChatRun:
    """Check settings against a chat server's model; asks the server for the prompt's tokens.

    Raises:
        InvalidSettings: a setting cannot be used with it.
    """
    from mav_engine.probes import captured

    info = model.info
    captured(settings.capture, info.capabilities, info.name)
    settings = model.accepted(settings)
    return PreparedChatRun(settings, model, model.prompt_tokens(settings), settings.max_new_tokens)


def chat_events(prepared: PreparedChatRun, stop: Stop) -> Iterator[Prompt | Token | Done]:
    """The events of a run after `start`.

    Raises:
        MavError: the server cannot be reached, refuses the request or fails.
    """
    return _ChatRun(prepared, stop).events()


class _ChatRun:
    """One run, piece by piece."""

    def __init__(self, prepared: PreparedChatRun, stop: Stop) -> None:
        self._run = prepared
        self._settings = prepared.settings
        self._stop = stop
        self._began = self._last = time.perf_counter()
        self._read_at = self._began
        self._stops = StopMatcher(self._settings.stop)
        self._breakpoints = BreakpointMatcher(self._settings.breakpoints, [], "")
        self._hits: list[BreakpointHit] = []
        self._ids: dict[str, int] = {}
        """A number for each text of a token, by which a loop is found."""
        self._texts: list[str] = []
        self._reason: FinishReason | None = None
        self._counted: int | None = None
        """Generated tokens, as the server counted them."""
        self._has_logprobs = False

    def events(self) -> Iterator[Prompt | Token | Done]:
        from mav_engine.backends.chat_server.connection import Stopped

        # One token waits for the next while a stop string may have begun, since only the end of
        # the answer shows that it has not.
        held: Token | None = None
        pieces = self._pieces()
        with closing(pieces):
            try:
                first = next(pieces, None)
            except Stopped:
                self._reason = self._stop() or "cancelled"
                yield self._done()
                return
            yield self._prompt()
            try:
                for token in self._tokens(first, pieces):
                    if held is not None:
                        yield held
                    held = token
                    if not self._settings.stop:
                        yield held
                        held = None
            except Stopped:
                self._reason = self._reason or self._stop() or "cancelled"
        if self._reason is None and self._settings.max_new_tokens > len(self._texts):
            # `[DONE]` without a reason.
            self._reason = "eos"
        if held is not None:
            held.text += self._stops.push("", last=True)
            yield held
        yield self._done(held)

    def _pieces(self) -> Generator[Piece, None, None]:
        limit = self._run.limit - len(self._settings.forced_texts)
        if limit == 0:
            return
        yield from self._run.backend.pieces(self._settings, limit, lambda: self._stop() is not None)

    def _prompt(self) -> Prompt:
        now = time.perf_counter()
        self._read_at = self._last = now
        tokens = [
            PromptToken(each.id, each.text, None, None)
            for each in self._run.prompt
            if each.id is not None
        ]
        return Prompt(tokens=tokens, prefill_ms=1000 * (now - self._began))

    def _tokens(self, first: Piece | None, rest: Iterator[Piece]) -> Iterator[Token]:
        for text in self._settings.forced_texts:
            yield self._forced(text)
            if self._reason is not None:
                return
        piece = first
        while piece is not None:
            yield from self._tokens_of(piece)
            if self._reason is not None:
                if self._reason == "length":
                    self._count(rest)
                return
            piece = next(rest, None)

    def _tokens_of(self, piece: Piece) -> Iterator[Token]:
        if piece.tokens is not None:
            self._counted = piece.tokens
        if piece.entries:
            for entry in piece.entries:
                if self._reason is None:
                    yield self._said(entry)
        elif piece.text:
            yield self._said_without(piece.text)
        if self._reason is None and piece.finish is not None:
            self._end(piece)

    def _count(self, rest: Iterator[Piece]) -> None:
        """Take the number of tokens, which the server may send after the last one."""
        for piece in islice(rest, 2):
            self._counted = piece.tokens if self._counted is None else self._counted
            if piece.text or self._counted is not None:
                return

    def _end(self, piece: Piece) -> None:
        name, said = self._run.backend.server.name, piece.finish or ""
        if said == "content_filter":
            raise ContentWithheld(f"{name} ended the answer with {said}.")
        if said not in _ENDS:
            raise RunFailed(f"{name} ended the answer with the reason {said[:100]!r}.")
        self._reason = "stop" if piece.stop else _ENDS[said]

    def _said(self, entry: Entry) -> Token:
        """A token with its log-probabilities."""
        from mav_engine.backends.chat_server.answer import entropy_bound

        self._has_logprobs = self._has_logprobs or entry.logprob is not None
        rows = entry.rows
        rank = next((place for place, row in enumerate(rows) if _is_same(row, entry)), None)
        # The chosen token follows the likeliest ones, where it is not among them.
        is_extra = rank is not None and rank >= self._settings.top_n
        token_id = entry.id if rank is None or entry.id is not None else rows[rank].id
        return self._token(
            TokenRef(token_id, entry.text),
            entry.plain or "",
            logprob=entry.logprob,
            rank=None if is_extra else rank,
            top=[
                Candidate(row.id, row.text, None, math.exp(row.logprob), None, None)
                for row in rows[: self._settings.top_n]
            ],
            bound=entropy_bound(rows),
            note=None if rows else NO_LOGPROBS,
        )

    def _said_without(self, text: str) -> Token:
        """A text of which the server says nothing else; it may be several tokens."""
        return self._token(TokenRef(None, text), text, note=NO_LOGPROBS)

    def _forced(self, text: str) -> Token:
        return self._token(TokenRef(None, text), text, forced=True, note=GIVEN)

    def _token(
        self,
        ref: TokenRef,
        added: str,
        *,
        logprob: float | None = None,
        rank: int | None = None,
        top: list[Candidate] | None = None,
        bound: float | None = None,
        forced: bool = False,
        note: str | None = None,
    ) -> Token:
        index = len(self._texts)
        self._meet(ref, added, logprob, forced=forced)
        if index + 1 >= self._run.limit:
            self._reason = "length"
        elif self._hits:
            self._reason = "breakpoint"
        else:
            self._reason = self._stop()
        text = self._stops.push(added, last=self._reason is not None)
        if self._stops.hit:
            self._reason = "stop"
        self._texts.append(text)
        now = time.perf_counter()
        step_ms, self._last = 1000 * (now - self._last), now
        return Token(
            index=index,
            position=len(self._run.prompt) + index,
            token=ref,
            forced=forced,
            logprob=logprob,
            rank=rank,
            entropy=None,
            text=text,
            top=top or [],
            distribution=None,
            layers=Layers(),
            timing=Timing(step_ms, 0.0),
            notes=self._notes(note, is_empty=not forced and ref.text == "" and added == ""),
            entropy_bound=bound,
        )

    @staticmethod
    def _notes(note: str | None, *, is_empty: bool) -> dict[str, str] | None:
        notes = {} if note is None else {"predictions": note}
        return {**notes, "text": NO_TEXT} if is_empty else notes or None

    def _meet(self, ref: TokenRef, added: str, logprob: float | None, *, forced: bool) -> None:
        """Check the breakpoints."""
        asked = self._settings.breakpoints
        if asked.probability_below is not None and logprob is None and not forced:
            raise InvalidSettings(
                f"{self._run.backend.server.name} reports no log-probabilities, so "
                "breakpoints.probability_below cannot be checked. Leave it out.",
                field="breakpoints",
            )
        key = self._ids.setdefault(ref.text, len(self._ids))
        self._hits = self._breakpoints.token(
            key,
            entropy=0.0,
            probability=1.0 if logprob is None else math.exp(logprob),
            forced=forced,
        )
        self._hits += self._breakpoints.text(added, forced=forced)

    def _done(self, held: Token | None = None) -> Done:
        from mav_engine.backends.chat_server.request import source_of

        if not self._has_logprobs and any(self._texts[len(self._settings.forced_texts) :]):
            self._run.backend.note_without_logprobs(source_of(self._settings))
        if held is not None:
            self._texts[-1] = held.text
        now = time.perf_counter()
        count = len(self._texts)
        seconds = now - self._read_at
        generated = (
            self._counted
            if self._counted is not None
            else (count - len(self._settings.forced_texts) if self._has_logprobs else 0)
        )
        return Done(
            reason=self._reason or "length",
            text="".join(self._texts),
            tokens=count,
            elapsed_ms=1000 * (now - self._began),
            # The first token comes with the prompt.
            tokens_per_second=(generated - 1) / seconds if generated > 1 and seconds > 0 else None,
            hits=self._hits if self._reason == "breakpoint" else [],
        )


def _is_same(row: Row, entry: Entry) -> bool:
    """Whether a candidate is the chosen token; several tokens may have the same text."""
    known = entry.logprob is None or math.isclose(row.logprob, entry.logprob, abs_tol=1e-6)
    return known and row.text == entry.text
