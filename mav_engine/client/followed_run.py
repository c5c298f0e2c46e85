"""A run as its client follows it, over lost connections and time limits, without any I/O.

`FollowedRun` holds what has been received and says what to request next; both clients feed it. A
run is continued in one of three ways:

1. After the connection was lost, the same run is watched from the last event on (`Last-Event-ID`).
2. Where a time limit or a stopping server ended the run, `done.resume` continues it.
3. Where the server no longer knows the run or its token, for example after a restart, the settings
   of `start` are sent with the received ids as `forced_ids`. What was received is computed again,
   and not returned again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from mav_engine.client.answers import failure_of, run_event
from mav_engine.client.asked import Ask, Json
from mav_engine.client.errors import BadAnswer, Unreachable
from mav_engine.client.retry import Retry
from mav_engine.contract.events import Done, Error, Event, Prompt, Queued, Start, Token
from mav_engine.contract.order import EventOrder, OutOfOrder
from mav_engine.errors import MavError, ResumeRefused, RunFailed
from mav_engine.settings import RunSettings

CONTINUED = frozenset({"deadline", "cancelled"})
"""Reasons after which a run is continued: the server's time limit, and a server that stops. A run
that the caller ends has no `done` event."""
GONE = frozenset({"unknown_run", "run_gone", "not_found"})
"""Codes with which a server answers that it does not have the rest of a run."""


class DeadlineTooShort(RunFailed):
    """The server's time limit ends the run again and again before another token."""

    code = "deadline_too_short"
    title = "The server's time limit is too short"


def is_passing(error: MavError) -> bool:
    """Whether the same request may succeed later."""
    return isinstance(error, Unreachable | DeadlineTooShort) or error.retry_after_s is not None


@dataclass(slots=True)
class _Part:
    """What one request for a run has brought, with those that watch the same run after it."""

    order: EventOrder = field(default_factory=EventOrder)
    last_id: str = ""
    """The id of its last event."""
    written_text: str = ""
    """The text of the tokens before it, as the part reports it."""
    repeated_text: str = ""
    """The text of its tokens that were received before."""
    fresh: int = 0
    """Number of new tokens."""


@dataclass(slots=True)
class _Figures:
    """Times of the parts of a run, summed."""

    elapsed_ms: float = 0.0
    tokens: int = 0
    """Without the first token of each part, which comes from the prefill."""
    generation_ms: float = 0.0
    """The time of these tokens."""

    def add(self, done: Done, fresh: int) -> None:
        """Add a part with this number of new tokens."""
        self.elapsed_ms += done.elapsed_ms
        if done.tokens_per_second:
            self.tokens += max(0, fresh - 1)
            self.generation_ms += 1000 * (done.tokens - 1) / done.tokens_per_second

    @property
    def rate(self) -> float | None:
        """New tokens per second after the prefills; None if there are too few."""
        return 1000 * self.tokens / self.generation_ms if self.generation_ms else None


