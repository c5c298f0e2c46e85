"""A model of somebody else's, a training loop for example: run, measured, left as it was.

Hooks, evaluation mode and the attention that tells its patterns are there for the time of a forward
pass only. Between two passes, and after a pass that fails, the model is as its owner left it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from mav_engine.architectures import NO_PARTS
from mav_engine.arrays import Floats
from mav_engine.backends.transformers.attention import OWN, implementation_for
from mav_engine.backends.transformers.backend import TransformersBackend
from mav_engine.backends.transformers.fingerprint import fingerprint, pieces_of
from mav_engine.backends.transformers.recording import install
from mav_engine.backends.transformers.session import TransformersSession
from mav_engine.backends.transformers.turns import Turns, no_batches
from mav_engine.capture import HookPoint, Step
from mav_engine.errors import ModelLoadFailed
from mav_engine.text import Vocabulary

_TABLES = (
    "_buffers",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
)
"""What a pass may change inside of a module: a table of frequencies that grows, hooks of
transformers that stay on."""
_ATTENTION = "_attn_implementation_internal"


def lent_backend(model: Any, tokenizer: Any, name: str = "model") -> LentBackend:
    """A backend over a model and a tokenizer that stay the caller's.

    Wrappers (`torch.compile`, data parallel, PEFT) are looked through: an adapter's weights count,
    since they stand in the model itself.

    Raises:
        ModelLoadFailed: it is no causal language model of transformers, its weights are spread over
            processes, or its tokenizer is missing.
    """
    inner = unwrapped(model)
    if tokenizer is None:
        raise ModelLoadFailed(
            f"A {type(inner).__name__} was given without its tokenizer. Give tokenizer_obj too.",
            field="tokenizer_obj",
        )
    return LentBackend(inner, tokenizer, name)


def unwrapped(model: Any) -> PreTrainedModel:
    """The transformers model inside of what may stand around it.

    Raises:
        ModelLoadFailed: there is none, or this process holds only a part of its weights.
    """
    inner = model
    while not isinstance(inner, PreTrainedModel):
        given = getattr(inner, "get_base_model", None)
        around = getattr(inner, "_orig_mod", None) or getattr(inner, "module", None)
        inner = given() if callable(given) else around
        if inner is None:
            raise ModelLoadFailed(
                f"A {type(model).__name__} cannot be watched: it is no model of transformers "
                "(PreTrainedModel) that writes text.",
                field="model_obj",
            )
    if inner.get_output_embeddings() is None:
        raise ModelLoadFailed(
            f"{type(inner).__name__} predicts no next token. Give a causal language model, such as "
            "AutoModelForCausalLM makes.",
            field="model_obj",
        )
    if any(hasattr(each, "ds_id") or hasattr(each, "device_mesh") for each in inner.parameters()):
        raise ModelLoadFailed(
            f"The weights of this {type(inner).__name__} are spread over processes (FSDP, ZeRO-3), "
            "so no process can run it alone. Watch a saved checkpoint instead.",
            field="model_obj",
        )
    return inner


class LentBackend(TransformersBackend):
    """Reads one token after the other by the model's own forward pass; keeps none of its weights.

    `why_no_pattern` says why attention is null, where it is.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        self._borrowed = Borrowed(model)
        with self._borrowed.pass_():
            super().__init__(model, tokenizer, name, prefix_bytes=None)
            # Where layers tell other numbers than their own, the model's eager attention was taken.
            self._borrowed.attention = model.config._attn_implementation
        self._borrowed.parts = self._anatomy.parts
        self._turns = _LentTurns(self._borrowed)
        self.vocabulary = _LentVocabulary(tokenizer)
        self.why_no_pattern = (
            None
            if self._anatomy.has_pattern
            else f"{type(model).__name__} with the attention {self._borrowed.attention!r} tells no "
            "patterns; load it with attn_implementation='eager' to see them"
        )

    # The owner's weights change under it, so nothing that follows from them is kept.
    @property
    def fingerprint(self) -> str:
        return fingerprint(self._model, self._tokenizer, self.info.dtype, self._pieces)

    @cached_property
    def _pieces(self) -> str:
        return pieces_of(self._tokenizer)

    def open(self, capture: Collection[HookPoint], max_length: int) -> TransformersSession:
        with self._borrowed.pass_():
            return super().open(capture, max_length)

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        with self._borrowed.pass_():
            return super().activations(ids, point)

    def calibration(self, point: HookPoint) -> Floats | None:
        return self.activations(self._calibration_ids(), point)


