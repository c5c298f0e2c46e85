"""What a terminal panel is, and what it may look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Literal

from rich.console import RenderableType
from rich.text import Text

from mav_engine.contract.events import Prompt, Start, Token
from mav_engine.terminal.bars import Scale

WHY = {
    "layers": "it sends nothing of the model's layers",
    "vocabulary": "it sends only the likeliest tokens",
    "logprobs": "it sends no log-probabilities",
}
"""Why a chat server cannot give a measurement."""
ScaleName = Literal["linear", "log", "minmax"]


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """How panels draw; the names are those of the command's options."""

    scale: ScaleName = "linear"
    limit_chars: int = 400
    max_bar_length: int = 35


@dataclass(frozen=True)
class View:
    """One moment of a run, as a panel sees it."""

    start: Start
    prompt: Prompt
    tokens: Sequence[Token]
    """All tokens of the run so far, also those after the shown one, so that scales do not change
    while the user steps back and forth."""
    index: int
    """Which of them is shown."""
    options: ViewOptions = field(default_factory=ViewOptions)
    blocks: bool = True
    """Whether the terminal can draw block characters; else ASCII stands in for them."""
    picking: bool = False
    """Whether numbers choose a prediction, so that rows show them."""
    other: Sequence[Token] = ()
    """The tokens of a run beside this one, so that bars of both are on one scale."""

    @property
    def token(self) -> Token:
        """The token that is shown."""
        return self.tokens[self.index]

    @cached_property
    def text(self) -> str:
        """All text that stands before the shown token, prompt included."""
        read = self.prompt.tokens[: len(self.prompt.tokens) - self.prompt.written]
        said = "".join(token.text for token in self.tokens[: self.index])
        # The first token is the model's own begin-of-text mark in most models.
        if not read and self.start.model.server is not None:
            opening = self.start.settings.prompt or ""
        else:
            opening = "".join(each.text for each in read[_marks(read[0].text) :]) if read else ""
        return opening + self.prompt.written_text + said

    def unavailable(self, probes: Iterable[str]) -> str | None:
        """Why the server of the model cannot give one of these probes; None if it can."""
        server = self.start.model.server
        reasons = {} if server is None else server.not_available
        found = next((reasons[each] for each in probes if each in reasons), None)
        return None if found is None else f"not available from this server: {WHY[found]}"

    def label_at(self, position: int) -> str | None:
        """The token that stands at a position of the context; None past what is known."""
        if position < len(self.prompt.tokens):
            return self.prompt.tokens[position].text
        place = position - len(self.prompt.tokens)
        return self.tokens[place].token.text if place < len(self.tokens) else None

    @property
    def scaled(self) -> Iterator[Token]:
        """All tokens that scales must hold."""
        return chain(self.tokens, self.other)

    def scale(self, name: str) -> Scale:
        """The scale of one of `layers`' measurements over all of the run so far."""
        lows, highs = zip(*(_range_of(token, name) for token in self.scaled), strict=True)
        return Scale.over(min(lows), max(highs), self.options.scale)


def _marks(text: str) -> int:
    return 1 if text.startswith("<") and text.endswith(">") else 0


def _range_of(token: Token, name: str) -> tuple[float, float]:
    values = getattr(token.layers, name)
    known = [] if values is None else [float(value) for value in values if not math.isnan(value)]
    return (min(known), max(known)) if known else (0.0, 0.0)


Lines = list[Text]
"""What a panel draws: one line of the screen each."""


@dataclass(frozen=True, slots=True)
class TerminalPanel:
    """A box of the screen: a name, what it must measure and one function that draws it."""

    name: str
    """As `--selected-panels` takes it."""
    title: str
    about: str
    """What it shows, in a line."""
    draw: Callable[[View, int, int], Lines]
    """Draws a moment in the given number of columns and rows; longer content is cut off."""
    rows: Callable[[View], int]
    """Preferred number of rows."""
    caption: Callable[[View], str] = lambda _: ""
    """The unit and the scale, for the lower edge of the box."""
    capture: tuple[str, ...] = ()
    """Probes that it needs besides those that always measure."""
    tile: tuple[int, int] | None = None
    """Rows and columns of the tiles that it draws."""
    draw_box: Callable[[View, int, int], RenderableType] | None = None
    """Draws the whole box with border and title, in place of `draw`."""
