"""What an upstream server offers: the answer of its /api/models."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import orjson
from pydantic import ValidationError

from mav_engine.contract.deferred import Deferred
from mav_engine.contract.model_info import ModelInfo

_INFO: Deferred[ModelInfo] = Deferred(ModelInfo)
_KNOWN = frozenset(each.name for each in fields(ModelInfo))
_SIZES = ("parameters", "layers", "heads", "kv_heads", "d_model", "vocabulary")


class NotAnOffer(ValueError):
    """An answer is not a list of models."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The models of a server, by name."""

    default: str = ""
    models: dict[str, ModelInfo] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """Why models cannot be loaded, by name."""
    training: bool = False
    """Whether it streams a training."""


def parse_offer(body: bytes) -> Offer:
    """Parse the answer of /api/models. Fields of a later version are ignored.

    Raises:
        NotAnOffer: it has another form.
    """
    try:
        given = orjson.loads(body)
        infos = [
            _INFO.adapter.validate_python({name: each[name] for name in _KNOWN & each.keys()})
            for each in given["models"]
        ]
        problems = {str(name): str(why) for name, why in given.get("problems", {}).items()}
        return Offer(
            default=str(given["default"]),
            models={info.name: info for info in infos},
            problems=problems,
            training=given["training"] is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise NotAnOffer(str(error)) from None


def may_be_same(one: ModelInfo, other: ModelInfo) -> bool:
    """Whether two models of one name have equal sizes, as far as both are known."""
    pairs = ((getattr(one, name), getattr(other, name)) for name in _SIZES)
    return all(a is None or b is None or a == b for a, b in pairs)
