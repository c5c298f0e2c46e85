"""Finds blocks, attention and MLP modules in a transformers model of any architecture.

For most architectures transformers names the class whose outputs are attentions
(`_can_record_outputs`); other modules are found by their usual names. The result lists candidates:
introspection (introspect.py) decides which of them run and return the expected tensors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

_ATTENTION = re.compile(r"attn|attention|self_att$|Attention", re.IGNORECASE)
_MLP = re.compile(
    r"^(mlps?|ffn?|feed_?forward|ff_layer|mlp_block|block_sparse_moe|moe|shared_mlp|experts)$"
    r"|(MLP|Mlp|FeedForward|MoE|Moe)$"
)
_OTHER_TEXT = re.compile(r"encoder_attn|cross_attn|crossattention|encoder_decoder", re.IGNORECASE)
"""Cross-attention, which a decoder-only language model does not use."""

_ATTENTION_OUTPUTS = ("attention.output.dense", "self_attention.dense", "self_att.self_attention")
_MLP_OUTPUTS = (
    "output.dense", "mlp.dense_4h_to_h", "ffn.down_proj", "ffn.ffn", "ff.layer_2", "fc2",
)  # fmt: skip
"""Submodules that return a part's output, for architectures whose part adds the residual stream
itself or has no module: the families of BERT, BLOOM, MPT, CPM-Ant, XLNet and BART."""
_ADDS_RESIDUAL = re.compile(r"^XLNetRelativeAttention$")
"""Attention that adds the residual stream itself and has no module for its output."""
_NO_ATTENTION = frozenset({"linear_attention", "conv", "moe", "mlp"})
"""Layer types of a configuration without softmax attention."""
_PIECE = re.compile(r"(Attention|MLP|FFN|FeedForward|MoE|Norm|Linear|Embedding)$")
"""Classes that are only a part of a block, in models with one module list per part."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules of a model by layer; None where a layer lacks the part."""

    blocks: list[nn.Module]
    attentions: list[nn.Module | None]
    mlps: list[nn.Module | None]
    residual: bool = True
    """Whether a single residual stream [1, positions, d_model] connects the blocks."""


NO_PARTS = Parts([], [], [], residual=False)


def text_config(config: Any) -> Any:
    """The part of a configuration that describes the language model."""
    return config.get_text_config(decoder=True)


def fields_of(config: Any) -> dict[str, Any]:
    """The fields of a configuration by their names in `config.json`, with `model_type`, which some
    classes define themselves."""
    return {**vars(config), "model_type": getattr(config, "model_type", None)}


def possible_parts(model: nn.Module, n_layers: int | None) -> list[Parts]:
    """Every list of modules that may be the blocks, the likeliest first.

    Multimodal models have one for each modality; which one computes text shows only in a pass.
    """
    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList) and _are_blocks(m)]
    blocks = _recorded(model, "hidden_states")
    candidates = [m for m in lists if all(isinstance(block, blocks) for block in m)]
    counted = [m for m in lists if len(m) == n_layers]
    return [_parts_of(model, list(m)) for m in dict.fromkeys([*counted, *candidates])]


def _are_blocks(modules: nn.ModuleList) -> bool:
    """Whether these may be complete blocks, and not, for example, the attentions of all layers."""
    return len(modules) > 0 and not any(_PIECE.search(type(m).__name__) for m in modules)


def _parts_of(model: nn.Module, blocks: list[nn.Module]) -> Parts:
    recorded = _recorded(model, "attentions")
    headless = not getattr(text_config(model.config), "num_attention_heads", None)
    kinds = getattr(text_config(model.config), "layer_types", None) or []
    if len(kinds) != len(blocks):
        kinds = [""] * len(blocks)
    return Parts(
        blocks=blocks,
        attentions=[
            None if headless or kind in _NO_ATTENTION else _attention_of(block, recorded)
            for block, kind in zip(blocks, kinds, strict=True)
        ],
        mlps=[_mlp_of(block) for block in blocks],
    )


def _recorded(model: nn.Module, kind: str) -> tuple[type, ...]:
    """The module classes whose outputs transformers records as this kind of output."""
    classes: list[type] = []
    for module in model.modules():
        recorders = (getattr(module, "_can_record_outputs", None) or {}).get(kind) or []
        for recorder in recorders if isinstance(recorders, list) else [recorders]:
            target = getattr(recorder, "target_class", recorder)
            classes += [target] if isinstance(target, type) else []
    return tuple(dict.fromkeys(classes))


def _attention_of(block: nn.Module, recorded: tuple[type, ...]) -> nn.Module | None:
    """The self-attention of a block; None if it has none or several."""
    named = [(name, child) for name, child in block.named_modules() if name]
    if recorded:
        found = [pair for pair in named if isinstance(pair[1], recorded)]
    else:
        found = [pair for pair in _children(block) if _is_attention(*pair)]
    found = [pair for pair in found if not _OTHER_TEXT.search(pair[0])]
    if len(found) != 1 or _ADDS_RESIDUAL.search(type(found[0][1]).__name__):
        return None
    return _first_at(block, _ATTENTION_OUTPUTS) or found[0][1]


def _mlp_of(block: nn.Module) -> nn.Module | None:
    """The MLP of a block; None if it has none or several."""
    written = _first_at(block, _MLP_OUTPUTS)
    if written is not None:
        return written
    found = [child for name, child in _children(block) if _is_mlp(name, child)]
    if not found:
        inner = [child for _, child in _children(block) if not isinstance(child, nn.ModuleList)]
        found = [child for each in inner for name, child in _children(each) if _is_mlp(name, child)]
    return found[0] if len(found) == 1 else None


def _first_at(block: nn.Module, paths: tuple[str, ...]) -> nn.Module | None:
    named = dict(block.named_modules())
    return next((named[path] for path in paths if path in named), None)


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
