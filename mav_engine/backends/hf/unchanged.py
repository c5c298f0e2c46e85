"""Context managers that restore a caller's model and random state after a forward pass."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedConfig

_TABLES = (
    "_buffers",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
)
"""Dictionaries of a module that a forward pass may change: buffers that grow, hooks that
transformers registers and leaves."""
_MAX_BUFFER = 4096
"""Largest buffer whose values are restored. Larger ones are tables that passes do not write to, and
copying them for each token would be slow."""


def configs_of(model: nn.Module) -> list[PreTrainedConfig]:
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
def unchanged(model: nn.Module) -> Iterator[None]:
    """Restore the attributes of all modules and configurations (the same objects in the same
    order), and the values of small buffers that were written in place."""
    tables = [vars(each) for each in (*model.modules(), *configs_of(model))]
    tables += [vars(module)[name] for module in model.modules() for name in _TABLES]
    before = [(table, dict(table)) for table in tables]
    buffers = [
        (buffer, buffer._version, buffer.detach().clone())
        for buffer in model.buffers()
        if buffer.numel() <= _MAX_BUFFER and not buffer.is_inference()
    ]
    try:
        yield
    finally:
        for table, was in before:
            _restore(table, was)
        for buffer, version, values in buffers:
            if buffer._version != version:
                with torch.no_grad():
                    buffer.copy_(values)


def _restore(table: dict[str, Any], was: dict[str, Any]) -> None:
    if list(table) != list(was):
        table.clear()
        table.update(was)
        return
    for key, value in was.items():
        if table[key] is not value:
            table[key] = value


@contextmanager
def random_state_unchanged(device: torch.device) -> Iterator[None]:
    """Restore the random state of torch, on the CPU and this device, of numpy and of Python."""
    of_device: Any = getattr(torch, device.type, None) if device.type != "cpu" else None
    has_own = of_device is not None and hasattr(of_device, "get_rng_state")
    general = torch.get_rng_state()
    own = of_device.get_rng_state() if has_own else None
    of_numpy, of_python = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.set_rng_state(general)
        if has_own:
            of_device.set_rng_state(own)
        np.random.set_state(of_numpy)
        random.setstate(of_python)
