"""The logit lens: any residual stream through the model's own final norm and unembedding.

nostalgebraist, "interpreting GPT: the logit lens" (2020). The norm is found by watching one pass:
it is the module that turned the last block's output into the unembedding's input. The lens is kept
only where it gives, for the last layer, the model's own logits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from mav_engine.architectures import Parts

_PROBE_TOKENS = 4
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Lens:
    """rows [n, d_model] of a residual stream to logits [n, vocabulary]."""

    norm: nn.Module | None
    unembedding: nn.Module
    after: Callable[[torch.Tensor], torch.Tensor]
    """What the model does to its logits after the unembedding: a scale, a soft cap."""

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        normed = rows if self.norm is None else self.norm(rows[None])[0]
        logits: torch.Tensor = self.unembedding(normed)
        return self.after(logits)


@torch.inference_mode()
def proven_lens(model: Any, config: Any, parts: Parts) -> Lens | None:
    """The lens of a model, or None where no way from residual stream to logits can be proven."""
    unembedding = model.get_output_embeddings()
    if unembedding is None or not parts.blocks:
        return None
    step = max(1, config.vocab_size // _PROBE_TOKENS)
    ids = torch.arange(_PROBE_TOKENS, device=model.device)[None] * step
    seen = _Watch(model, parts.blocks, unembedding)
    logits = seen.run(ids)
    norm = seen.norm()
    if seen.residual is None or (norm is None and not seen.without_norm()):
        return None
    for after in _afters(config):
        lens = Lens(norm, unembedding, after)
        error = (lens(seen.residual[0]) - logits[0]).abs().max()
        if error <= _TOLERANCE * logits.abs().max():
            return lens
    return None


class _Watch:
    """One pass, and which module stood between the last block and the unembedding."""

    def __init__(self, model: Any, blocks: list[nn.Module], unembedding: nn.Module) -> None:
        self._model = model
        self._blocks = blocks
        self._unembedding = unembedding
        self._outside: list[tuple[nn.Module, torch.Tensor, torch.Tensor]] = []
        self._entering: torch.Tensor | None = None
        self.residual: torch.Tensor | None = None

    def run(self, ids: torch.Tensor) -> torch.Tensor:
        inside = {module for block in self._blocks for module in block.modules()}
        hooks = [self._unembedding.register_forward_pre_hook(self._enter)]
        hooks.append(self._blocks[-1].register_forward_hook(self._leave))
        inside.add(self._unembedding)
        outside = (module for module in self._model.modules() if module not in inside)
        hooks += [module.register_forward_hook(self._pass) for module in outside]
        try:
            logits: torch.Tensor = self._model(input_ids=ids, use_cache=False).logits
        finally:
            for hook in hooks:
                hook.remove()
        return logits

    def norm(self) -> nn.Module | None:
        for module, given, made in self._outside:
            if _same(given, self.residual) and _same(made, self._entering):
                return module
        return None

    def without_norm(self) -> bool:
        return _same(self.residual, self._entering)

    def _enter(self, _module: nn.Module, args: tuple[Any, ...]) -> None:
        self._entering = args[0]

    def _leave(self, _module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        self.residual = output[0] if isinstance(output, tuple) else output

    def _pass(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if args and isinstance(args[0], torch.Tensor) and isinstance(output, torch.Tensor):
            self._outside.append((module, args[0], output))


def _same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    return one is not None and other is not None and one.data_ptr() == other.data_ptr()


def _afters(config: Any) -> list[Callable[[torch.Tensor], torch.Tensor]]:
    """What architectures are known to do to their logits, as their configuration says."""
    afters: list[Callable[[torch.Tensor], torch.Tensor]] = [lambda logits: logits]
    if cap := getattr(config, "final_logit_softcapping", None):
        afters.insert(0, lambda logits: torch.tanh(logits / cap) * cap)
    if scale := getattr(config, "logit_scale", None):
        afters.append(lambda logits: logits * scale)
    if scaling := getattr(config, "logits_scaling", None):
        afters.append(lambda logits: logits / scaling)
    return afters
