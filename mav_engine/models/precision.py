"""The precisions of loaded weights, by their names in settings. No torch."""

from __future__ import annotations

from typing import Literal, get_args

from mav_engine.errors import InvalidSettings
from mav_engine.wording import shown

Precision = Literal[
    "auto",
    "float32",
    "bfloat16",
    "float16",
    "int8",
    "int8-dynamic",
    "bnb-int8",
    "bnb-nf4",
]
"""`auto` is float32 on the CPU and the checkpoint's dtype elsewhere. The quantized ones are:

- `int8`: int8 weights with a scale for each output; products in float (torchao).
- `int8-dynamic`: int8 weights and, for each token, int8 activations (torch itself; CPU only).
- `bnb-int8`: LLM.int8(), whose outlier columns stay in half precision (bitsandbytes).
- `bnb-nf4`: four-bit NormalFloat in blocks of 64 (bitsandbytes).
"""

PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def check_precision(wanted: str) -> Precision:
    """The precision of this name.

    Raises:
        InvalidSettings: there is none (field "dtype").
    """
    for known in PRECISIONS:
        if wanted == known:
            return known
    raise InvalidSettings(
        f"dtype is {shown(wanted)}; allowed: {', '.join(PRECISIONS)}.", field="dtype"
    )


def split_precision(given: str) -> tuple[str, Precision | None]:
    """Split a name such as `mav-tiny@int8` into model and precision.

    Raises:
        InvalidSettings: the part after the @ is not a precision (field "models").
    """
    base, at, wanted = given.rpartition("@")
    if not at or not base:
        return given, None
    try:
        return base, check_precision(wanted)
    except InvalidSettings:
        raise InvalidSettings(
            f"{shown(given)}: {shown(wanted)} is not a precision. Allowed after @: "
            f"{', '.join(PRECISIONS)}.",
            field="models",
        ) from None
