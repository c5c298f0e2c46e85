"""Attention functions that record the last query's pattern without computing it twice.

Three implementations are registered with transformers, each with its mask function; without one,
transformers would silently drop causality:

- `mav_tap`, for architectures whose attention is the plain softmax(q k^T * scaling + mask) v:
  SDPA for the prompt, plus the pattern of its last query, and the plain product for a single query,
  grouped so that shared keys are not repeated.
- `mav_tap_called`: the same, with a compiled function for a single query where available. Quantized
  layers must not use it: its rounding differs, so some of their inputs would be rounded
      differently.
- `mav_tap_own`: the model's own eager function, for all others (soft caps, sinks, biases).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from mav_engine.backends.hf import hooks
from mav_engine.backends.hf.plain_attention import mask_of, pattern_of
from mav_engine.backends.inference.kernels.single_query_attention import single_query_attention

PLAIN = "mav_tap"
CALLED = "mav_tap_called"
OWN = "mav_tap_own"

_PLAIN_PARAMETERS = {
    "module", "query", "key", "value", "attention_mask", "scaling", "dropout", "kwargs",
}  # fmt: skip
_PLAIN_NAMES = {
    "repeat_kv", "num_key_value_groups", "torch", "matmul", "transpose", "nn", "functional",
    "softmax", "float32", "to", "dtype", "dropout", "training", "contiguous", "size", "type",
    "head_dim",
}  # fmt: skip
"""Names in the code of a plain eager attention. Any other name may change its result."""


def implementation_for(model_class: type[nn.Module], plain: str = PLAIN) -> str:
    """The attention implementation for a model class, by the code of its eager function.

    `plain` is the one for plain attention.
    """
    eager = _eager_of(model_class)
    if eager is None or not getattr(model_class, "_supports_attention_backend", False):
        return "eager"
    code = inspect.unwrap(eager).__code__
    alike = set(inspect.signature(eager).parameters) <= _PLAIN_PARAMETERS
    return plain if alike and set(code.co_names) <= _PLAIN_NAMES else OWN


def _eager_of(model_class: type) -> Callable[..., Any] | None:
    return getattr(sys.modules[model_class.__module__], "eager_attention_forward", None)


def _plain(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    *,
    called: bool = False,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """query [1, heads, T, d], key and value [1, kv_heads, keys, d] to output [1, T, heads, d]."""
    if scaling is None:
        scaling = query.shape[-1] ** -0.5
    kept = hooks.current()
    if query.shape[2] > 1:
        output, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
        if kept is not None and "pattern" in kept.points:
            queries = query if "full_pattern" in kept.points else query[:, :, -kept.queries :]
            mask = mask_of(queries, key, attention_mask)
            kept.pattern[_layer(module)] = pattern_of(queries, key, mask, scaling)
        return output, None
    seen = (
        single_query_attention(query, key, value, scaling)
        if called and attention_mask is None
        else None
    )
    pattern, output = seen or _seen_by_one(query, key, value, attention_mask, scaling)
    if kept is not None:
        kept.pattern[_layer(module)] = pattern
    return output, None


def _seen_by_one(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The pattern [1, heads, 1, keys] and the output [1, 1, heads, d] of a single query."""
    pattern = pattern_of(query, key, attention_mask, scaling)
    grouped = pattern.view(*key.shape[:2], -1, key.shape[2])
    output = torch.matmul(grouped, value).view(*query.shape[:3], -1)
    return pattern, output.transpose(1, 2)


def _own(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    eager = _eager_of(type(module))
    if eager is None:
        raise LookupError(f"{type(module).__name__} has no eager attention function in its module")
    output, pattern = eager(module, query, key, value, attention_mask, **kwargs)
    kept = hooks.current()
    if kept is not None:
        kept.pattern[_layer(module)] = pattern
    return output, pattern


def _layer(module: nn.Module) -> int:
    return int(module.layer_idx)  # type: ignore[arg-type]


AttentionInterface.register(PLAIN, _plain)
AttentionMaskInterface.register(PLAIN, sdpa_mask)
AttentionInterface.register(CALLED, partial(_plain, called=True))
AttentionMaskInterface.register(CALLED, sdpa_mask)
AttentionInterface.register(OWN, _own)
AttentionMaskInterface.register(OWN, eager_mask)
