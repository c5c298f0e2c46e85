"""`mav` without a network, and what it prints."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.mav_command import mav as run_mav

OFFLINE = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


def mav(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return run_mav(*arguments, **{**OFFLINE, **options})


def lines_of(ended: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.stdout.splitlines()]
