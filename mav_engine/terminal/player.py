"""The tape of a run: its events, the shown token, and forks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mav_engine.characters import legible
from mav_engine.contract.events import Error, Event, Token
from mav_engine.errors import InvalidSettings, MavError
from mav_engine.results.result import RunRecord
from mav_engine.settings import RunSettings
from mav_engine.terminal.view import View, ViewOptions

Runner = Callable[[RunSettings], Iterator[Event]]
"""Starts a run with other settings."""


class Player:
    """The events of a live or recorded run, advanced one token at a time."""

    def __init__(self, events: Iterator[Event], runner: Runner | None = None) -> None:
        """Initialize the player.

        Args:
            events: the events of `run` or `replay`.
            runner: computes forks; None if forks are not possible.
        """
        self._events = events
        self._runner = runner
        self.record = RunRecord()
        """The events so far; of a fork, those of the forked run."""
        self.index = 0
        """Index of the shown token."""
        self.forks = 0
        """Number of forks."""

    @property
    def begun(self) -> bool:
        """Whether there is a token to show."""
        return bool(self.record.tokens)

    @property
    def at_end(self) -> bool:
        """Whether the run has ended and its last token is shown."""
        return self.record.end is not None and self.index >= len(self.record.tokens) - 1

    def view(
        self,
        options: ViewOptions,
        *,
        blocks: bool,
        picking: bool = False,
        other: Sequence[Token] = (),
    ) -> View:
        """The shown token as input of panels; the keywords are those of `View`.

        Raises:
            ValueError: there is no token yet.
        """
        start, prompt, tokens = self.record.start, self.record.prompt, self.record.tokens
        if start is None or prompt is None or not tokens:
            raise ValueError("a run with tokens has begun")
        return View(start, prompt, tokens, self.index, options, blocks, picking, other)

    def forward(self) -> bool:
        """Show the next token, computing it if necessary; False if there is none.

        Raises:
            MavError: the recording is damaged here.
        """
        if self.index + 1 < len(self.record.tokens):
            self.index += 1
            return True
        return self._pull()

    def back(self) -> bool:
        """Show the previous token; False at the first one."""
        if self.index == 0:
            return False
        self.index -= 1
        return True

    def fork(self, place: int) -> Token:
        """Continue from the shown token with another row of `top`.

        Raises:
            InvalidSettings: there is no such row, it is the chosen token, or forks are not
                possible.
            MavError: the run cannot be started.
        """
        start, prompt, tokens = self.record.start, self.record.prompt, self.record.tokens
        shown = tokens[self.index]
        if place >= len(shown.top):
            raise InvalidSettings(f"There are only {len(shown.top)} predictions to pick from.")
        picked = shown.top[place]
        server = start.model.server if start else None
        same = picked.id == shown.token.id if server is None else picked.text == shown.token.text
        if same:
            raise InvalidSettings("This token was chosen already.")
        if self._runner is None or start is None:
            raise InvalidSettings("This run cannot be forked here.")
        written = 0 if prompt is None else prompt.written
        # Includes tokens before a resume.
        earlier = [] if not written or prompt is None else prompt.tokens[-written:]
        changes: dict[str, Any]
        if server is None:
            forced = [each.id for each in earlier]
            forced += [
                token.token.id for token in tokens[: self.index] if token.token.id is not None
            ]
            changes = {"forced_ids": [*forced, picked.id]}
        else:
            said = [token.text for token in tokens[: self.index]]
            changes = {"forced_texts": [*said, picked.text]}
        settings = start.settings.model_copy(update=changes)
        events = self._runner(settings)
        self.close()
        self._events, self.record = events, RunRecord(start, prompt)
        self.forks += 1
        target, self.index = self.index + written, -1
        while self.index < target and self._pull():
            pass
        self.index = max(self.index, 0)
        return shown

    def close(self) -> None:
        """Stop the run."""
        close = getattr(self._events, "close", None)
        if close is not None:
            close()

    def _pull(self) -> bool:
        if self.record.end is not None:
            return False
        for event in self._events:
            self.record.add(event)
            if isinstance(event, Token):
                self.index = len(self.record.tokens) - 1
                return True
            if self.record.end is not None:
                break
        return False


def error_line(error: MavError | Error) -> str:
    """An error in one line."""
    return legible(" ".join(error.detail.split()))
