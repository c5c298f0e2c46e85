"""What the types of settings are made of: strict numbers and texts, and no unknown names."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _whole_number(value: object) -> object:
    """Let JSON's 1.0 be the integer that JSON Schema says it is; all else stays strict."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Stands after a field's limits: before them, pydantic would leave them out of the JSON Schema.
WHOLE = BeforeValidator(_whole_number)
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True)]


class Strict(BaseModel):
    """A value that cannot change and takes no name that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
