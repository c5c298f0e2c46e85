"""Finds and loads the models that commands name."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mav_engine.wording import nearest, shortened, shown

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.backends.chat_server.chat_model import ChatModel
    from mav_engine.models.catalog import Catalog


def local_catalog() -> Catalog:
    """The models named in the environment, and any folder or hub name."""
    from mav_engine.backends.chat_server.servers import ChatServers
    from mav_engine.config import read_environment
    from mav_engine.models.catalog import Catalog

    config = read_environment(os.environ)
    return Catalog(
        config.models,
        models_dir=config.models_dir,
        any_model=True,
        default=config.default_model,
        remote=ChatServers(config.chat_addresses()).entries,
    )


def dtype_in_environment() -> str:
    """The precision of models that name none themselves."""
    return os.environ.get("MAV_DTYPE") or "auto"


def cached_names() -> list[str]:
    """Models in the hub's cache on this machine."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        return sorted(repo.repo_id for repo in scan_cache_dir().repos if repo.repo_type == "model")
    except (CacheNotFound, OSError):
        return []


def load_named_model(name: str, device: str, backend: str = "transformers") -> Backend | ChatModel:
    """Load a model by name, with the built-in backend or a plugin's, or open one of a chat server.

    Raises:
        MavError: there is no such model, or it cannot be loaded; suggests a similar name.
    """
    from mav_engine.backends import load_backend
    from mav_engine.errors import MavError

    if backend != "transformers":
        from mav_engine.backends.plugins import load_with

        return load_with(backend, name, device=device)
    from mav_engine.running.kept_models import chat_model

    if (opened := chat_model(name)) is not None:
        return opened
    reject_misspelled(name)
    catalog = local_catalog()
    try:
        entry = catalog.find(name)
        dtype = entry.precision or dtype_in_environment()
        return load_backend(entry.source, name=entry.name, device=device, dtype=dtype)
    except MavError as error:
        known = {*(each.name for each in catalog.entries()), *cached_names()} - {name}
        near = nearest(name, sorted(known))
        if near is not None and near not in error.detail:
            error.detail += f" Did you mean {near}?"
        raise


def load_local_model(name: str, device: str, backend: str = "transformers") -> Backend:
    """Load a model by name that is to be computed here.

    Raises:
        MavError: there is no such model, it cannot be loaded, or a chat server has it.
    """
    from mav_engine.backends.chat_server.chat_model import ChatModel
    from mav_engine.errors import InvalidSettings

    model = load_named_model(name, device, backend)
    if isinstance(model, ChatModel):
        raise InvalidSettings(
            f"{name} is run by {model.server.name}, which does not give what this command needs: "
            "the probabilities of the whole vocabulary. Name a model of this machine.",
            field="model",
        )
    return model


def reject_misspelled(name: str) -> None:
    """Refuse a misspelled local name without a slow request to the hub.

    Raises:
        UnknownModel: the name is similar to a local model's, and no model has it.
    """
    from mav_engine.errors import UnknownModel
    from mav_engine.models.stores import OLLAMA

    known = [entry.name for entry in local_catalog().entries()]
    if name in known or "/" in name or name.startswith(OLLAMA) or Path(name).exists():
        return
    near = nearest(name, known, cutoff=0.8)
    if near is not None and "@" not in name and name not in cached_names():
        raise UnknownModel(
            f"There is no model named {shown(name)} here. Did you mean {near}? "
            f"If the hub has one of this name, get it first: mav models pull {shortened(name)}.",
            field="model",
        )


@contextmanager
def show_spinner(words: str, wanted: bool = True) -> Iterator[None]:
    """Show a spinner with a text on a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(words, spinner="dots"):
        yield


def complete_model(incomplete: str) -> list[str]:
    """Names for the shell's completion."""
    from mav_engine.models.stores import OLLAMA, stored_models

    known = [entry.name for entry in local_catalog().entries()] + cached_names()
    known += [each.name for each in stored_models() if each.name.startswith(OLLAMA)]
    return [name for name in known if name.startswith(incomplete)]
