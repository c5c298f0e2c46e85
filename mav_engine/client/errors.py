"""The errors of a client: those of the server by their code, and what is wrong with the connection.

A problem or an `error` event of the server is raised as the engine's class with that code, or as a
subclass of `Refused` or `RunFailed` with the server's code and title.
"""

from __future__ import annotations

from collections import deque
from functools import cache

from mav_engine import errors
from mav_engine.errors import MavError


class Refused(MavError):
    """The server refused the request, with a code that the engine does not have."""

    code = "refused"
    title = "The server refused the request"


class Unreachable(MavError):
    """No connection, no answer, or the connection was lost. Trying again may help."""

    code = "unreachable"
    title = "The server cannot be reached"


class NotMav(MavError):
    """Something else answers at the address."""

    code = "not_mav"
    title = "This is not a MAV server"


class BadAnswer(MavError):
    """The server's answer does not fit the contract of this version."""

    code = "bad_answer"
    title = "The server's answer cannot be read"


def error_from(
    code: str,
    title: str,
    detail: str,
    *,
    field: str | None = None,
    retry_after_s: float | None = None,
    otherwise: type[MavError] = Refused,
) -> MavError:
    """The exception for an error that a server reported.

    Args:
        code: its stable code.
        title: its short description.
        detail: what happened and what to do.
        field: the invalid setting, if there is one.
        retry_after_s: seconds after which to retry, if waiting helps.
        otherwise: the base class of errors that the engine does not have.
    """
    kind = _engine_errors().get(code) or _kind(code, title, otherwise)
    return kind(detail, field=field, retry_after_s=retry_after_s)


@cache
def _engine_errors() -> dict[str, type[MavError]]:
    """The engine's classes by code; of those with one code the most general."""
    found: dict[str, type[MavError]] = {}
    waiting = deque(MavError.__subclasses__())
    while waiting:
        kind = waiting.popleft()
        if kind.__module__ != errors.__name__ or issubclass(kind, errors.RecordingProblem):
            continue
        found.setdefault(kind.code, kind)
        waiting += kind.__subclasses__()
    return found


def _kind(code: str, title: str, base: type[MavError]) -> type[MavError]:
    return type(base.__name__, (base,), {"code": code, "title": title, "__doc__": title})
