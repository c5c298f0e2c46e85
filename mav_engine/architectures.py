"""Where the parts stand in a transformers model of any architecture.

Parts are found by what modules are: the blocks are the list of `num_hidden_layers` modules, the
attention the child that records attentions or is named so, the MLP the child that is named so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

_ATTENTION = re.compile(r"attn|attention", re.IGNORECASE)
_MLP = re.compile(r"^(mlp|ffn?|feed_?forward|ff_layer|block_sparse_moe|moe)$|MLP|FeedForward|MoE")


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules of a model, layer by layer; None where a layer has no such part."""

    blocks: list[nn.Module]
    attentions: list[nn.Module | None]
    mlps: list[nn.Module | None]


def text_config(config: Any) -> Any:
    """The part of a configuration that describes the language model."""
    return config.get_text_config(decoder=True)


def find_parts(model: nn.Module, n_layers: int) -> Parts:
    """The blocks of a model with their attention and MLP.

    Raises:
        LookupError: no list of that many blocks stands in the model.
    """
    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) == n_layers]
    if not lists:
        raise LookupError(f"{type(model).__name__} holds no list of {n_layers} blocks")
    blocks = list(lists[0])
    return Parts(
        blocks=blocks,
        attentions=[_first(block, _is_attention) for block in blocks],
        mlps=[_first(block, _is_mlp) for block in blocks],
    )


def _first(block: nn.Module, is_part: Any) -> nn.Module | None:
    return next((child for name, child in _children(block) if is_part(name, child)), None)


def _children(block: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, child in block.named_children():
        if sum(parameter.numel() for parameter in child.parameters()):
            yield name, child


def _is_attention(name: str, child: nn.Module) -> bool:
    described = bool(_ATTENTION.search(name) or _ATTENTION.search(type(child).__name__))
    return described and not _is_norm(child)


def _is_mlp(name: str, child: nn.Module) -> bool:
    described = bool(_MLP.search(name) or _MLP.search(type(child).__name__))
    return described and not _is_norm(child)


def _is_norm(child: nn.Module) -> bool:
    return "norm" in type(child).__name__.lower()
