"""Where the parts stand in a transformers model of any architecture.

Parts are found by what modules are: transformers itself names, for most architectures, the class
whose outputs are attentions (`_can_record_outputs`); the rest goes by the names of the field.
What is found here is what a model *may* have. A trial pass decides which of it runs and gives
what it should.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

_ATTENTION = re.compile(r"attn|attention|self_att$|Attention", re.IGNORECASE)
_MLP = re.compile(
    r"^(mlps?|ffn?|feed_?forward|ff_layer|mlp_block|block_sparse_moe|moe|shared_mlp|experts)$"
    r"|(MLP|Mlp|FeedForward|MoE|Moe)$"
)
_OTHER_TEXT = re.compile(r"encoder_attn|cross_attn|crossattention|encoder_decoder", re.IGNORECASE)
"""Attention to another text, which a language model by itself does not read."""

_ATTENTION_OUTPUTS = ("attention.output.dense", "self_attention.dense", "self_att.self_attention")
_MLP_OUTPUTS = (
    "output.dense", "mlp.dense_4h_to_h", "ffn.down_proj", "ffn.ffn", "ff.layer_2", "fc2",
)  # fmt: skip
"""What writes a part's output where the module around it adds the residual stream, or where the
part has no module of its own: the families of BERT, BLOOM, MPT, CPM-Ant, XLNet and BART."""
_ADDS_RESIDUAL = re.compile(r"^XLNetRelativeAttention$")
"""Attention that adds the residual stream inside and has no module for its own output."""
_NO_ATTENTION = frozenset({"linear_attention", "conv", "moe", "mlp"})
"""Layer types of a configuration under which no softmax attention runs."""
_PIECE = re.compile(r"(Attention|MLP|FFN|FeedForward|MoE|Norm|Linear|Embedding)$")
"""Classes that are a piece of a block, in models that keep a list of each piece."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules of a model, layer by layer; None where a layer has no such part."""

    blocks: list[nn.Module]
    attentions: list[nn.Module | None]
    mlps: list[nn.Module | None]
    residual: bool = True
    """Whether one residual stream [1, positions, d_model] passes from block to block."""


NO_PARTS = Parts([], [], [], residual=False)


def text_config(config: Any) -> Any:
    """The part of a configuration that describes the language model."""
    return config.get_text_config(decoder=True)


def fields_of(config: Any) -> dict[str, Any]:
    """The fields of a configuration under the names that its `config.json` has, and the type of
    the model, which some classes hold themselves."""
    fields = asdict(config) if not hasattr(config, "__dict__") else dict(vars(config))
    return {**fields, "model_type": getattr(config, "model_type", None)}


def possible_parts(model: nn.Module, n_layers: int | None) -> list[Parts]:
    """Every list of modules that may be the blocks, the likeliest first.

    A model that reads pictures or sounds too has such lists for them; which one reads text shows
    only when it runs.
    """
    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList) and _are_blocks(m)]
    blocks = _recorded(model, "hidden_states")
    told = [m for m in lists if all(isinstance(block, blocks) for block in m)]
    counted = [m for m in lists if len(m) == n_layers]
    return [_parts_of(model, list(m)) for m in dict.fromkeys([*counted, *told])]


def _are_blocks(modules: nn.ModuleList) -> bool:
    """Whether these may be whole blocks, not the attentions of all layers or the like."""
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
    """The one self-attention of a block; None where it has none or several."""
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
    """The one MLP of a block; None where it has none, or several that are added up."""
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
