"""`mav doctor`: what is installed, where models can run, what is missing and how to get it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.exit_status import FAILED, exit_on_error, write_lines

State = Literal["ok", "missing", "broken"]

NEEDED = ("safetensors", "tokenizers", "numpy", "starlette", "uvicorn")
FOR_MODELS = ("torch", "transformers")
EXTRAS = {
    "matplotlib": ("the pictures of mav explore", "explore"),
    "mcp": ("mav mcp", "mcp"),
    "accelerate": ("models larger than one device", "large"),
    "torchao": ("int8 weights", "quantized"),
    "bitsandbytes": ("8-bit and nf4 weights", "quantized"),
}
"""Optional packages: their use, and the extra that installs them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def doctor(as_json: opt.Json = False) -> None:
    """Check the installation: what is installed, which devices there are, what is missing.

    Example:  mav doctor
    """
    with exit_on_error():
        findings = list(_findings())
    if as_json or not sys.stdout.isatty():
        from mav_engine.contract.json_lines import json_line

        write_lines(json_line(asdict(each)) for each in findings)
    else:
        _print(findings)
    if any(each.state == "broken" for each in findings):
        raise typer.Exit(FAILED)


def _findings() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("mav", "ok", f"{_version('mav-engine')}, Python {python}")
    for name in FOR_MODELS:
        yield _extra(name, "GPUs and models that are not built like Llama or GPT-2", "torch")
    yield from map(_needed, NEEDED)
    yield from _devices()
    yield _compiled()
    yield _embedded()
    yield _site()
    yield _cache()
    yield _terminal()
    for name, (why, extra) in EXTRAS.items():
        yield _extra(name, why, extra)


def _version(name: str) -> str | None:
    """The version of an installed package; None if it cannot be imported."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    if find_spec(name.replace("-", "_")) is None:
        return None

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _needed(name: str) -> Finding:
    found = _version(name)
    if found is None:
        return Finding(name, "broken", "not installed", "pip install mav-engine")
    return Finding(name, "ok", found)


def _devices() -> Iterator[Finding]:
    if _version("torch") is None:
        yield Finding("cpu", "ok", f"{os.cpu_count()} cores")
        return
    try:
        import torch
    except Exception as error:
        yield Finding("device", "broken", f"torch cannot be imported: {error}", "reinstall torch")
        return
    yield Finding("cpu", "ok", f"{os.cpu_count()} cores, {torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            memory = torch.cuda.get_device_properties(index).total_memory / 1e9
            name = torch.cuda.get_device_name(index)
            yield Finding(f"cuda:{index}", "ok", f"{name}, {memory:.0f} GB: --device cuda:{index}")
    elif torch.version.cuda is None:
        yield Finding("cuda", "missing", "torch was built without CUDA", "the CUDA build of torch")
    else:
        yield Finding("cuda", "missing", "no CUDA device found", "an NVIDIA GPU and its driver")
    if torch.backends.mps.is_available():
        yield Finding("mps", "ok", "Apple silicon: --device mps")


def _compiled() -> Finding:
    from mav_engine.backends.inference.kernels.native.builds import (
        OPTIONAL_SOURCES,
        REQUIRED_SOURCES,
        builds,
        unusable_builds,
    )

    found = [next(iter(builds(source)), None) for source in (*REQUIRED_SOURCES, *OPTIONAL_SOURCES)]
    here = ", ".join(name.lstrip("_") for name in found if name) or "nothing"
    unusable = {
        name.lstrip("_"): why
        for source in (*REQUIRED_SOURCES, *OPTIONAL_SOURCES)
        for name, why in unusable_builds(source).items()
    }
    for why in sorted(set(unusable.values())):
        here += f"; {', '.join(name for name in unusable if unusable[name] == why)} {why}"
    if None in found[: len(REQUIRED_SOURCES)]:
        told_of = f"{here}; numpy and torch compute the rest, more slowly"
        return Finding("compiled", "missing", told_of, "a C compiler with OpenMP; reinstall MAV")
    return Finding("compiled", "ok", f"{here}: for the CPU")


def _embedded() -> Finding:
    from mav_engine.models import embedded_models
    from mav_engine.models.description import describe
    from mav_engine.settings import DEFAULT_MODEL

    folder = embedded_models().get(DEFAULT_MODEL)
    if folder is None:
        return Finding(DEFAULT_MODEL, "broken", "it is missing", "reinstall MAV")
    info = describe(str(folder), name=DEFAULT_MODEL)
    if info.parameters is None:
        return Finding(DEFAULT_MODEL, "broken", "its weights cannot be read", "reinstall MAV")
    return Finding(DEFAULT_MODEL, "ok", f"{info.parameters / 1e6:.1f}M parameters, included in MAV")


def _site() -> Finding:
    from mav_engine.config import read_environment

    folder = read_environment(os.environ).site_dir
    if (folder / "index.html").is_file():
        return Finding("site", "ok", f"built: {folder}")
    return Finding("site", "missing", "not built; mav serve serves only the API", "make run")


def _cache() -> Finding:
    import shutil

    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(nearest, os.W_OK):
        return Finding(
            "hub cache",
            "missing",
            f"{folder} is not writable",
            "set HF_HOME to another folder",
        )
    free = shutil.disk_usage(nearest).free / 1e9
    return Finding("hub cache", "ok", f"{folder}, {free:.0f} GB free")


def _terminal() -> Finding:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        return Finding("terminal", "missing", "output is not a terminal; mav writes JSON lines")
    width, height = console.size
    colours = console.color_system or "no colours"
    return Finding("terminal", "ok", f"{width} × {height}, {colours}, {console.encoding}")


def _extra(name: str, why: str, extra: str) -> Finding:
    found = _version(name)
    if found is None:
        return Finding(name, "missing", f"for {why}", f"pip install 'mav-engine[{extra}]'")
    return Finding(name, "ok", f"{found}, for {why}")


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    signs = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "broken": ("✗", "bold red")}
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for each in findings:
        text = Text(each.detail, style="dim" if each.state == "missing" else "")
        if each.remedy:
            text.append(f"  → {each.remedy}", style="not dim")
        table.add_row(Text(*signs[each.state]), each.name, text)
    Console(highlight=False, markup=False).print(table)
