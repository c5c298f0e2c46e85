"""Finding the transformers model inside of a wrapper, and checking that the wrapper adds nothing.

The engine measures the inner model by its own forward pass. That is right for wrappers that only
call it (data parallel, `torch.compile`) and for adapters that live in its modules (LoRA, IA3). It
is wrong for wrappers that compute something themselves: soft prompts, a bias on the logits, a
forward hook. So a wrapper's own logits are compared with those of the inner model, and a wrapper
that gives others is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import distributed, nn
from transformers import PreTrainedModel

from mav_engine.backends.hf.architectures import text_config
from mav_engine.backends.hf.unchanged import random_state_unchanged, unchanged
from mav_engine.errors import ModelLoadFailed
from mav_engine.faults import brief

_TRANSPARENT = frozenset(
    {
        "torch._dynamo.eval_frame.OptimizedModule",
        "torch.nn.parallel.data_parallel.DataParallel",
        "torch.nn.parallel.distributed.DistributedDataParallel",
    }
)
"""Wrappers that only call the model. They are not called here: the first would compile, and the
last would wait for other processes."""
_SHARDED = "FullyShardedDataParallel"
_TOKENS = 6
_TOLERANCE = 1e-4
"""Share of the largest logit by which a wrapper's logits may differ."""
_TOLERANCE_OF_HALVES = 2e-2


class Wrapped:
    """A caller's model and the transformers model inside of it, `inner`; often they are the same.

    Raises:
        ModelLoadFailed: there is no such model, it predicts no next token, or this process holds
            only a part of its weights.
    """

    def __init__(self, model: Any) -> None:
        self.inner = _inner_of(model)
        outer = model
        while outer is not self.inner and _is_transparent(outer):
            outer = _wrapped_by(outer)
        self._outer = outer

    def check(self) -> None:
        """Compare the logits of the wrapper with those of the inner model on a few tokens.

        Nothing of either changes: attributes, mode, buffers and random state are restored. A
        wrapper may be trained, so call this before every run. It does nothing if no wrapper
        needs it.

        Raises:
            ModelLoadFailed: the logits differ, or the wrapper cannot be called by itself.
        """
        if self._outer is self.inner:
            return
        if _is_one_of_several_processes():
            raise self._refused(
                "computes in several processes, so its logits cannot be compared with those of the "
                "model inside"
            )
        vocabulary = int(text_config(self.inner.config).vocab_size)
        # Special tokens are at the ends of vocabularies.
        ids = (np.linspace(0.1, 0.8, _TOKENS) * vocabulary).astype(int).tolist()
        for adapter in (each for wrapper in self._wrappers() for each in _adapters(wrapper)):
            # Some adapters are activated by tokens of the text.
            ids += getattr(adapter, "alora_invocation_tokens", None) or []
        given = torch.tensor([ids], device=self.inner.device)
        expected = self._logits(self.inner, given)
        try:
            logits = self._logits(self._outer, given)
        except Exception as error:  # wrappers may raise anything
            raise self._refused(
                f"cannot be called with token ids alone ({brief(error)}), so its logits cannot be "
                "compared with those of the model inside"
            ) from error
        if logits.shape[-2:] != expected.shape[-2:]:
            logits = logits[..., -len(ids) :, :]
        if logits.shape != expected.shape:
            raise self._refused("gives no logits of the model inside")
        largest = float(expected.abs().max())
        if not math.isfinite(largest):
            return  # the run reports it
        differ = float((logits - expected).abs().max())
        halves = self.inner.dtype in (torch.float16, torch.bfloat16)
        if not differ <= (_TOLERANCE_OF_HALVES if halves else _TOLERANCE) * largest:
            raise self._refused(
                f"changes what the model inside computes: on {len(ids)} tokens their logits differ "
                f"by up to {differ:.3g}"
            )

    def _logits(self, model: Any, ids: torch.Tensor) -> torch.Tensor:
        """[1, T, vocabulary] in evaluation mode; T may exceed the number of ids."""
        outer = self._outer if isinstance(self._outer, nn.Module) else self.inner
        device = self.inner.device
        with unchanged(outer), random_state_unchanged(device), torch.no_grad():
            for module in outer.modules():
                vars(module)["training"] = False
                if _is_transparent_kind(module):  # runs its hooks, but does not compile or wait
                    vars(module)["forward"] = _wrapped_by(module)
            with torch.autocast(device.type, enabled=False):
                output = _called(model, ids)
        if isinstance(output, Mapping):
            output = output["logits"]
        elif not isinstance(output, torch.Tensor):
            output = output.logits if hasattr(output, "logits") else output[0]
        logits: torch.Tensor = output.detach().float()
        return logits

    def _wrappers(self) -> Iterator[Any]:
        """The wrappers that have to be compared, from the outermost on."""
        outer = self._outer
        while outer is not self.inner:
            yield outer
            outer = _wrapped_by(outer)

    def _refused(self, why: str) -> ModelLoadFailed:
        around, inner = " around a ".join(map(_named, self._wrappers())), type(self.inner).__name__
        return ModelLoadFailed(
            f"The {around} around this {inner} {why}. MAV measures the {inner}, so its numbers "
            "would not be those of the whole. Merge the wrapper into the weights where it can be "
            f"merged (merge_and_unload() of PEFT), or give the {inner} itself to measure it "
            "without the wrapper.",
            field="model_obj",
        )


