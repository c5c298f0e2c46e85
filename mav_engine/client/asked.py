"""What a client asks for: settings as the JSON that is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mav_engine.compare.settings import parse_compare
from mav_engine.errors import InvalidSettings
from mav_engine.settings import RunSettings

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request."""

    method: str
    path: str
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


def run_asked(settings: RunSettings | None, keywords: Mapping[str, object]) -> Json:
    """The settings of a run that were given, as JSON. The server chooses all others.

    Raises:
        InvalidSettings: one is invalid, or settings and keywords were both given.
    """
    if settings is None:
        settings = RunSettings(**keywords)
    elif keywords:
        raise InvalidSettings(
            "Settings and keywords were both given. Give one of them; "
            "settings.model_copy(update={…}) changes single settings.",
            field=next(iter(keywords)),
        )
    return _given(settings)


def compare_asked(
    a: RunSettings | Mapping[str, object], b: RunSettings | Mapping[str, object], mode: str
) -> Json:
    """The settings of a comparison as JSON.

    Raises:
        InvalidSettings: one is invalid; the error names the run.
    """
    sides = {"a": _as_given(a), "b": _as_given(b)}
    parse_compare({**sides, "mode": mode})
    return {**sides, "mode": mode}


def _as_given(side: RunSettings | Mapping[str, object]) -> Json:
    return _given(side) if isinstance(side, RunSettings) else dict(side)


def _given(settings: RunSettings) -> Json:
    return settings.model_dump(mode="json", exclude_unset=True)
