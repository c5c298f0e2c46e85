"""`Breakpoints`: the conditions that stop a run, so that it can be inspected and resumed.

A pattern is a regular expression of RE2. Its compiler has a memory limit, and its search takes
time linear in the text, so a pattern that a client sends cannot exhaust the server. The engines of
`re` and `regex` expand counted repeats such as `a{1000000000}` without a limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Protocol

from pydantic import Field, field_validator

from mav_engine.errors import InvalidSettings
from mav_engine.parsing.strict import MAX_WHOLE, WHOLE, Real, Strict, Text
from mav_engine.wording import shown

MAX_TEXT = 200
"""Characters of a text or pattern to look for."""
PATTERN_BYTES = 256 * 1024
"""Memory limit of a compiled pattern: about 10,000 instructions of RE2, which search 8192
characters in half a second at worst."""
_FIELD = "breakpoints.pattern"
_SYNTAX = (
    "Patterns have RE2's syntax: no lookahead, lookbehind or backreferences, and counted repeats "
    "of at most 1000, nested ones multiplied."
)
_NOT_TAKEN = (
    # RE2 takes a count of nine digits and more for literal text.
    (re.compile(r"(?<!\\)\{\d*,?\d{8}"), "invalid repetition size"),
    # A byte, which may be half a character.
    (re.compile(r"(?<!\\)(?:\\\\)*\\C"), r"invalid escape sequence: \C"),
)


class Breakpoints(Strict):
    """Conditions that each stop the run at the token that meets it; all are off by default. Except
    for `after`, they apply to tokens that the model chooses, not to those of forced_ids or of a run
    that is resumed."""

    entropy_above: Annotated[Real, Field(ge=0)] | None = None
    """Stop where the entropy of the model's prediction (nats) is above this."""
    probability_below: Annotated[Real, Field(gt=0, le=1)] | None = None
    """Stop where the model gave the token that was chosen less probability than this."""
    text: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """Stop where this text appears in the generated text, also across tokens."""
    pattern: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """Stop at each new match of this regular expression (RE2 syntax) in the generated text."""
    loop: Annotated[bool, Field(strict=True)] = False
    """Stop when the text starts to loop: its last tokens repeat a group of up to 64 tokens three
    times, eight tokens or more in total."""
    after: Annotated[int, Field(strict=True, ge=1, le=MAX_WHOLE), WHOLE] | None = None
    """Stop after this many new tokens, counting forced_ids and earlier parts of a resumed run. It
    also steps a paused run."""

    @field_validator("pattern")
    @classmethod
    def _can_be_searched(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            check_pattern(pattern)
        return pattern


class Match(Protocol):
    """A match of a pattern."""

    def group(self) -> str:
        """The text that matched."""


class Pattern(Protocol):
    """A compiled pattern."""

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches that do not overlap, from left to right."""

    def match(self, text: str) -> Match | None:
        """The match at the beginning of a text."""


def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern within `PATTERN_BYTES`.

    Raises:
        InvalidSettings: it is not a regular expression of RE2, or needs more memory.
    """
    # Few runs have a pattern, so its engine is imported when one is given.
    import re2

    options = re2.Options()
    options.max_mem = PATTERN_BYTES
    options.never_capture = True
    options.log_errors = False
    try:
        for part, reason in _NOT_TAKEN:
            if part.search(pattern):
                raise re2.error(reason)
        compiled: Pattern = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise InvalidSettings(
            f"{_FIELD} was given as {shown(pattern)}, which is not a valid regular expression: "
            f"{reason:.80}. {_SYNTAX} To search for plain text, use breakpoints.text.",
            field=_FIELD,
        ) from None
    return compiled


def check_pattern(pattern: str) -> None:
    """Check that a pattern compiles and does not match the empty text.

    Raises:
        InvalidSettings: it does not; the detail names the invalid part.
    """
    if compile_pattern(pattern).match(""):
        raise InvalidSettings(
            f"{_FIELD} was given as {shown(pattern)}, which matches the empty text, so it would "
            "stop at every token; require at least one character.",
            field=_FIELD,
        )
