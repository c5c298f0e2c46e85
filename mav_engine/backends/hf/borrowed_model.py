"""Runs and measures a model that belongs to the caller, such as that of a training loop.

Hooks, evaluation mode and the attention that records patterns are active during a forward pass
only. Between passes, and after a pass that fails, the model is as the caller left it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from transformers import PreTrainedModel

from mav_engine.backends.fingerprint import pieces_of
from mav_engine.backends.hf.architectures import NO_PARTS
from mav_engine.backends.hf.attention_capture import OWN, implementation_for
from mav_engine.backends.hf.backend import TransformersBackend
from mav_engine.backends.hf.fingerprint import fingerprint
from mav_engine.backends.hf.hooks import install
from mav_engine.backends.hf.length_scaling import reset_before_each_pass
from mav_engine.backends.hf.unchanged import configs_of, random_state_unchanged, unchanged
from mav_engine.backends.hf.wrappers import Wrapped
from mav_engine.backends.inference.scheduler import Scheduler, no_batches
from mav_engine.contract.arrays import Floats
from mav_engine.errors import ModelLoadFailed
from mav_engine.generation.capture import HookPoint, Step
from mav_engine.generation.loop import Session
from mav_engine.text.tokens import Vocabulary

_ATTENTION = "_attn_implementation_internal"


def borrowed_backend(model: Any, tokenizer: Any, name: str = "model") -> BorrowedBackend:
    """A backend over a model and a tokenizer that stay the caller's.

    The transformers model inside of a wrapper is measured (`torch.compile`, data parallel,
    PEFT). Adapters that live in its modules, such as LoRA, are part of it. A wrapper whose logits
    are not those of the inner model is refused, here and at the beginning of each run.

    Raises:
        ModelLoadFailed: it is no causal language model of transformers, its weights are spread over
            processes, its wrapper changes the logits, or its tokenizer is missing.
    """
    wrapped = Wrapped(model)
    if tokenizer is None:
        raise ModelLoadFailed(
            f"A {type(wrapped.inner).__name__} was given without its tokenizer. "
            "Give tokenizer_obj too.",
            field="tokenizer_obj",
        )
    wrapped.check()
    return BorrowedBackend(wrapped, tokenizer, name)


class BorrowedBackend(TransformersBackend):
    """Decodes token by token with the model's own forward pass; keeps no copies of weights.

    `why_no_pattern` says why attention is null, where it is.
    """

    def __init__(self, wrapped: Wrapped, tokenizer: Any, name: str) -> None:
        model = wrapped.inner
        self._wrapped = wrapped
        self._borrowed = Borrowed(model)
        with self._borrowed.pass_():
            super().__init__(model, tokenizer, name, prefix_bytes=None)
            # A wrong layer_idx makes introspection switch to eager attention.
            self._borrowed.attention = model.config._attn_implementation
        self._borrowed.parts = self._layout.parts
        self._scheduler = _BorrowedScheduler(self._borrowed)
        self.vocabulary = _BorrowedVocabulary(tokenizer)
        self.why_no_pattern = (
            None
            if self._layout.has_pattern
            else f"{type(model).__name__} with the attention {self._borrowed.attention!r} returns "
            "no patterns; load it with attn_implementation='eager'"
        )

    # The weights may change at any time, so nothing derived from them is cached.
    @property
    def fingerprint(self) -> str:
        return fingerprint(self._model, self._tokenizer, self.info.dtype, self._pieces)

    @cached_property
    def _pieces(self) -> str:
        return pieces_of(self._tokenizer)

    def open(self, capture: Collection[HookPoint], max_length: int) -> Session:
        self._wrapped.check()
        with self._borrowed.pass_():
            return super().open(capture, max_length)

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        with self._borrowed.pass_():
            return super().activations(ids, point)

    def calibration(self, point: HookPoint) -> Floats | None:
        return self.activations(self._calibration.ids(), point)


class Borrowed:
    """The state of a borrowed model during a pass."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.parts = NO_PARTS
        """Where hooks go."""
        self.attention = _attention_for(model)

    @contextmanager
    def pass_(self) -> Iterator[None]:
        """Evaluation mode, with hooks and an attention that records its patterns.

        Without autocast, whose kept copies of weights would have no gradient. The model is restored
        afterwards, and so is the random state, which some models draw from.
        """
        model = self._model
        with unchanged(model), random_state_unchanged(model.device):
            for module in model.modules():
                vars(module)["training"] = False
            for config in configs_of(model):
                vars(config)[_ATTENTION] = self.attention
            install(self.parts)
            reset_before_each_pass(model)
            with torch.autocast(model.device.type, enabled=False):
                yield


class _BorrowedScheduler(Scheduler[Any, Step]):
    def __init__(self, borrowed: Borrowed) -> None:
        super().__init__(no_batches)
        self._borrowed = borrowed

    @contextmanager
    def exclusive(self, who: Hashable, *, then_submits: bool = False) -> Iterator[None]:
        with super().exclusive(who, then_submits=then_submits), self._borrowed.pass_():
            yield


class _BorrowedVocabulary(Vocabulary):
    """Encoding sets the tokenizer's truncation and padding; they are put back."""

    def encode(self, text: str, *, special: bool) -> list[int]:
        fast = getattr(self._tokenizer, "backend_tokenizer", None)
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
    """The attention that records its patterns; a model with eager attention keeps it."""
    own: str | None = model.config._attn_implementation
    known = (kind for kind in type(model).__mro__ if issubclass(kind, PreTrainedModel))
    found = next((each for each in map(implementation_for, known) if each != "eager"), None)
    if found is None:
        return own
    return OWN if own == "eager" else found
