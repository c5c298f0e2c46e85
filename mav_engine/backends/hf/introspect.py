"""Introspection: a pass over a few tokens shows which modules of a model can be measured.

A module is measured only if it ran once in the pass and returned one vector of size d_model per
position. A cache is used only if decoding with it gives the logits of a single pass. If a check
fails, measurements are missing, but the model still runs.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from mav_engine.backends.hf.architectures import NO_PARTS, Parts, possible_parts
from mav_engine.backends.hf.cache_strategy import (
    CacheStrategy,
    find_cache_strategy,
    forward_inputs,
    is_eager,
)
from mav_engine.backends.hf.hooks import Recording, record
from mav_engine.backends.hf.length_scaling import depends_on_length, switches_at
from mav_engine.generation.capture import HookPoint

_TOKENS = 6
_POINTS: tuple[HookPoint, ...] = ("pattern",)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelLayout:
    """The parts, cache strategy and attention outputs found in a model."""

    parts: Parts
    cache_strategy: CacheStrategy
    pattern_layers: list[int | None]
    """Layer of each attention output of the model; None if it is not a pattern."""
    has_pattern: bool

    def sort(self, attentions: Sequence[Any] | None, by_layer: list[torch.Tensor | None]) -> None:
        """Assign the model's attention outputs to their layers in `by_layer`."""
        for layer, pattern in zip(self.pattern_layers, attentions or (), strict=False):
            if layer is not None:
                by_layer[layer] = pattern


@torch.inference_mode()
def introspect(model: Any, config: Any) -> ModelLayout:
    """Run a few tokens with each possible layout and return what the results confirm."""
    # Image and padding tokens are at the ends of vocabularies.
    ids = (np.linspace(0.1, 0.8, _TOKENS) * config.vocab_size).astype(int).tolist()
    n_layers = getattr(config, "num_hidden_layers", None)
    found = possible_parts(model, n_layers)
    seen = _read_at_once(model, ids, found)
    if not is_eager(model) and (seen is None or not _layers_agree(seen.running(found))):
        # A module with a wrong layer_idx would assign patterns to the wrong layers.
        model.set_attn_implementation("eager")
        seen = _read_at_once(model, ids, found)
    strategy = (
        CacheStrategy(cached=False)
        if seen is None
        else find_cache_strategy(model, ids, seen.logits)
    )
    if not strategy.cached and _prepares(model):
        prepared = _read_at_once(model, ids, found, prepared=True)
        strategy = CacheStrategy(cached=False, prepared=prepared is not None)
        seen = prepared or seen
    if strategy.cached and depends_on_length(model):
        strategy = replace(strategy, whole_prompt=True, switches_at=switches_at(model))
    if seen is None:
        return ModelLayout(NO_PARTS, strategy, pattern_layers=[], has_pattern=False)
    parts = seen.kept(seen.running(found), getattr(config, "hidden_size", None))
    order = seen.pattern_layers(parts) if seen.length == len(ids) else []
    has_pattern = seen.tapped or any(layer is not None for layer in order)
    return ModelLayout(parts, strategy, order, has_pattern)


def _prepares(model: Any) -> bool:
    """Whether the class defines its own inputs for `generate()`."""
    return "prepare_inputs_for_generation" in vars(type(model))


def _layers_agree(parts: Parts) -> bool:
    """Whether the `layer_idx` of every attention module is the index of its block."""
    return bool(parts.blocks) and all(
        getattr(module, "layer_idx", layer) == layer
        for layer, block in enumerate(parts.blocks)
        for module in block.modules()
    )


def _read_at_once(
    model: Any, ids: list[int], found: list[Parts], prepared: bool = False
) -> _PassRecord | None:
    n_layers = max((len(parts.blocks) for parts in found), default=0)
    recording = Recording(n_layers, _POINTS)
    with _PassRecorder(found) as watch, record(recording):
        try:
            inputs = forward_inputs(model, ids, None, prepared=prepared)
            output = model(**inputs, **({"output_attentions": True} if is_eager(model) else {}))
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # models may raise anything
            _log.info("%s failed in a single pass: %r", type(model).__name__, error)
            return None
    tapped = [t for t in recording.pattern if t is not None]
    return _PassRecord(
        logits=output.logits[0],
        attentions=list(getattr(output, "attentions", None) or []),
        tapped=bool(tapped),
        inputs=watch.inputs,
        outputs=watch.outputs,
        order=watch.order,
        length=inputs["input_ids"].shape[1],
    )


