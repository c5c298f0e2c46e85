"""`python -m bench.memory FOLDER`: peak memory over the weights, in a process of its own."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

from bench.contenders import Contender, ours, plain
from bench.process_memory import megabytes
from mav_engine.backends import load_backend

TOKENS = 256


def peak_over_weights(write: Contender) -> float:
    """How far memory rises while a text is written, in MB."""
    write(2)
    gc.collect()
    # 5 makes the peak begin again at what is held now (proc(5)).
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    held = megabytes("VmRSS")
    write(TOKENS)
    return megabytes("VmHWM") - held


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    usage = {
        "ours": peak_over_weights(ours(load_backend(str(folder), prefix_bytes=0))),
        "plain": peak_over_weights(plain(folder)),
    }
    print(json.dumps(usage))
