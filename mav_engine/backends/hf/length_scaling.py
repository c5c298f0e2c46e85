"""Rotary embeddings whose frequencies depend on the length of the text: dynamic NTK and LongRoPE.

transformers computes the frequencies of a pass from its last position and stores them in the
module. This has three consequences for a model that is shared by runs:

- A dynamic module keeps the frequencies of the longest text so far, so a run would depend on
  earlier runs. It is reset before each pass, which gives the results of `generate()` with a newly
  loaded model.
- A prompt must be prefilled in one pass: with chunks, its first keys would be rotated with the
  frequencies of a shorter text.
- Models of the Phi-3 family compute the whole text again, with a new cache, when it exceeds the
  length of their short frequencies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle


def depends_on_length(model: nn.Module) -> bool:
    """Whether a model's rotary frequencies depend on the length of the text."""
    return any(
        kind == "longrope" or "dynamic" in kind
        for module in model.modules()
        for _, kind in _rope_types(module)
    )


def switches_at(model: Any) -> int | None:
    """The length beyond which a model computes the whole text again, as `generate()` does in
    `prepare_inputs_for_generation`; None if it never does."""
    original = getattr(model.config, "original_max_position_embeddings", None)
    switches = "prepare_inputs_for_generation" in vars(type(model)) and any(
        kind == "longrope" for module in model.modules() for _, kind in _rope_types(module)
    )
    return int(original) if switches and original else None


def reset_before_each_pass(model: nn.Module) -> list[RemovableHandle]:
    """Register hooks that make a model's rotary frequencies independent of earlier passes."""
    return [
        module.register_forward_pre_hook(_reset)
        for module in model.modules()
        if any("dynamic" in kind for _, kind in _rope_types(module))
    ]


def _rope_types(module: nn.Module) -> Iterator[tuple[str, str]]:
    """The rotary types of a module by layer type; the key is "" if all layers have the same."""
    given = getattr(module, "rope_type", None)
    kinds = given.items() if isinstance(given, dict) else [("", given)]
    yield from ((layer_type, kind) for layer_type, kind in kinds if isinstance(kind, str))


def _reset(module: Any, _args: Any) -> None:
    for layer_type, kind in _rope_types(module):
        if "dynamic" in kind:
            prefix = f"{layer_type}_" if layer_type else ""
            original = getattr(module, f"{prefix}original_inv_freq")
            device = getattr(module, f"{prefix}inv_freq").device
            setattr(module, f"{prefix}inv_freq", original.to(device))
            setattr(module, f"{prefix}max_seq_len_cached", module.original_max_seq_len)
