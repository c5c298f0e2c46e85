"""The bodies of requests, and of the answer to a training."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationError

from mav_engine.errors import InvalidSettings
from mav_engine.parsing.strict import Strict, Unicode
from mav_engine.wording import named, shown


class TokenizeRequest(Strict):
    """A text to tokenize."""

    model: Annotated[str, Field(min_length=1, strict=True)] | None = None
    """A name from /api/models; null is the server's default."""
    text: Unicode
    """The text."""


class TrainingReceived(Strict):
    """The result of receiving snapshots of a training."""

    stored: int
    """Snapshots that were added to the recording."""
    already: int
    """Snapshots that were in the recording already."""
    most_bytes: int
    """The largest body that this server accepts."""


def parse_tokenize(given: object) -> TokenizeRequest:
    """Parse a request from JSON data.

    Raises:
        InvalidSettings: a field is invalid; the error names it.
    """
    try:
        return TokenizeRequest.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        names = [str(part) for part in first["loc"]]
        where = names[0] if names else "The body"
        if first["type"] == "extra_forbidden":
            problem = f"There is no field named {named(where)}. Known: model, text."
        elif first["type"] == "missing":
            problem = f"{where} is missing: give the text to tokenize."
        else:
            problem = f"{where}: {first['msg']}, not {shown(first['input'])}."
        raise InvalidSettings(problem, field=names[0] if names else "text") from None
