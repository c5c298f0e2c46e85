"""The bodies of requests and answers that are no stream."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from mav_engine.contract.events import ModelInfo, TokenRef
from mav_engine.errors import InvalidSettings
from mav_engine.parsing.strict import Strict, Unicode
from mav_engine.wording import named, shown


class ModelList(Strict):
    """The models that a client may name."""

    default: str
    """The model of requests that name none."""
    models: list[ModelInfo]
    problems: dict[str, str] = {}
    """Of the models that cannot be loaded, by name, why, as far as their files show."""
    training: bool
    """Whether a training can be watched at /api/training."""


class TokenizeRequest(Strict):
    """A text to cut into tokens."""

    model: Annotated[str, Field(min_length=1, strict=True)] | None = None
    """A name from /api/models; null is the server's default."""
    text: Unicode
    """What to cut."""


class TokenizeResult(Strict):
    """A text as the model sees it."""

    model: str
    count: int
    """How many tokens."""
    tokens: list[TokenRef]
    """Their texts concatenate to the text as the tokenizer decodes it; special tokens show their
    own."""


class Health(Strict):
    """How the server is doing."""

    status: Literal["ok"]
    version: str
    models_loaded: list[str]
    """Names of the models in memory."""
    runs_active: int
    """Runs that have a place at their model."""
    runs_waiting: int
    """Runs in a queue."""


class TrainingReceived(Strict):
    """What became of the looks that a training sent."""

    stored: int
    """Looks that were added to the watched recording."""
    already: int
    """Looks that it had: they were sent again, and are not stored twice."""
    most_bytes: int
    """The longest body that this server takes."""


def parse_tokenize(given: object) -> TokenizeRequest:
    """Make a request from JSON data.

    Raises:
        InvalidSettings: it names the field at fault.
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
            problem = f"{where} is missing: give the text to cut into tokens."
        else:
            problem = f"{where}: {first['msg']}, not {shown(first['input'])}."
        raise InvalidSettings(problem, field=names[0] if names else "text") from None
