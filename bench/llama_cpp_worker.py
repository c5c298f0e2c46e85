"""llama.cpp in a process of its own, which `bench.llama_cpp` starts with the Python that has it.

Reads one JSON object a line, and answers each with one. Imports nothing of MAV.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from typing import Any

import numpy as np

FLOAT32 = 0
"""ggml's number of this type, for keys and values."""


def main() -> None:
    """Answer requests until there are none."""
    from llama_cpp import Llama

    opened: dict[tuple[str, bool], Any] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        key = (asked["path"], asked["work"] == "logits")
        if key not in opened:
            exact = {"logits_all": True, "type_k": FLOAT32, "type_v": FLOAT32} if key[1] else {}
            opened[key] = Llama(
                asked["path"], n_ctx=1024, n_threads=asked["threads"],
                n_threads_batch=asked["threads"], verbose=False, **exact,
            )  # fmt: skip
        work = _generate if asked["work"] == "generate" else _logits
        print(json.dumps(work(opened[key], asked)), flush=True)


def _generate(model: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Seconds for each token after the first, and the tokens."""
    model.reset()
    written: list[int] = []
    began = 0.0
    for token in model.generate(asked["ids"], temp=0.0):
        written.append(int(token))
        if len(written) == 1:
            began = time.perf_counter()
        if len(written) == asked["count"]:
            break
    return {"seconds": (time.perf_counter() - began) / (len(written) - 1), "ids": written}


def _logits(model: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """[tokens, vocabulary] logits after each token, in float32."""
    model.reset()
    model.eval(asked["ids"])
    scores = np.ascontiguousarray(model.scores[: len(asked["ids"])], np.float32)
    return {"shape": scores.shape, "data": base64.b64encode(scores.tobytes()).decode()}


if __name__ == "__main__":
    main()
