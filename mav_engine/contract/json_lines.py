"""JSON on one line, safe for programs that split text into lines.

JSON needs no escapes for U+0085, U+2028 and U+2029, but many programs split text at them
(`str.splitlines`, httpx's `iter_lines`, JavaScript before 2019). They are written as escapes, so
that the only line break in a recording or stream is the one between two events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

_BREAKS = (
    (b"\xc2\x85", b"\\u0085"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)


def json_line(
    value: Any, default: Callable[[Any], Any] | None = None, option: int | None = None
) -> bytes:
    """A value as JSON in UTF-8, without any line separator; `default` and `option` are orjson's.

    Raises:
        orjson.JSONEncodeError: the value cannot be encoded: a lone surrogate, an integer of more
            than 64 bits, or an object that `default` does not support.
    """
    return without_breaks(orjson.dumps(value, default=default, option=option))


def without_breaks(line: bytes) -> bytes:
    """JSON in UTF-8 with line separators other than \\n escaped; they only occur in strings."""
    if line.isascii():  # most lines are, which is found faster than three searches
        return line
    for raw, escape in _BREAKS:
        # Searching is a hundred times faster than replacing.
        if raw in line:
            line = line.replace(raw, escape)
    return line
