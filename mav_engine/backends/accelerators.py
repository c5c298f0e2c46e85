"""Whether the device `auto` is the CPU, found without importing torch where that is possible.

The import of torch takes longer than the first tokens of a small model.
"""

from __future__ import annotations

import ctypes
import sys
from importlib.util import find_spec
from pathlib import Path

_LINUX_DEVICES = ("/dev/nvidia*", "/dev/nvhost*", "/dev/nvmap", "/dev/dxg", "/dev/kfd")
"""Nodes of the drivers of NVIDIA (of desktops, of Jetson), of WSL and of AMD."""
_LINUX_DRIVER = "libcuda.so.1"
"""NVIDIA's driver; without it CUDA finds no device. Its nodes may appear at its first use only."""


def auto_is_cpu() -> bool:
    """Whether the device `auto` is the CPU.

    torch is imported only if it is installed and this machine may have a device that it prefers:
    always on macOS and Windows, on Linux if there is a node or a library of a driver.
    """
    if find_spec("torch") is None or not _may_have_accelerator():
        return True
    from mav_engine.backends.hf.devices import device_for

    device = device_for("auto")
    return device is not None and device.type == "cpu"


def _may_have_accelerator() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(map(_has_node, _LINUX_DEVICES)) or _has_library(_LINUX_DRIVER)


def _has_node(pattern: str) -> bool:
    path = Path(pattern)
    return any(path.parent.glob(path.name))


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
