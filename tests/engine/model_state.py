"""The state of a model, a tokenizer and the generators, to see that a run changes none of it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import nn


def everything_of(model: nn.Module, tokenizer: Any) -> dict[str, Any]:
    """What a caller could find changed: of modules, configurations, tokenizer and generators."""
    found: dict[str, Any] = {}
    for name, module in model.named_modules():
        own = vars(module)
        found |= {f"{name}.{key}": id(value) for key, value in own.items() if key != "training"}
        found[f"{name}.training"] = module.training
        for table, held in own.items():
            if table.startswith("_") and isinstance(held, dict):
                found[f"{name}.{table}"] = [(key, id(value)) for key, value in held.items()]
    config: Any = model.config
    found["config"] = {key: repr(value) for key, value in vars(config).items()}
    found["weights"] = [
        (name, weight.device, weight.dtype, weight.requires_grad, weight._version, weight.grad)
        for name, weight in model.named_parameters()
    ]
    fast = tokenizer.backend_tokenizer
    found["tokenizer"] = (fast.truncation, fast.padding, tokenizer.pad_token)
    found["torch"] = torch.get_rng_state().tolist()
    found["numpy"] = np.random.get_state()[1].tolist()
    found["random"] = random.getstate()
    found["threads"] = torch.get_num_threads()
    found["gradients"] = torch.is_grad_enabled()
    return found
