"""Parses JSON of clients, from bodies and query parameters alike."""

from __future__ import annotations

import json
from typing import Any

from mav_engine.errors import InvalidSettings
from mav_engine.wording import named, shortened


class JsonFault(ValueError):
    """Invalid JSON; the message says where and why."""


def parse_strictly(text: str) -> object:
    """The value of a JSON text.

    Infinity and NaN become floats, so that the settings can name the field.

    Raises:
        JsonFault: it is not JSON.
        InvalidSettings: an object has a duplicate name.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except JsonFault:
        raise
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno} (character {error.pos})"
        raise JsonFault(f"{error.msg} at {where}.") from None
    except RecursionError:
        raise JsonFault("It is nested too deeply.") from None
    except ValueError as error:  # a number with thousands of digits
        raise JsonFault(f"A number is too long: {error}.") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in pairs:
        if not is_unicode(name):
            raise JsonFault(f"A name holds half a surrogate pair: {shortened(name)!a}.")
        if name in given:
            raise InvalidSettings(f"{named(name)} was given twice; give it once.", field=name)
        given[name] = value
    return given


def is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogate, which JSON can contain."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
