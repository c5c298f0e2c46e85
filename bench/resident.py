"""`python -m bench.resident`: memory of a process that runs GPT-2's shape without torch.

Each row is a process of its own, in which torch and transformers cannot be imported: it loads the
model, whose weights are random and stored in float32, generates 64 tokens and reports its resident
memory, now and at its peak.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import typer

from bench.process_memory import megabytes

PRECISIONS = ("float32", "float16", "int8-dynamic")
TOKENS = 64
_PROGRAM = """
import json, sys
sys.modules |= {"torch": None, "transformers": None}
from bench.resident import run_here
print(json.dumps(run_here(*sys.argv[1:])))
"""


def run_here(folder: str, precision: str) -> dict[str, float]:
    """Load and run a model; returns MB of the packages, after the run and at the peak."""
    from mav_engine import RunSettings, run
    from mav_engine.backends import load_backend

    packages = megabytes("VmRSS")
    backend = load_backend(folder, dtype=precision)
    settings = RunSettings(prompt="Once upon a time", max_new_tokens=TOKENS, min_new_tokens=TOKENS)
    for _ in run(settings, backend=backend):
        pass
    return {"packages": packages, "resident": megabytes("VmRSS"), "peak": megabytes("VmHWM")}


def in_own_process(folder: Path, precision: str) -> dict[str, float]:
    """`run_here` in a process without torch and transformers."""
    command = [sys.executable, "-c", _PROGRAM, str(folder), precision]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(ended.stdout)
    return measured


def main(
    folder: Annotated[Path | None, typer.Option(help="A model; GPT-2's shape by default.")] = None,
    save: Annotated[
        bool, typer.Option(help="Write docs/figures/resident.json, for `make figures`.")
    ] = False,
) -> None:
    """Print the memory in each precision."""
    from bench import results
    from bench.models import SHAPES

    shape = next(each for each in SHAPES if each.name == "gpt2")
    folder = folder or shape.folder(Path(gettempdir()) / "mav-bench")
    rows = []
    for precision in PRECISIONS:
        measured = {name: round(mb) for name, mb in in_own_process(folder, precision).items()}
        print(f"{precision}: {measured['resident']} MB resident, {measured['peak']} MB at most")
        rows.append({"precision": precision, **measured})
    if save:
        results.save("resident", results.circumstances(1, 2), model=shape.title, rows=rows)


if __name__ == "__main__":
    typer.run(main)
