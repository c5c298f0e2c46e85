"""The device of a model: one device, or spread over all of them."""

from __future__ import annotations

from importlib.util import find_spec

import torch

from mav_engine.backends.device_names import SPREAD, no_device, unavailable
from mav_engine.errors import ModelLoadFailed


def device_for(wanted: str) -> torch.device | None:
    """The torch device of a setting; None for `spread`.

    Raises:
        ModelLoadFailed: the device is not available.
    """
    if wanted == SPREAD:
        if find_spec("accelerate") is None:
            raise ModelLoadFailed(
                "The device 'spread' needs accelerate, which is not installed: "
                "pip install 'mav-engine[large]'"
            )
        return None
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise no_device(wanted) from None
    reason = _why_not(device)
    if reason is not None:
        raise unavailable(wanted, reason)
    return device


def _why_not(device: torch.device) -> str | None:
    """Why a device cannot be used here, or None if it can."""
    if device.type == "cpu":
        return None
    if device.type == "cuda":
        if torch.version.cuda is None and torch.version.hip is None:
            return "this torch was built without CUDA"
        count = torch.cuda.device_count()
        return None if (device.index or 0) < count else f"this machine has {count} CUDA devices"
    if device.type == "mps":
        return None if torch.backends.mps.is_available() else "it needs macOS on Apple silicon"
    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        return str(error).partition("\n")[0]
    return None