class Borrowed:
    """How a model of somebody else's is for the time of a pass."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.parts = NO_PARTS
        """Where hooks go."""
        self.attention = _attention_for(model)

    @contextmanager
    def pass_(self) -> Iterator[None]:
        """In evaluation mode, with hooks and an attention that tells its patterns.

        Without autocast, whose kept copies of weights would have no gradient. All is put back, and
        so is torch's random state, which some models draw from.
        """
        model = self._model
        with _unchanged(model), _random_state_of(model.device):
            for module in model.modules():
                vars(module)["training"] = False
            for config in _configs(model):
                vars(config)[_ATTENTION] = self.attention
            install(self.parts)
            with torch.autocast(model.device.type, enabled=False):
                yield


class _LentTurns(Turns[Any, Step]):
    def __init__(self, borrowed: Borrowed) -> None:
        super().__init__(no_batches)
        self._borrowed = borrowed

    @contextmanager
    def alone(self, who: Hashable, *, then_asks: bool = False) -> Iterator[None]:
        with super().alone(who, then_asks=then_asks), self._borrowed.pass_():
            yield


class _LentVocabulary(Vocabulary):
    """Encoding sets the tokenizer's truncation and padding; they are put back."""

    def encode(self, text: str, *, special: bool) -> list[int]:
        fast = self._fast
        if fast is None:
            return super().encode(text, special=special)
        truncation, padding = fast.truncation, fast.padding
        try:
            return super().encode(text, special=special)
        finally:
            fast.no_truncation()
            fast.no_padding()
            if truncation is not None:
                fast.enable_truncation(**truncation)
            if padding is not None:
                fast.enable_padding(**padding)


def _attention_for(model: Any) -> str | None:
    """The attention that tells its patterns; where the model has its eager one, that stays."""
    own: str | None = model.config._attn_implementation
    known = (kind for kind in type(model).__mro__ if issubclass(kind, PreTrainedModel))
    told = next((each for each in map(implementation_for, known) if each != "eager"), None)
    if told is None:
        return own
    return OWN if own == "eager" else told


def _configs(model: nn.Module) -> list[PreTrainedConfig]:
    """The configurations of a model and of its parts, each once."""
    found: dict[int, PreTrainedConfig] = {}
    waiting = [config for module in model.modules() if (config := getattr(module, "config", None))]
    while waiting:
        config = waiting.pop()
        if isinstance(config, PreTrainedConfig) and id(config) not in found:
            found[id(config)] = config
            waiting += [getattr(config, name, None) for name in config.sub_configs]
    return list(found.values())


@contextmanager
def _unchanged(model: nn.Module) -> Iterator[None]:
    """What stands in modules and configurations is the same afterwards, object by object."""
    tables = [vars(each) for each in (*model.modules(), *_configs(model))]
    tables += [vars(module)[name] for module in model.modules() for name in _TABLES]
    before = [(table, dict(table)) for table in tables]
    try:
        yield
    finally:
        for table, was in before:
            _put_back(table, was)


def _put_back(table: dict[str, Any], was: dict[str, Any]) -> None:
    if list(table) != list(was):
        table.clear()
        table.update(was)
        return
    for key, value in was.items():
        if table[key] is not value:
            table[key] = value


@contextmanager
def _random_state_of(device: torch.device) -> Iterator[None]:
    of_device: Any = getattr(torch, device.type, None) if device.type != "cpu" else None
    told = of_device is not None and hasattr(of_device, "get_rng_state")
    general = torch.get_rng_state()
    own = of_device.get_rng_state() if told else None
    try:
        yield
    finally:
        torch.set_rng_state(general)
        if told:
            of_device.set_rng_state(own)
