"""The logit lens: any residual stream through the model's own final norm and unembedding.

nostalgebraist, "interpreting GPT: the logit lens" (2020). The norm is found in a forward pass: it
is the module that maps the last block's output to the unembedding's input. The lens is used only if
it reproduces the model's logits from the last layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from mav_engine.backends.hf.architectures import Parts
from mav_engine.backends.hf.cache_strategy import forward_pass

_PROBE_TOKENS = 4
_TOLERANCE = 1e-3
_SOFT_CAPS = ("final_logit_softcapping", "logits_soft_cap", "output_logit_soft_cap")
_LONGEST_WAY = 4
"""Most modules between the last block and the unembedding, such as a norm and a projection."""


@dataclass(frozen=True, slots=True)
class Lens:
    """Maps residual streams [n, d_model] to logits [n, vocabulary]."""

    way: Sequence[Callable[[torch.Tensor], torch.Tensor]]
    """The modules to apply in order, the unembedding last."""
    after: Callable[[torch.Tensor], torch.Tensor]
    """The model's function on logits after the unembedding, such as a scale or a soft cap."""

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        seen = rows[None]
        for module in self.way:
            seen = module(seen)
        return self.after(seen[0])


@torch.inference_mode()
def verified_lens(model: Any, config: Any, parts: Parts) -> Lens | None:
    """The lens of a model; None if no path from residual stream to logits can be verified."""
    unembedding = model.get_output_embeddings()
    if unembedding is None or not parts.residual:
        return None
    step = max(1, config.vocab_size // _PROBE_TOKENS)
    seen = _PassRecorder(model, parts.blocks, unembedding)
    # Compared on the CPU, since a spread model has several devices.
    logits = seen.run([place * step for place in range(_PROBE_TOKENS)]).cpu()
    for way in seen.ways():
        plain = _try_lens(Lens(way, lambda logits: logits), seen.residual)
        for after in _afters(config, plain, logits):
            if plain is not None and _close(after(plain), logits):
                return Lens(way, after)
    return None


def _try_lens(lens: Lens, residual: torch.Tensor | None) -> torch.Tensor | None:
    try:
        return None if residual is None else lens(residual[0]).cpu()
    except (RuntimeError, TypeError, ValueError, AttributeError):
        return None


def _close(ours: torch.Tensor, logits: torch.Tensor) -> bool:
    return ours.shape == logits.shape and bool(
        (ours - logits).abs().max() <= _TOLERANCE * logits.abs().max()
    )


class _PassRecorder:
    """Records one pass to find the modules between the last block and the unembedding."""

    def __init__(self, model: Any, blocks: list[nn.Module], unembedding: nn.Module) -> None:
        self._model = model
        self._blocks = blocks
        self._unembedding = unembedding
        self._outside: list[tuple[nn.Module, torch.Tensor, torch.Tensor]] = []
        self._entering: torch.Tensor | None = None
        self._vocabulary = 0
        self.residual: torch.Tensor | None = None

    def run(self, ids: list[int]) -> torch.Tensor:
        """Logits [positions, vocabulary] of one pass."""
        inside = {module for block in self._blocks for module in block.modules()}
        hooks = [self._unembedding.register_forward_pre_hook(self._enter)]
        hooks.append(self._blocks[-1].register_forward_hook(self._leave))
        inside.add(self._unembedding)
        outside = (module for module in self._model.modules() if module not in inside)
        hooks += [module.register_forward_hook(self._pass) for module in outside]
        try:
            logits: torch.Tensor = forward_pass(self._model, ids, None).logits[0]
        finally:
            for hook in hooks:
                hook.remove()
        self._vocabulary = logits.shape[-1]
        return logits

    def ways(self) -> list[list[nn.Module]]:
        """Possible paths from residual stream to logits, the most reliable first."""
        ways = []
        whole = self._modules_between(self._entering)
        if whole is not None:
            ways.append([*whole, self._unembedding])
        # A head module that includes the unembedding.
        for module, given, made in self._outside:
            before = self._modules_between(given)
            if before is not None and made.shape[-1] == self._vocabulary:
                ways.append([*before, module])
        # If the model scales between norm and unembedding, no tensor is passed on unchanged; the
        # factor is found from the logits.
        for module, given, _ in reversed(self._outside):
            if _same(given, self.residual):
                ways.append([module, self._unembedding])
        ways.append([self._unembedding])
        return ways

    def _modules_between(self, target: torch.Tensor | None) -> list[nn.Module] | None:
        """The modules that computed `target` from the residual stream, in order."""
        way: list[nn.Module] = []
        while not _same(target, self.residual):
            # Of nested modules with the same output, the outermost is recorded last.
            made = [(m, given) for m, given, made in self._outside if _same(made, target)]
            if not made or len(way) == _LONGEST_WAY:
                return None
            way.insert(0, made[-1][0])
            target = made[-1][1]
        return way

    def _enter(self, _module: nn.Module, args: tuple[Any, ...]) -> None:
        self._entering = args[0]

    def _leave(self, _module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        self.residual = output[0] if isinstance(output, tuple | list) else output

    def _pass(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if args and isinstance(args[0], torch.Tensor) and isinstance(output, torch.Tensor):
            self._outside.append((module, args[0], output))


def _same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    return one is not None and other is not None and one.data_ptr() == other.data_ptr()


def _afters(
    config: Any, plain: torch.Tensor | None, logits: torch.Tensor
) -> list[Callable[[torch.Tensor], torch.Tensor]]:
    """Candidates for the function on logits: a soft cap, a factor, or the identity."""
    afters: list[Callable[[torch.Tensor], torch.Tensor]] = [lambda logits: logits]
    for name in _SOFT_CAPS:
        if cap := getattr(config, name, None):
            afters.insert(0, _soft_cap(float(cap)))
    if plain is not None and plain.shape == logits.shape:
        factor = float((plain * logits).sum() / (plain * plain).sum())
        afters.append(lambda logits: logits * factor)
    return afters


def _soft_cap(cap: float) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda logits: torch.tanh(logits / cap) * cap
