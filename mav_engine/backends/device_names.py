"""Names of devices, checked without importing torch, which takes seconds."""

from __future__ import annotations

import re

from mav_engine.errors import ModelLoadFailed

SPREAD = "spread"
"""The setting that spreads a model over all GPUs and then main memory."""
_NAME = re.compile(r"[a-z_]+(:\d+)?")


def check_device_name(wanted: str) -> None:
    """Check that a setting is written as devices are; whether there is one, torch says.

    Raises:
        ModelLoadFailed: no device can have this name.
    """
    if _NAME.fullmatch(wanted) is None:
        raise no_device(wanted)


def no_device(wanted: str) -> ModelLoadFailed:
    """The error for a name that no device has."""
    return unavailable(wanted, f"it must be auto, cpu, cuda, cuda:1, mps or {SPREAD}")


def unavailable(wanted: str, reason: str) -> ModelLoadFailed:
    """The error for a device that cannot be used here."""
    return ModelLoadFailed(f"{wanted} is not available here: {reason}. Use cpu or auto.")
