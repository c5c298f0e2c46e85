"""How arrays of measurements travel: the one place where numpy meets JSON.

In memory a measurement is a float32 array, with NaN for a value that does not exist. On the
wire it is JSON numbers (null for what does not exist), or, with more than `MAX_PLAIN` numbers,
`{"shape", "dtype", "scale"?, "data"}` with little-endian base64 data.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import numpy as np
import orjson
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from typing_extensions import TypeAliasType

MAX_PLAIN = 64
_F16_MAX = float(np.finfo(np.float16).max)
_F16_TINY = float(np.finfo(np.float16).tiny)

Floats = np.ndarray[Any, np.dtype[np.float32]]

_PACKED_SCHEMA = {
    "type": "object",
    "required": ["shape", "dtype", "data"],
    "additionalProperties": False,
    "properties": {
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "dtype": {"enum": ["f16", "u8"]},
        "scale": {"type": "number", "description": "Multiply the data by this; 1 where absent."},
        "data": {"type": "string", "contentEncoding": "base64"},
    },
}


def _schema(axes: int) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [{"type": "number"}, {"type": "null"}]
    if axes > 1:
        kinds = [*kinds, *_schema(axes - 1)["anyOf"]]
    return {"anyOf": [{"type": "array", "items": {"anyOf": kinds}}, _PACKED_SCHEMA]}


ARRAY_SCHEMA: dict[str, Any] = {
    "description": "Numbers (null where a value does not exist), nested by axis; more than "
    f"{MAX_PLAIN} of them travel packed as little-endian base64.",
    **_schema(3),
}


def to_wire(values: Floats) -> Any:
    """The JSON data of an array; a layer that does not exist (all NaN) is null."""
    if values.size <= MAX_PLAIN:
        return orjson.Fragment(_plain(values))
    if not np.isnan(values).any():
        return _packed(values)
    if values.ndim == 1:
        return orjson.Fragment(_plain(values))
    return [None if np.isnan(row).all() else to_wire(row) for row in values]


def from_wire(data: Any) -> Floats:
    """The float32 array that `to_wire` sent; nulls become NaN.

    Raises:
        ValueError: the data is no array of the contract.
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
    """Python floats of a float32 vector by their shortest decimal, so 0.1 stays `0.1`."""
    numbers: list[float] = orjson.loads(_plain(values))
    return numbers


def _plain(values: Floats) -> bytes:
    absent = np.isnan(values)
    if values.ndim > 1 and absent.any():
        rows = [
            b"null" if gone.all() else _plain(row) for row, gone in zip(values, absent, strict=True)
        ]
        return b"[" + b",".join(rows) + b"]"
    return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)


def _packed(values: Floats) -> dict[str, Any]:
    peak = float(np.abs(values).max())
    wire: dict[str, Any] = {"shape": list(values.shape), "dtype": "f16"}
    # Outside half precision's normal range digits would be lost, so the range is moved.
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
    return values.astype(np.float32) * np.float32(data.get("scale", 1.0))


Array = TypeAliasType(
    "Array",
    Annotated[
        Floats, BeforeValidator(from_wire), PlainSerializer(to_wire), WithJsonSchema(ARRAY_SCHEMA)
    ],
)
"""A float32 array as a field of an event."""
