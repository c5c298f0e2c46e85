"""The threads of the models that are measured."""

from __future__ import annotations

import os


def use_threads(count: int) -> None:
    """Models that are loaded from now on may use so many threads, with torch and without."""
    import torch

    torch.set_num_threads(count)
    os.environ["OMP_NUM_THREADS"] = str(count)
