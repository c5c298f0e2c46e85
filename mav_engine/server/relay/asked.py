"""What a request asks for: the names of its models, and the token of the run that it continues."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

import orjson

_PRINTABLE = "!$%&'()*+,-./:;<=>?@[]^_`{|}~\"\\"
"""What stays as it is in a query, beside letters and digits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for models. Invalid requests name none: the server that answers says why."""

    names: tuple[str | None, ...]
    """The model of each run; None is the default."""
    resume: str | None = None
    """The token of the run that is continued."""


def asked_in_body(body: bytes) -> Asked:
    """What the JSON body of /api/run or /api/tokenize asks for."""
    return _asked(_object_in(body))


def asked_to_compare(body: bytes) -> Asked:
    """What the JSON body of /api/compare asks for."""
    given = _object_in(body)
    return Asked(tuple(_name(given.get(side)) for side in ("a", "b")))


def asked_in_query(query: bytes) -> Asked:
    """What the query of GET /api/run asks for."""
    given: dict[str, object] = dict(_pairs(query))
    inside = given.get("params")
    return _asked(_object_in(inside.encode()) if isinstance(inside, str) else given)


def body_with_model(body: bytes, name: str) -> bytes:
    """The body with this model, if it names none."""
    given = _object_in(body)
    if not given or given.get("model") is not None:
        return body
    return orjson.dumps(given | {"model": name})


def compare_body_with_model(body: bytes, name: str) -> bytes:
    """The body of a comparison with this model for the runs that name none."""
    given = _object_in(body)
    for side in ("a", "b"):
        settings = given.get(side)
        if isinstance(settings, dict):
            given[side] = {"model": name, **settings}
    return orjson.dumps(given) if given else body


def query_with_model(query: bytes, name: str) -> bytes:
    """The query with this model, which it does not name."""
    given = _pairs(query)
    inside = dict(given).get("params")
    if inside is None:
        return urlencode([*given, ("model", name)]).encode()
    changed = body_with_model(inside.encode(), name).decode()
    return urlencode([(key, changed if key == "params" else text) for key, text in given]).encode()


def query_text(query: bytes) -> str:
    """A query for an address; bytes that no address may contain are percent-encoded."""
    return quote(query, safe=_PRINTABLE)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace")


def _asked(given: dict[str, object]) -> Asked:
    resume = given.get("resume")
    if not isinstance(resume, str):
        return Asked((_name(given),))
    name = _name(given)
    if name is None:
        # Here, since it imports the run's settings.
        from mav_engine.generation.resume_token import model_of

        name = model_of(resume)
    return Asked((name,), resume)


def _name(given: object) -> str | None:
    name = given.get("model") if isinstance(given, dict) else None
    return name if isinstance(name, str) and name else None


def _object_in(text: bytes) -> dict[str, object]:
    try:
        given = orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
