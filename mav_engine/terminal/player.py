"""The tape of a run: events as they come, the token that is shown, and forks from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mav_engine.characters import legible
from mav_engine.contract.events import Done, Error, Event, Prompt, Start, Token
from mav_engine.errors import InvalidSettings, MavError
from mav_engine.settings import RunSettings
from mav_engine.terminal.view import View, ViewOptions

Runner = Callable[[RunSettings], Iterator[Event]]
"""Begins a run anew with other settings."""


class Player:
    """Events of a run, pulled one token at a time, whether they are computed or replayed."""

    def __init__(self, events: Iterator[Event], runner: Runner | None = None) -> None:
        """Take a run's events.

        Args:
            events: what `run` or `replay` gives.
            runner: what computes a fork; None where there can be none.
        """
        self._events = events
        self._runner = runner
        self.start: Start | None = None
        self.prompt: Prompt | None = None
        self.tokens: list[Token] = []
        self.end: Done | Error | None = None
        self.index = 0
        """The token that is shown."""
        self.forks = 0
        """How often another token was picked."""

    @property
    def begun(self) -> bool:
        """Whether there is a token to show."""
        return bool(self.tokens)

    @property
    def at_end(self) -> bool:
        """Whether the run is over and its last token is shown."""
        return self.end is not None and self.index >= len(self.tokens) - 1

    def view(
        self,
        options: ViewOptions,
        *,
        blocks: bool,
        picking: bool = False,
        other: Sequence[Token] = (),
    ) -> View:
        """The moment that is shown, as panels see it; the keywords are those of `View`.

        Raises:
            ValueError: no token has come yet.
        """
        if self.start is None or self.prompt is None or not self.tokens:
            raise ValueError("a run with tokens has begun")
        return View(
            self.start, self.prompt, self.tokens, self.index, options, blocks, picking, other
        )

    def forward(self) -> bool:
        """Show the next token, computed where it is not known yet; False where there is none.

        Raises:
            MavError: a recording that is broken from here on.
        """
        if self.index + 1 < len(self.tokens):
            self.index += 1
            return True
        return self._pull()

    def back(self) -> bool:
        """Show the token before; False at the first."""
        if self.index == 0:
            return False
        self.index -= 1
        return True

    def fork(self, place: int) -> Token:
        """Go on from the shown token with the prediction at this place of `top` instead.

        Raises:
            InvalidSettings: there is no such row, it is what was said, or nothing can be computed
                here.
            MavError: the run cannot be begun.
        """
        shown = self.tokens[self.index]
        if place >= len(shown.top):
            raise InvalidSettings(f"There are only {len(shown.top)} predictions to pick from.")
        picked = shown.top[place]
        if picked.id == shown.token.id:
            raise InvalidSettings("That is the token that was said.")
        if self._runner is None or self.start is None:
            raise InvalidSettings("This run cannot be forked here.")
        written = 0 if self.prompt is None else self.prompt.written
        # What an earlier run wrote, which this one continued, is part of the new one.
        earlier = [] if not written or self.prompt is None else self.prompt.tokens[-written:]
        forced = [each.id for each in earlier]
        forced += [token.token.id for token in self.tokens[: self.index]]
        settings = self.start.settings.model_copy(update={"forced_ids": [*forced, picked.id]})
        events = self._runner(settings)
        self.close()
        self._events, self.tokens, self.end = events, [], None
        self.forks += 1
        target, self.index = self.index + written, -1
        while self.index < target and self._pull():
            pass
        self.index = max(self.index, 0)
        return shown

    def close(self) -> None:
        """End a run that is still computed."""
        close = getattr(self._events, "close", None)
        if close is not None:
            close()

    def _pull(self) -> bool:
        if self.end is not None:
            return False
        for event in self._events:
            if isinstance(event, Start):
                self.start = event
            elif isinstance(event, Prompt):
                self.prompt = event
            elif isinstance(event, Token):
                self.tokens.append(event)
                self.index = len(self.tokens) - 1
                return True
            elif isinstance(event, Done | Error):
                self.end = event
                return False
        return False


def told(error: MavError | Error) -> str:
    """An error in one line."""
    return legible(" ".join(error.detail.split()))
