"""JSON on one line, for every kind of reader.

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


def json_line(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """A value as JSON in UTF-8, without any character at which text is split into lines.

    Raises:
        orjson.JSONEncodeError: JSON cannot hold the value: a lone surrogate, an integer of more
            than 64 bits, or an object that `default` does not know.
    """
    return without_breaks(orjson.dumps(value, default=default))


def without_breaks(line: bytes) -> bytes:
    """JSON in UTF-8 with its line breaks other than \\n escaped; they stand only in strings."""
    for raw, escape in _BREAKS:
        # Most lines hold none, and a search is a hundred times faster than a replacement.
        if raw in line:
            line = line.replace(raw, escape)
    return line
