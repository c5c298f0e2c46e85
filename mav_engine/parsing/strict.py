"""What the types of settings are made of: strict numbers and texts, and no unknown names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticKnownError


def _whole_number(value: object) -> object:
    """Let JSON's 1.0 be the integer that JSON Schema says it is; all else stays strict."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


MAX_WHOLE = 2**53 - 1
"""The largest integer that every JSON reader holds exactly, JavaScript's included."""
# Stands after a field's limits: before them, pydantic would leave them out of the JSON Schema.
WHOLE = BeforeValidator(_whole_number)
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True)]


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticKnownError("string_unicode") from None
    return text


Unicode = Annotated[Text, AfterValidator(_encodable)]
"""A text without lone surrogates. Pydantic itself checks only texts that have other limits."""


class Strict(BaseModel):
    """A value that cannot change and takes no name that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _with_one_unknown_name(cls, given: object) -> object:
        """Leave out all unknown names but the first: pydantic would make an error of each."""
        if not isinstance(given, Mapping) or len(given) <= len(cls.model_fields):
            return given
        unknown = next(name for name in given if name not in cls.model_fields)
        return {name: given[name] for name in (*cls.model_fields, unknown) if name in given}
