"""Base types of settings: strict numbers and texts, and no unknown names."""

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
    """Accept 1.0 as an integer, as JSON Schema does; everything else is strict."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


MAX_WHOLE = 2**53 - 1
"""The largest integer that all JSON readers represent exactly, JavaScript included."""
# Must come after a field's limits; otherwise pydantic omits them from the JSON Schema.
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
"""A text without lone surrogates, which pydantic only checks in texts with other limits."""


class Strict(BaseModel):
    """An immutable model that refuses unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _with_one_unknown_name(cls, given: object) -> object:
        """Drop all unknown names except the first, since pydantic would report each."""
        if not isinstance(given, Mapping) or len(given) <= len(cls.model_fields):
            return given
        unknown = next(name for name in given if name not in cls.model_fields)
        return {name: given[name] for name in (*cls.model_fields, unknown) if name in given}
