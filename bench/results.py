"""Results of benchmarks as files: `docs/figures/*.json`, from which documents are generated."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "figures"


def circumstances(rounds: int, threads: int) -> dict[str, Any]:
    """When, where and of what something is measured."""
    return {
        "date": date.today().isoformat(),
        "machine": machine(),
        "threads": threads,
        "rounds": rounds,
        "python": platform.python_version(),
        "torch": version("torch"),
        "transformers": version("transformers"),
        "commit": _commit(),
        "compiled": compiled(),
    }


def compiled() -> list[str]:
    """The compiled libraries in use, such as `_llama_avx2`; without them the engine is slower."""
    from mav_engine.backends.inference.kernels.native.builds import (
        OPTIONAL_SOURCES,
        REQUIRED_SOURCES,
        builds,
    )

    found = (next(iter(builds(source)), None) for source in (*REQUIRED_SOURCES, *OPTIONAL_SOURCES))
    return [name for name in found if name is not None]


def machine() -> str:
    """The processor, its number of cores and the vector instructions that torch uses."""
    import torch

    return f"{_processor()}, {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}"


def save(name: str, measured: Mapping[str, Any], **results: Any) -> None:
    """Write the results of one benchmark, and under which circumstances they were measured."""
    text = json.dumps({"measured": measured, **results}, indent=1, ensure_ascii=False)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def load(name: str) -> dict[str, Any]:
    """The saved results of a benchmark."""
    results: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return results


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    name = re.search(r"model name\s*:\s*(.+)", text)
    return name[1] if name else platform.processor() or platform.machine()


def _commit() -> str | None:
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return ended.stdout.strip()
