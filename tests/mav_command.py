"""`mav` as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MAV = (sys.executable, "-m", "mav_engine")
PATIENCE_S = 120.0
"""How long a program may take; it is never waited for in vain."""


def mav(
    *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, without a keyboard."""
    return subprocess.run(
        [*MAV, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        env={**os.environ, **environment},
    )
