"""How a model is read: over a cache that keeps what was read, or the whole text again each time."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from mav_engine.backends.inference.kv_pool import KVSlot

_OWN_CACHES = ("past_key_values", "cache_params", "state")
_READ_FIRST = 3
_TOLERANCE = 0.02
_LOOSE = 0.5
"""Share of the largest logit that two ways of reading may differ by. A wrong way gives quite other
logits; rounding alone may send a token to other experts, in half precision above all."""
_log = logging.getLogger(__name__)


class OwnCache:
    """A cache of the model's own kind: what one pass gives back, the next one takes."""

    def __init__(self, name: str) -> None:
        self.name = name
        """The argument that takes it and the output that gives it."""
        self.value: Any = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The way that a model was seen to be read rightly."""

    cached: bool
    """Whether it reads on over a cache; else each token reads the whole text again."""
    own_cache: str | None = None
    """The name of its cache, where only the model itself can make one."""
    prepared: bool = False
    """Whether it reads what it prepares itself: a token to be guessed at the end, say."""
    whole_prompt: bool = False
    """Whether a prompt must be read in one pass."""
    switches_at: int | None = None
    """The number of tokens after which the whole text is read again, into a new cache."""

    def open_cache(self, model: Any, max_length: int) -> tuple[Any, bool]:
        """A new cache, None where nothing can be cached, and whether all of it is slabs."""
        if not self.cached:
            return None, False
        if self.own_cache is not None:
            return OwnCache(self.own_cache), False
        cache, slabs = new_cache(model, max_length)
        return cache, slabs and not self.whole_prompt


def new_cache(model: Any, max_length: int) -> tuple[Any, bool]:
    """A cache for a text, and whether all of it is slabs: a prompt may be read in parts then."""
    own = getattr(model, "new_cache", None)
    if own is not None:
        return own(), True
    from mav_engine.backends.hf.kv_cache import make_cache

    return make_cache(model.config, max_length)


def cache_over(model: Any, past: KVSlot, n_layers: int) -> Any:
    """A `Past` as the cache of a model's own forward pass."""
    own = getattr(model, "cache_over", None)
    if own is not None:
        return own(past)
    from mav_engine.backends.hf.kv_cache import past_cache

    return past_cache(past, n_layers)


def is_eager(model: Any) -> bool:
    """Whether patterns come with the model's own outputs."""
    return bool(getattr(model.config, "_attn_implementation", None) == "eager")


def read(
    model: Any,
    ids: Sequence[int],
    cache: Any,
    past: int = 0,
    *,
    prepared: bool = False,
    output_attentions: bool = False,
) -> Any:
    """One forward pass over the ids that follow the `past` first ones, as `generate()` does it."""
    inputs = inputs_of(model, ids, cache, past, prepared=prepared)
    output = model(**inputs, **({"output_attentions": True} if output_attentions else {}))
    if isinstance(cache, OwnCache):
        cache.value = getattr(output, cache.name)
    return output


def inputs_of(
    model: Any, ids: Sequence[int], cache: Any, past: int = 0, *, prepared: bool = False
) -> dict[str, Any]:
    """What a pass takes, by name."""
    takes = _arguments(model)
    device = model.device
    read_ids = torch.tensor([ids], device=device)
    if prepared:
        own = model.prepare_inputs_for_generation(read_ids, use_cache=False)
        return {name: value for name, value in own.items() if name in takes}
    inputs: dict[str, Any] = {"input_ids": read_ids}
    if isinstance(cache, OwnCache):
        inputs |= {cache.name: cache.value, "use_cache": True}
    elif cache is not None:
        inputs |= {"past_key_values": cache, "use_cache": True}
    elif "use_cache" in takes:
        inputs["use_cache"] = False
    if "position_ids" in takes:
        inputs["position_ids"] = torch.arange(past, past + len(ids), device=device)[None]
    return inputs


def _arguments(model: Any) -> frozenset[str]:
    kind: Any = type(model)
    return _arguments_of(kind)


@lru_cache
def _arguments_of(model_class: Any) -> frozenset[str]:
    """Names of what a pass takes; reading a signature costs as much as a small layer."""
    return frozenset(inspect.signature(model_class.forward).parameters)


def way_to_read_on(model: Any, ids: list[int], whole: torch.Tensor) -> Reading:
    """The first way whose logits are those of reading at once, [len(ids), vocabulary]."""
    takes = _arguments(model)
    for name in (None, *_OWN_CACHES):
        reading = Reading(cached=True, own_cache=name)
        if (name is None or name in takes) and _reads_on(model, ids, whole, reading):
            return reading
    return Reading(cached=False)


def _reads_on(model: Any, ids: list[int], whole: torch.Tensor, reading: Reading) -> bool:
    try:
        cache, _ = reading.open_cache(model, len(ids))
        first = read(model, ids[:_READ_FIRST], cache).logits[0, -1:]
        rest = range(_READ_FIRST, len(ids))
        told = torch.cat([first, *(read(model, [ids[at]], cache, at).logits[0] for at in rest)])
        expected = whole[_READ_FIRST - 1 :]
        share = _LOOSE if model.dtype in (torch.float16, torch.bfloat16) else _TOLERANCE
        return bool((told - expected).abs().max() <= share * expected.abs().max())
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever a model of any kind raises
        _log.info("%s does not read on as %s: %r", type(model).__name__, reading, error)
        return False
