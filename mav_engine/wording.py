"""Parts of error messages: given values in short, and the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_SHOWN = 80
"""Characters of a given value that an error message repeats."""


def shortened(text: str, most: int = MAX_SHOWN) -> str:
    """A text of at most `most` characters; "…" replaces the middle of a longer one."""
    if len(text) <= most:
        return text
    end = (most - 1) // 3
    return f"{text[: most - 1 - end]}…{text[len(text) - end :]}"


def shown(value: object) -> str:
    """A value for an error message: its `repr`, shortened."""
    if isinstance(value, str):
        value = shortened(value)
    try:
        return shortened(repr(value))
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"


def named(name: str) -> str:
    """A name for an error message, shortened: as it is where it is a word, else its `repr`, since
    an empty name or one of spaces could not be seen."""
    return shortened(name) if name.isidentifier() else shown(name)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known name, with a space before it; empty if none is."""
    near = difflib.get_close_matches(name[:MAX_SHOWN], known, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def listed(names: Iterable[str], most: int = 30) -> str:
    """Names separated by commas, the first `most` of them."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(map(shortened, every[:most])) + more