class _PassRecorder:
    """Hooks on all candidate modules during one pass."""

    def __init__(self, found: list[Parts]) -> None:
        self._blocks = list(dict.fromkeys(block for parts in found for block in parts.blocks))
        self.inputs: dict[nn.Module, torch.Tensor | None] = {}
        self.outputs: Mapping[nn.Module, list[Any]] = defaultdict(list)
        self.order: list[nn.Module] = []

    def __enter__(self) -> _PassRecorder:
        inner = dict.fromkeys(m for block in self._blocks for m in block.modules())
        self._hooks = [module.register_forward_hook(self._left) for module in inner]
        self._hooks += [
            block.register_forward_pre_hook(self._entered, with_kwargs=True)
            for block in self._blocks
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _entered(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.order.append(module)
        self.inputs[module] = args[0] if args else kwargs.get("hidden_states")

    def _left(self, module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        self.outputs[module].append(output)


@dataclass(slots=True)
class _PassRecord:
    """Inputs, outputs and order of the modules in one pass over `length` tokens."""

    logits: torch.Tensor
    attentions: list[Any]
    tapped: bool
    inputs: dict[nn.Module, torch.Tensor | None]
    outputs: Mapping[nn.Module, list[Any]]
    order: list[nn.Module]
    length: int
    width: int | None = None

    def running(self, found: list[Parts]) -> Parts:
        """The candidate whose blocks all ran once and in order.

        NO_PARTS if there is more than one: such a model has no single residual stream.
        """
        ran = [
            parts
            for parts in found
            if [module for module in self.order if module in set(parts.blocks)] == parts.blocks
        ]
        return ran[0] if len(ran) == 1 else NO_PARTS

    def kept(self, parts: Parts, width: int | None) -> Parts:
        """The parts that returned one vector of size `width` per position."""
        self.width = width
        if not parts.blocks:
            return NO_PARTS
        return replace(
            parts,
            attentions=[m if self._gave_vectors(m) else None for m in parts.attentions],
            mlps=[m if self._gave_vectors(m) else None for m in parts.mlps],
            residual=self._is_stream(parts.blocks),
        )

    def pattern_layers(self, parts: Parts) -> list[int | None]:
        """The layer whose module returned each attention output; None if it is not a pattern."""
        layers: dict[int, int] = {}
        for layer, block in enumerate(parts.blocks):
            if parts.attentions[layer] is None:
                continue
            made = [m for module in block.modules() for m in self.outputs.get(module, [])]
            for output in made:
                for each in output if isinstance(output, tuple | list) else ():
                    if isinstance(each, torch.Tensor):
                        layers[each.data_ptr()] = layer
        return [
            layers.get(weights.data_ptr()) if self._is_pattern(weights) else None
            for weights in self.attentions
        ]

    def _gave_vectors(self, module: nn.Module | None) -> bool:
        made = self.outputs.get(module, []) if module is not None else []
        return len(made) == 1 and self._is_vectors(first(made[0]))

    def _is_vectors(self, tensor: Any) -> bool:
        shape = tuple(getattr(tensor, "shape", ()))
        fits = self.width is None or shape[-1:] == (self.width,)
        return fits and shape[:-1] in ((1, self.length), (self.length,))

    def _is_stream(self, blocks: list[nn.Module]) -> bool:
        """Whether each block's output is the next block's unchanged input."""
        entering = [self.inputs.get(block) for block in blocks]
        leaving = [first(self.outputs[block][-1]) for block in blocks]
        streams = [*entering, leaving[-1]]
        if not all(self._is_vectors(tensor) for tensor in streams):
            return False
        return len({tensor.shape for tensor in streams if tensor is not None}) == 1 and all(
            came is not None and torch.equal(left.to(came), came)
            for left, came in zip(leaving, entering[1:], strict=False)
        )

    def _is_pattern(self, weights: Any) -> bool:
        if not isinstance(weights, torch.Tensor) or weights.ndim != 4:
            return False
        sums = weights[0, :, -1].float().sum(-1)
        square = tuple(weights.shape[2:]) == (self.length, self.length)
        return square and bool(((sums > 0) & (sums < 1.01)).all())


def first(output: Any) -> Any:
    """The first tensor of a module's output."""
    return output[0] if isinstance(output, tuple | list) else output
