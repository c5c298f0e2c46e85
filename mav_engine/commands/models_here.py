"""Which models a command may name, and a loaded one."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mav_engine.wording import shortened, shown

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.models.catalog import Catalog


def catalog_here() -> Catalog:
    """All models that the environment names, and any folder or hub name besides."""
    from mav_engine.config import read_environment
    from mav_engine.models.catalog import Catalog

    config = read_environment(os.environ)
    return Catalog(
        config.models,
        models_dir=config.models_dir,
        any_model=True,
        default=config.default_model,
    )


def cached_names() -> list[str]:
    """Models in the hub's cache on this machine."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        return sorted(repo.repo_id for repo in scan_cache_dir().repos if repo.repo_type == "model")
    except (CacheNotFound, OSError):
        return []


def loaded(name: str, device: str, backend: str = "transformers") -> Backend:
    """Load a model by any name that a command may give; by a plugin's backend as it takes names.

    Raises:
        MavError: there is no such model, or it cannot be loaded; names the nearest that is here.
    """
    from mav_engine.backends import load_backend
    from mav_engine.errors import MavError

    if backend != "transformers":
        from mav_engine.backends.plugins import load_with

        return load_with(backend, name, device=device)
    refuse_misspelt(name)
    catalog = catalog_here()
    try:
        entry = catalog.find(name)
        dtype = entry.precision or os.environ.get("MAV_DTYPE") or "auto"
        return load_backend(entry.source, name=entry.name, device=device, dtype=dtype)
    except MavError as error:
        known = {*(each.name for each in catalog.entries()), *cached_names()} - {name}
        near = difflib.get_close_matches(name, sorted(known), n=1)
        if near and near[0] not in error.detail:
            error.detail += f" Did you mean {near[0]}?"
        raise


def refuse_misspelt(name: str) -> None:
    """Do not ask the hub, which may take its time, for what is meant to be a model of this machine.

    Raises:
        UnknownModel: the name is nearly that of a model that is known here, and no other's.
    """
    from mav_engine.errors import UnknownModel

    known = [entry.name for entry in catalog_here().entries()]
    if name in known or "/" in name or Path(name).exists():
        return
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    if near and "@" not in name and name not in cached_names():
        raise UnknownModel(
            f"There is no model named {shown(name)} here. Did you mean {near[0]}? "
            f"If the hub has one of this name, get it first: mav models pull {shortened(name)}.",
            field="model",
        )


@contextmanager
def waiting(words: str, wanted: bool = True) -> Iterator[None]:
    """Say on a terminal what is waited for."""
    if not (wanted and sys.stderr.isatty()):
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(words, spinner="dots"):
        yield


def complete_model(incomplete: str) -> list[str]:
    """Names for the shell's completion."""
    known = [entry.name for entry in catalog_here().entries()] + cached_names()
    return [name for name in known if name.startswith(incomplete)]