def _called(model: Any, ids: torch.Tensor) -> Any:
    try:
        return model(input_ids=ids)
    except TypeError:
        return model(ids)  # a wrapper may have another name for them


def _inner_of(model: Any) -> PreTrainedModel:
    inner = model
    while not isinstance(inner, PreTrainedModel):
        _check_is_whole(inner)
        inner = _wrapped_by(inner)
        if inner is None:
            raise ModelLoadFailed(
                f"A {type(model).__name__} cannot be measured: it is not a transformers model "
                "(PreTrainedModel) that generates text.",
                field="model_obj",
            )
    if inner.get_output_embeddings() is None:
        raise ModelLoadFailed(
            f"{type(inner).__name__} does not predict the next token. Give a causal language "
            "model, such as AutoModelForCausalLM makes.",
            field="model_obj",
        )
    _check_is_whole(inner)
    return inner


def _wrapped_by(model: Any) -> Any:
    """The module inside of a wrapper; None if it is not a wrapper."""
    for name in ("_orig_mod", "module"):
        inner = _own(model, name)
        if inner is not None:
            return inner
    given = _own(model, "get_base_model")
    return given() if callable(given) else None


def _own(model: Any, name: str) -> Any:
    """An attribute of the wrapper itself; many wrappers forward those of the inner module."""
    attributes = getattr(model, "__dict__", {})
    is_own = name in attributes or name in attributes.get("_modules", {})
    return getattr(model, name, None) if is_own or hasattr(type(model), name) else None


def _check_is_whole(model: Any) -> None:
    """Refuse a model whose other parts are held by other processes."""
    modules = model.modules() if isinstance(model, nn.Module) else []
    parameters = model.parameters() if isinstance(model, nn.Module) else []
    if any(hasattr(each, "ds_id") or hasattr(each, "device_mesh") for each in parameters) or any(
        kind.__name__ == _SHARDED for module in modules for kind in type(module).__mro__
    ):
        raise ModelLoadFailed(
            f"The weights of this {type(model).__name__} are spread over processes (FSDP, ZeRO-3), "
            "so no process can run it alone. Measure a saved checkpoint instead.",
            field="model_obj",
        )


def _is_transparent(model: Any) -> bool:
    """Whether a wrapper is of a kind that computes nothing, and has no hooks that do."""
    return _is_transparent_kind(model) and not (model._forward_hooks or model._forward_pre_hooks)


def _is_transparent_kind(model: Any) -> bool:
    if not isinstance(model, nn.Module) or _wrapped_by(model) is None:
        return False
    kind = type(model)
    if f"{kind.__module__}.{kind.__qualname__}" in _TRANSPARENT:
        return True
    # A container without a forward pass.
    return kind.forward is nn.Module.forward and "forward" not in vars(model)


def _is_one_of_several_processes() -> bool:
    there = distributed.is_available() and distributed.is_initialized()
    return there and distributed.get_world_size() > 1


def _named(wrapper: Any) -> str:
    """The class of a wrapper, and the types of its active adapters."""
    types = {str(getattr(each, "peft_type", "")) for each in _adapters(wrapper)}
    kinds = ", ".join(sorted(each.removeprefix("PeftType.") for each in types if each))
    return type(wrapper).__name__ + (f" ({kinds})" if kinds else "")


def _adapters(model: Any) -> list[Any]:
    """The configurations of the active adapters of a PEFT model."""
    given = getattr(model, "peft_config", None)
    names = getattr(model, "active_adapters", None)
    if not isinstance(given, Mapping) or not isinstance(names, list):
        return []
    return [given[name] for name in names if name in given]
