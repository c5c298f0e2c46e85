"""`Breakpoints`: the conditions that stop a run so that it can be looked at and gone on with.

A pattern is a regular expression of the package `regex`, whose search can be given a time limit;
the standard library's cannot.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from mav_engine.errors import InvalidSettings
from mav_engine.strict import WHOLE, Real, Strict, Text

MAX_TEXT = 200
"""Characters of a text or pattern to look for."""
_FIELD = "breakpoints.pattern"


class Breakpoints(Strict):
    """Conditions that each stop the run with the token that meets it; all are off by default. But
    for `after`, they judge the tokens that the model chooses, not those of forced_ids or of a run
    that is continued."""

    entropy_above: Annotated[Real, Field(ge=0)] | None = None
    """Stop where the entropy of the model's prediction (nats) is above this."""
    probability_below: Annotated[Real, Field(gt=0, le=1)] | None = None
    """Stop where the model gave the token that was chosen less probability than this."""
    text: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """Stop where this text appears in what is written, across tokens too."""
    pattern: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """Stop where this regular expression matches once more in what is written."""
    loop: Annotated[bool, Field(strict=True)] = False
    """Stop where the text starts to loop: its last tokens are one group of up to 64 tokens, three
    times over and eight tokens at least."""
    after: Annotated[int, Field(strict=True, ge=1), WHOLE] | None = None
    """Stop once so many new tokens stand, those of forced_ids and of earlier parts counted; it
    gives the single steps of a paused run."""

    @field_validator("pattern")
    @classmethod
    def _can_be_searched(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            check_pattern(pattern)
        return pattern


def check_pattern(pattern: str) -> None:
    """Refuse what is no regular expression, or would stop at every token.

    Raises:
        InvalidSettings: it tells the place of the mistake.
    """
    # Half of what the whole module takes to import, and few runs have a pattern.
    import regex

    try:
        compiled = regex.compile(pattern, cache_pattern=False)
        empty = compiled.match("", timeout=1.0)
    except regex.error as error:
        raise InvalidSettings(
            f"{_FIELD} was given as {pattern!r}, which is no regular expression: {error}. To look "
            "for it as it stands, give it as breakpoints.text.",
            field=_FIELD,
        ) from None
    except (TimeoutError, RecursionError, MemoryError, OverflowError):
        raise InvalidSettings(
            f"{_FIELD} was given as {pattern!r}, which takes too long to search; simplify it.",
            field=_FIELD,
        ) from None
    if empty:
        raise InvalidSettings(
            f"{_FIELD} was given as {pattern!r}, which matches the empty text, so it would stop at "
            "every token; let it ask for at least one character.",
            field=_FIELD,
        )
