"""How threads that compute parts of a product wait for the others."""

from __future__ import annotations

import os


def sleep_when_idle() -> None:
    """Let OpenMP's threads sleep while they wait, unless the environment says how they wait.

    By default they wait in a busy loop for some milliseconds. If other programs use the processors,
    such as the browser that shows the run, the loop keeps them from the thread that is waited for,
    and a token of a model with 135M parameters takes many times as long.

    It must be called before torch or compiled code is loaded, since OpenMP reads the environment
    once. Only programs of ours call it, never the library.
    """
    if "GOMP_SPINCOUNT" not in os.environ:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
