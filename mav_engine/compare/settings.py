"""The settings of a comparison, and errors that name the side they are about."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from mav_engine.contract.events import Error
from mav_engine.errors import MAX_FIELD, InvalidSettings, MavError
from mav_engine.settings import RunSettings, parse_settings
from mav_engine.wording import did_you_mean, named, shortened, shown

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")
Mode = Literal["own", "forced"]
MODES: tuple[Mode, ...] = get_args(Mode)


class CompareSettings(BaseModel):
    """Two runs to compare, token by token."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    a: RunSettings
    """The first run."""
    b: RunSettings
    """The second run. Where only one of the two names a seed both take it, and where none does
    one is drawn for both."""
    mode: Mode = "own"
    """own: each writes its own text. forced: the second is forced to the first's text, token by
    token as that is written; both must have the same vocabulary."""

    def resolved(self) -> CompareSettings:
        """With one seed for both where they do not name two."""
        seed = self.a.seed if self.a.seed is not None else self.b.seed
        a = self.a.model_copy(update={"seed": seed}).resolved()
        b = self.b if self.b.seed is not None else self.b.model_copy(update={"seed": a.seed})
        return self.model_copy(update={"a": a, "b": b})


def parse_compare(given: object) -> CompareSettings:
    """Make settings from JSON data.

    Raises:
        InvalidSettings: it names the side and the field at fault (`b.top_p`).
    """
    if not isinstance(given, Mapping):
        raise InvalidSettings("A comparison must be a JSON object with the settings a and b.")
    for name in given:
        if name not in CompareSettings.model_fields:
            hint = did_you_mean(str(name), CompareSettings.model_fields)
            raise InvalidSettings(
                f"A comparison has no field named {named(str(name))}.{hint} Known: a, b, mode.",
                field=str(name),
            )
    mode = given.get("mode", "own")
    if mode not in MODES:
        raise InvalidSettings(f"mode is {shown(mode)}; allowed: {', '.join(MODES)}.", field="mode")
    settings = CompareSettings(a=_side("a", given), b=_side("b", given), mode=mode)
    _check_together(settings)
    return settings


def error_of_side(error: MavError, side: Side) -> MavError:
    """The same error with the side that it is about in `field` and `detail`."""
    if error.field is None or error.field.partition(".")[0] not in ("mode", *SIDES):
        # A copy: all runs that wait for a model get the same exception when its load fails.
        error = copy(error)
        error.field = _field_of_side(error.field, side)
        error.detail = _detail_of_side(error.detail, side)
    return error


def error_event_of_side(event: Error, side: Side) -> Error:
    """The error that ends a comparison, from the error event of one side."""
    return replace(
        event,
        detail=_detail_of_side(event.detail, side),
        field=_field_of_side(event.field, side),
    )


def _field_of_side(field: str | None, side: Side) -> str:
    return side if field is None else shortened(f"{side}.{field}", MAX_FIELD)


def _detail_of_side(detail: str, side: Side) -> str:
    return f"Run {side}: {detail}"


def _side(side: Side, given: Mapping[str, object]) -> RunSettings:
    if side not in given:
        raise InvalidSettings(
            f"{side} is missing: give the settings of both runs, a and b.", field=side
        )
    try:
        return parse_settings(given[side])
    except MavError as error:
        raise error_of_side(error, side) from None


def _check_together(settings: CompareSettings) -> None:
    for side in SIDES:
        if getattr(settings, side).resume is not None:
            raise InvalidSettings(
                f"{side}.resume: a run that is continued cannot be compared; give the settings of "
                "the whole run.",
                field=f"{side}.resume",
            )
    if settings.mode == "forced" and settings.b.forced_ids:
        raise InvalidSettings(
            "b.forced_ids was given, but in the mode forced b is forced to a's text; leave it "
            "away, or use the mode own.",
            field="b.forced_ids",
        )
