"""How a model caches: which kind of KV cache it uses, or none.

Without a cache, each step computes the whole text again.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from mav_engine.backends.hf.kv_cache import make_cache

_OWN_CACHES = ("past_key_values", "cache_params", "state")
_READ_FIRST = 3
_TOLERANCE = 0.02
_LOOSE = 0.5
"""Largest difference of logits with and without a cache, as a share of the largest logit. A wrong
cache gives very different logits; rounding alone may route a token to other experts, especially in
half precision."""
_log = logging.getLogger(__name__)


class OwnCache:
    """A cache of the model's own type: each pass returns it, and the next one takes it."""

    def __init__(self, name: str) -> None:
        self.name = name
        """Name of the argument and of the output that hold it."""
        self.value: Any = None


@dataclass(frozen=True, slots=True)
class CacheStrategy:
    """The caching that was verified for a model."""

    cached: bool
    """Whether steps use a cache; otherwise each step computes the whole text again."""
    own_cache: str | None = None
    """Name of the model's own cache type; None if it takes `past_key_values`."""
    prepared: bool = False
    """Whether inputs come from `prepare_inputs_for_generation`, which may append a mask token."""
    whole_prompt: bool = False
    """Whether the prompt must be prefilled in one pass."""
    switches_at: int | None = None
    """Length from which the whole text is computed again with a new cache; None if never."""

    def open_cache(self, model: Any, max_length: int) -> tuple[Any, bool]:
        """Returns a new cache (None without caching) and whether all of its layers are slabs."""
        if not self.cached:
            return None, False
        if self.own_cache is not None:
            return OwnCache(self.own_cache), False
        cache, slabs = make_cache(model.config, max_length)
        return cache, slabs and not self.whole_prompt


def is_eager(model: Any) -> bool:
    """Whether attention patterns are part of the model's outputs."""
    return bool(getattr(model.config, "_attn_implementation", None) == "eager")


def forward_pass(
    model: Any,
    ids: Sequence[int],
    cache: Any,
    past: int = 0,
    *,
    prepared: bool = False,
    output_attentions: bool = False,
) -> Any:
    """One forward pass over ids that follow `past` cached ones, as in `generate()`."""
    inputs = forward_inputs(model, ids, cache, past, prepared=prepared)
    output = model(**inputs, **({"output_attentions": True} if output_attentions else {}))
    if isinstance(cache, OwnCache):
        cache.value = getattr(output, cache.name)
    return output


def forward_inputs(
    model: Any, ids: Sequence[int], cache: Any, past: int = 0, *, prepared: bool = False
) -> dict[str, Any]:
    """The keyword arguments of a forward pass."""
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
    """Names of the arguments of `forward`; inspecting a signature is slow."""
    return frozenset(inspect.signature(model_class.forward).parameters)


def find_cache_strategy(model: Any, ids: list[int], whole: torch.Tensor) -> CacheStrategy:
    """The first strategy whose logits match those of a single pass.

    Args:
        whole: [len(ids), vocabulary] logits of a single pass over `ids`.
    """
    takes = _arguments(model)
    for name in (None, *_OWN_CACHES):
        strategy = CacheStrategy(cached=True, own_cache=name)
        if (name is None or name in takes) and _matches_one_pass(model, ids, whole, strategy):
            return strategy
    return CacheStrategy(cached=False)


def _matches_one_pass(
    model: Any, ids: list[int], whole: torch.Tensor, strategy: CacheStrategy
) -> bool:
    try:
        cache, _ = strategy.open_cache(model, len(ids))
        first = forward_pass(model, ids[:_READ_FIRST], cache).logits[0, -1:]
        rest = range(_READ_FIRST, len(ids))
        logits = torch.cat(
            [first, *(forward_pass(model, [ids[at]], cache, at).logits[0] for at in rest)]
        )
        expected = whole[_READ_FIRST - 1 :]
        share = _LOOSE if model.dtype in (torch.float16, torch.bfloat16) else _TOLERANCE
        return bool((logits - expected).abs().max() <= share * expected.abs().max())
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # models may raise anything
        _log.info("%s does not decode with %s: %r", type(model).__name__, strategy, error)
        return False
