"""The truth of one step: an eager pass of transformers' own model over the whole text so far."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn

from tests.sweep.places import Places

Rows = list[torch.Tensor | None]
"""A layer each: the last position's vector, or None where the layer gave none."""
_NO_SOFTMAX = {"linear_attention", "conv", "moe", "mlp"}


class Oracle:
    """What the reference says of the last position of `ids`, without a cache."""

    def __init__(self, model: Any, ids: list[int], places: Places, prepared: bool) -> None:
        self._model = model
        self._prepared = prepared
        self._ids = torch.tensor([ids])
        self._kept: dict[tuple[str, int], torch.Tensor] = {}
        self._blocks = _blocks(model, places.blocks)
        hooks = self._hooks(places)
        output = self._run(output_hidden_states=True, output_attentions=True)
        for hook in hooks:
            hook.remove()
        self.all_logits = output.logits[0]
        self.logits = output.logits[0, -1]
        self.resid = self._residuals(getattr(output, "hidden_states", None))
        self.attn_out = self._by_layer("attention")
        self.mlp_out = self._by_layer("mlp")
        self.patterns = self._patterns(getattr(output, "attentions", None), places)

    def lens(self, layer: int) -> torch.Tensor:
        """Logits [vocabulary] of the model if its last block gave this layer's residual."""
        resid = self._kept["block", layer]

        def instead(_module: nn.Module, _args: Any, output: Any) -> Any:
            return (resid, *output[1:]) if isinstance(output, tuple) else resid

        hook = self._blocks[-1].register_forward_hook(instead)
        logits: torch.Tensor = self._run().logits[0, -1]
        hook.remove()
        return logits

    def _run(self, **wanted: bool) -> Any:
        takes = _parameters(type(self._model))
        given: dict[str, Any] = dict(wanted)
        if self._prepared:
            inputs = self._model.prepare_inputs_for_generation(self._ids, use_cache=False)
            given |= {name: value for name, value in inputs.items() if name in takes}
            with torch.no_grad():
                return self._model(**given)
        if "use_cache" in takes:
            given["use_cache"] = False
        if "position_ids" in takes:
            # As `generate()` gives them; RoBERTa's own would begin elsewhere.
            given["position_ids"] = torch.arange(self._ids.shape[1])[None]
        with torch.no_grad():
            return self._model(input_ids=self._ids, **given)

    def _hooks(self, places: Places) -> list[Any]:
        hooks = []
        for at, block in enumerate(self._blocks):
            hooks.append(block.register_forward_hook(self._keep("block", at)))
            hooks.append(block.register_forward_pre_hook(self._enter(at), with_kwargs=True))
            for name, path in (("attention", places.attention), ("mlp", places.mlp)):
                module = _at(block, path)
                if module is not None:
                    hooks.append(module.register_forward_hook(self._keep(name, at)))
        return hooks

    def _keep(self, name: str, layer: int) -> Callable[..., None]:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            self._kept[name, layer] = output[0] if isinstance(output, tuple | list) else output

        return hook

    def _enter(self, layer: int) -> Callable[..., None]:
        def hook(_module: nn.Module, args: Any, kwargs: Any) -> None:
            self._kept["enter", layer] = args[0] if args else kwargs["hidden_states"]

        return hook

    def _by_layer(self, name: str) -> Rows:
        kept = [self._kept.get((name, at)) for at in range(len(self._blocks))]
        return [None if t is None else t.reshape(-1, t.shape[-1])[-1] for t in kept]

    def _residuals(self, states: Any) -> Rows:
        """Embedding and blocks, where transformers' own hidden states say the same."""
        count = len(self._blocks)
        nothing: Rows = [None] * (count + 1)
        if not count or not states or len(states) != count + 1:
            return nothing
        streams = [self._kept["enter", 0], *(self._kept["block", at] for at in range(count))]
        # Its last is often after the final norm. Mamba's begin after the first block.
        usual = _alike(streams[:-1], states[:-1])
        if not usual and not _alike(streams[1:], states[:-1]):
            return nothing
        return [stream[0, -1] for stream in streams]

    def _patterns(self, attentions: Any, places: Places) -> Rows:
        """[heads, keys] of the last query by layer."""
        patterns: Rows = [None] * len(self._blocks)
        given = [each for each in attentions or () if isinstance(each, torch.Tensor)]
        kinds = getattr(self._model.config.get_text_config(decoder=True), "layer_types", None)
        layers = [
            at
            for at, block in enumerate(self._blocks)
            if _at(block, places.looks or places.attention) is not None
            and (not kinds or kinds[at] not in _NO_SOFTMAX)
        ]
        if len(given) != len(layers):
            layers = list(range(len(self._blocks)))
        if len(given) == len(layers):
            for layer, weights in zip(layers, given, strict=True):
                patterns[layer] = weights[0, :, -1] if weights.ndim == 4 else None
        return patterns


def _alike(ours: Any, theirs: Any) -> bool:
    pairs = zip(ours, theirs, strict=True)
    return all(a.shape == b.shape and torch.allclose(a, b) for a, b in pairs)


@cache
def _parameters(model_class: type[Any]) -> frozenset[str]:
    """The names of what a model's `forward` takes."""
    return frozenset(inspect.signature(model_class.forward).parameters)


def _blocks(model: Any, path: str) -> list[nn.Module]:
    try:
        return list(model.get_submodule(path))
    except AttributeError:
        return []


def _at(block: nn.Module, path: str | None) -> nn.Module | None:
    if not path:
        return None
    try:
        return block.get_submodule(path)
    except AttributeError:
        return None