class FollowedRun:
    """One run from its first request to its end.

    Args:
        asked: the settings as the caller gave them.
        retry: how often requests that bring nothing new are repeated.
    """

    def __init__(self, asked: Json, retry: Retry) -> None:
        self.next = Ask("POST", "/api/run", asked)
        """What to request."""
        self.ended = False
        """Whether the last event was returned."""
        self.part_over = False
        """Whether the answer has brought everything, so that `next` follows at once."""
        self._asked = self.next
        self._retry = retry
        self._failures = 0
        self._settings: RunSettings | None = None
        """The resolved settings of the whole run."""
        self._prompt: Prompt | None = None
        """The prompt event that was returned."""
        self._ids: list[int | None] = []
        self._texts: list[str] = []
        """The texts of all tokens, for models without ids."""
        """All ids of the run, those before the caller's own `resume` included."""
        self._text = ""
        """The text of these tokens, as it was returned."""
        self._ahead = ""
        """The end of that text which the next tokens repeat."""
        self._figures = _Figures()
        self._parts = 0
        self._part = _Part()

    def begin(self) -> None:
        """Note that `next` was accepted and that its events follow."""
        self.part_over = False
        if self.next.method == "POST":
            self._part = _Part()
            self._parts += 1

    def receive(self, data: str, event_id: str) -> Iterator[Event]:
        """Take an event; yields what the caller gets of it.

        Args:
            data: the data of the server-sent event.
            event_id: the last id that the server sent.

        Raises:
            MavError: the answer ends with it; `after` says what follows.
        """
        event = run_event(data)
        if isinstance(event, Error):
            if event_id not in ("", self._part.last_id):
                # The error of the run, not of one watcher, so watching brings nothing more.
                self.next = self._repeated()
            raise failure_of(event)
        self._check(event)
        self._part.last_id = event_id
        if isinstance(event, Start):
            yield from self._started(event)
        elif isinstance(event, Queued):
            if self._prompt is None:
                yield event
        elif isinstance(event, Prompt):
            yield from self._prompted(event)
        elif isinstance(event, Token):
            yield from self._new_token(event)
        else:
            yield from self._done(event)
        if self.next.method == "GET":
            self.next = replace(self.next, headers={"Last-Event-ID": event_id})

    def after(self, error: MavError) -> float:
        """Decide what follows after an attempt failed with this error.

        Returns:
            Seconds to wait before `next` is requested.

        Raises:
            MavError: this error, if another attempt does not help.
        """
        is_gone = self.next.method == "GET" and error.code in GONE
        is_refused = isinstance(error, ResumeRefused) and self.next is not self._asked
        if is_gone or is_refused:
            self.next = self._repeated()
            return 0.0
        self._failures += 1
        pause = self._retry.pause(self._failures, error.retry_after_s)
        if pause is None or not is_passing(error):
            raise error
        return pause

    def _check(self, event: Event) -> None:
        order = self._part.order
        if order.last is None and not isinstance(event, Start):
            raise BadAnswer(f"The answer begins with a {event.type} event, not with start.")
        try:
            order.check(event)
        except OutOfOrder as error:
            raise BadAnswer(f"The server sent {error}.", field=error.field) from None

    def _started(self, event: Start) -> Iterator[Event]:
        path = f"/api/runs/{quote(event.run_id, safe='')}/events"
        self.next = Ask("GET", path)
        if self._settings is None:
            yield event
        self._settings = event.settings

    def _prompted(self, event: Prompt) -> Iterator[Event]:
        self._part.written_text = event.written_text
        if self._prompt is None:
            self._prompt = event
            self._ids = [each.id for each in event.tokens[len(event.tokens) - event.written :]]
            self._text = event.written_text
            yield event

    def _new_token(self, event: Token) -> Iterator[Event]:
        part, known = self._part, len(self._ids)
        if event.index < known:
            if event.token.id != self._ids[event.index]:
                raise BadAnswer(
                    f"Token {event.index} is another one than before the run was continued: the "
                    "model was changed meanwhile. Start a new run.",
                    field="token.id",
                )
            part.repeated_text += event.text
            return
        if event.index > known:
            raise BadAnswer(
                f"The run was continued with token {event.index} instead of {known}. Start a new "
                "run.",
                field="token.index",
            )
        if part.fresh == 0:
            before = part.written_text + part.repeated_text
            self._ahead = self._text[len(before) :] if self._text.startswith(before) else ""
        part.fresh += 1
        self._failures = 0
        text = self._unrepeated(event.text)
        self._ids.append(event.token.id)
        self._texts.append(event.text)
        self._text += text
        yield event if text == event.text else replace(event, text=text)

    def _unrepeated(self, text: str) -> str:
        """The text of a token without what was returned with the last token of the part before.

        If a part ends within a possible stop string, its last token has the text that was held
        back, and the next part repeats it.
        """
        ahead, self._ahead = self._ahead, ""
        if ahead.startswith(text):
            self._ahead = ahead[len(text) :]
            return ""
        # Where a character was incomplete, the text goes on in another way: `done` has the right
        # one.
        return text.removeprefix(ahead)

    def _done(self, event: Done) -> Iterator[Event]:
        part = self._part
        self._figures.add(event, part.fresh)
        if event.reason not in CONTINUED:
            self.ended = self.part_over = True
            yield self._whole(event)
            return
        if event.resume is not None:
            self.next = Ask("POST", "/api/run", {"resume": event.resume})
        else:
            self.next = self._repeated()
        if part.fresh == 0:
            raise DeadlineTooShort(
                "The server ended the run before another token (MAV_DEADLINE_S). Try again when it "
                "is less busy, or with a shorter prompt."
            )
        self.part_over = True

    def _whole(self, done: Done) -> Done:
        """The end of the last part as that of the whole run."""
        if self._parts == 1 or self._prompt is None:
            return done
        text = self._part.written_text + done.text
        return replace(
            done,
            text=text.removeprefix(self._prompt.written_text),
            tokens=len(self._ids) - self._prompt.written,
            elapsed_ms=self._figures.elapsed_ms,
            tokens_per_second=self._figures.rate,
        )

    def _repeated(self) -> Ask:
        """The request of the same run from its beginning, with the received tokens forced."""
        if self._settings is None:
            return self._asked
        if self._prompt is None:
            asked = self._asked.body or {}
            # A token contains the seed already.
            seed = {} if "resume" in asked else {"seed": self._settings.seed}
            return replace(self._asked, body={**asked, **seed})
        settings = self._settings.model_dump(mode="json")
        given = {name: value for name, value in settings.items() if value is not None}
        if self._ids and None in self._ids:
            texts = [*self._texts, *given["forced_texts"][len(self._texts) :]]
            return Ask("POST", "/api/run", {**given, "forced_texts": texts})
        forced = [*self._ids, *given["forced_ids"][len(self._ids) :]]
        return Ask("POST", "/api/run", {**given, "forced_ids": forced})
