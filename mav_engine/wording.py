"""Parts of error messages: shortened values, and the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_SHOWN = 80
"""Most characters of a given value in an error message."""


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
    """A shortened name for an error message; its `repr` if it is not a word, since an empty name
    would be invisible."""
    return shortened(name) if name.isidentifier() else shown(name)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that is most like this one; upper case and hyphens make no difference.

    Args:
        cutoff: how similar it must be, from 0 to 1 (`difflib`'s ratio).
    """
    plain = {_plain(each): each for each in known}
    near = difflib.get_close_matches(_plain(name[:MAX_SHOWN]), plain, n=1, cutoff=cutoff)
    return plain[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known name, with a space before it; empty if none is."""
    near = nearest(name, known)
    return f" Did you mean {near}?" if near is not None else ""


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def listed(names: Iterable[str], most: int = 30) -> str:
    """Names separated by commas, the first `most` of them."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(map(shortened, every[:most])) + more
