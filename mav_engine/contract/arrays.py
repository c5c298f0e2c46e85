"""Encodes arrays of measurements as JSON.

In memory a measurement is a float32 array, with NaN for missing values. On the wire it is JSON
numbers (null for missing values), or, with more than `MAX_PLAIN` numbers,
`{"shape", "dtype", "scale"?, "data"}` with little-endian base64 data: half precision, or bytes for
the largest arrays of attention.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import orjson
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from typing_extensions import TypeAliasType

MAX_PLAIN = 64
MAX_HALF_SHARES = 16_384
"""Attention patterns with more numbers than this are encoded as bytes."""
MIN_SHARES_PEAK = 0.25
"""Smallest value that the byte 255 stands for; otherwise it is the largest share."""
_F16_MAX = float(np.finfo(np.float16).max)
_F16_TINY = float(np.finfo(np.float16).tiny)

Floats = np.ndarray[Any, np.dtype[np.float32]]

PACKED_SCHEMA: dict[str, Any] = {
    "description": "An array as base64: its little-endian numbers, the last axis changing fastest.",
    "type": "object",
    "required": ["shape", "dtype", "data"],
    "additionalProperties": False,
    "properties": {
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "dtype": {"type": "string", "enum": ["f16", "u8"]},
        "scale": {"type": "number", "description": "Multiply the data by this; 1 where absent."},
        "data": {"type": "string", "contentEncoding": "base64"},
    },
}


def _schema(axes: int) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [{"type": "number"}, {"type": "null"}]
    if axes > 1:
        kinds = [*kinds, *_schema(axes - 1)["anyOf"]]
    return {"anyOf": [{"type": "array", "items": {"anyOf": kinds}}, PACKED_SCHEMA]}


ARRAY_SCHEMA: dict[str, Any] = {
    "description": "Numbers (null for missing values), nested by axis; more than "
    f"{MAX_PLAIN} of them are packed as little-endian base64.",
    **_schema(4),
}


def to_wire(values: Floats, *, bytes_above: float = math.inf) -> Any:
    """The JSON data of an array; a missing layer (all NaN) is null.

    Half precision is exact to 1 part in 2048. More than `bytes_above` numbers, which must be shares
    (from 0 to 1), are encoded as bytes, with an error of at most 1/510 of the largest share or of
    0.25, whichever is larger; so at most 0.002.
    """
    return _wire(values, _in_bytes if values.size > bytes_above else _in_halves)


def _wire(values: Floats, packed: Callable[[Floats], dict[str, Any]]) -> Any:
    if values.size <= MAX_PLAIN:
        return orjson.Fragment(_plain(values))
    finite = np.isfinite(values)
    if finite.all():
        return packed(values)
    # JSON has no Infinity.
    values = np.where(finite, values, np.float32(np.nan))
    if values.ndim == 1:
        return orjson.Fragment(_plain(values))
    return [None if np.isnan(row).all() else _wire(row, packed) for row in values]


def from_wire(data: Any) -> Floats:
    """The float32 array that `to_wire` sent; nulls become NaN.

    Raises:
        ValueError: the data is not an array of the contract.
    """
    if isinstance(data, np.ndarray):
        return data.astype(np.float32, copy=False)
    if isinstance(data, dict):
        return _unpacked(data)
    if not isinstance(data, list):
        raise ValueError("an array is a list of numbers or a packed object")
    if not any(isinstance(item, list | dict) for item in data):
        return np.array([np.nan if item is None else item for item in data], dtype=np.float32)
    rows = [None if item is None else from_wire(item) for item in data]
    shape = next(row.shape for row in rows if row is not None)
    absent = np.full(shape, np.nan, dtype=np.float32)
    return np.stack([absent if row is None else row for row in rows])


def floats(values: Floats) -> list[float]:
    """Python floats of a float32 vector as shortest decimals, so 0.1 stays `0.1`."""
    numbers: list[float] = orjson.loads(_plain(values))
    return numbers


def _plain(values: Floats) -> bytes:
    plain = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    if values.ndim == 1 or b"null" not in plain:
        return plain
    rows = [b"null" if np.isnan(row).all() else _plain(row) for row in values]
    return b"[" + b",".join(rows) + b"]"


def _in_bytes(values: Floats) -> dict[str, Any]:
    # With a fixed step, rows that sum to 1 are mostly zeros, which compress well. Smaller steps
    # for small peaks would only encode invisible noise.
    scale = _short(max(float(values.max()), MIN_SHARES_PEAK) / 255)
    data = np.rint(values * np.float32(1 / scale)).astype(np.uint8)
    return {
        "shape": list(values.shape),
        "dtype": "u8",
        "scale": scale,
        "data": base64.b64encode(data.tobytes()).decode("ascii"),
    }


def _short(number: float) -> float:
    """Rounded up to 16 binary digits. Its product with a byte is exact in float32, so decoding and
    encoding again gives the same bytes."""
    mantissa, exponent = math.frexp(number)
    return math.ldexp(math.ceil(mantissa * 2**16) / 2**16, exponent)


def _in_halves(values: Floats) -> dict[str, Any]:
    peak = float(np.abs(values).max())
    wire: dict[str, Any] = {"shape": list(values.shape), "dtype": "f16"}
    # Values are scaled into the normal range of half precision, to keep all digits.
    if peak > _F16_MAX or 0 < peak < _F16_TINY * 1024:
        wire["scale"] = scale = float(np.float32(peak))
        values = values / scale
    wire["data"] = base64.b64encode(values.astype("<f2").tobytes()).decode("ascii")
    return wire


def _unpacked(data: dict[str, Any]) -> Floats:
    kinds = {"f16": "<f2", "u8": "u1"}
    if data.get("dtype") not in kinds:
        raise ValueError(f"a packed array has dtype f16 or u8, not {data.get('dtype')!r}")
    try:
        raw = base64.b64decode(data["data"], validate=True)
        values = np.frombuffer(raw, dtype=kinds[data["dtype"]]).reshape(data["shape"])
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError(f"a packed array is broken: {error}") from None
    scale = data.get("scale", 1.0)
    if not isinstance(scale, int | float):
        raise ValueError(f"the scale of a packed array is a number, not {scale!r:.80}")
    return values.astype(np.float32) * np.float32(scale)


Array = TypeAliasType(
    "Array",
    Annotated[
        Floats, BeforeValidator(from_wire), PlainSerializer(to_wire), WithJsonSchema(ARRAY_SCHEMA)
    ],
)
"""A float32 array as a field of an event."""
