"""How much memory this process may still use: of the machine, of its control group, of a GPU."""

from __future__ import annotations

import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_LIMITS = (("memory.max", "memory.current"),)
"""Files of a control group, version 2: its limit and its use."""
_OLDER_LIMITS = (("memory.limit_in_bytes", "memory.usage_in_bytes"),)
"""The same of version 1."""


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that are available to this process, or None if the system does not say.

    Args:
        root: the folder with `proc` and `sys`, for tests.
    """
    found = [_of_machine(root), *_of_groups(root)]
    known = [each for each in found if each is not None]
    return max(0, min(known)) if known else None


def device_memory(device: str) -> int | None:
    """Free bytes of a GPU such as cuda:1; None for devices whose memory is the machine's."""
    if not device.startswith("cuda"):
        return None
    import torch

    free, _ = torch.cuda.mem_get_info(torch.device(device))
    return int(free)


def _of_machine(root: Path) -> int | None:
    try:
        for line in (root / "proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        # Other systems say how much there is, not how much is free.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _of_groups(root: Path) -> list[int | None]:
    """What the control groups of this process leave, those above them included."""
    base = root / _GROUPS.relative_to("/")
    found = []
    for line in _lines(root / "proc/self/cgroup"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number != "0" and "memory" not in controllers.split(","):
            continue
        top, files = (base, _LIMITS) if number == "0" else (base / "memory", _OLDER_LIMITS)
        folder = top / path.lstrip("/")
        for group in (folder, *folder.parents):
            if group.is_relative_to(top):
                found += [_left(group / limit, group / use) for limit, use in files]
    return found


def _left(limit: Path, use: Path) -> int | None:
    try:
        most = limit.read_text(encoding="ascii").strip()
        return None if most == "max" else int(most) - int(use.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
