"""The GGUF files that other programs on this machine keep: Ollama, LM Studio, llama.cpp and the
hub's cache.

Their folders are only read. Nothing in them is trusted: names and digests must have the usual form.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from mav_engine.errors import ModelNotFound, UnusableModel
from mav_engine.models.bounded_files import read_json
from mav_engine.wording import listed, nearest, shown

OLLAMA = "ollama:"
"""What names of Ollama's models begin with."""
_LISTED = 10_000
"""Most files that are listed of a folder."""
_REGISTRY, _LIBRARY = "registry.ollama.ai", "library"
_MODEL_LAYER = "application/vnd.ollama.image.model"
_PART = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")
_DIGEST = re.compile(r"^sha256[:-]([0-9a-f]{64})$")
_LATER_PART = re.compile(r"-(?!0*1-of-)\d+-of-\d+\.gguf$")


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model that another program keeps."""

    name: str
    """As `--model` takes it."""
    path: Path
    where: str
    """The program."""


def stored_models(environment: Mapping[str, str] = os.environ) -> list[StoredModel]:
    """The GGUF files of all programs, each program's sorted by name.

    Args:
        environment: variables that may name the folders.
    """
    found = sorted(_ollama(environment), key=lambda each: each.name)
    folders = (
        ("LM Studio", _lm_studio_folders()),
        ("llama.cpp's cache", [_llama_cpp_folder(environment)]),
        ("hub's cache", [_hub_folder(environment)]),
    )
    for where, each in folders:
        files = sorted({path for folder in each for path in _gguf_files(folder)})
        found += [StoredModel(str(path), path, where) for path in files]
    return found


def ollama_file(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The file of a model of Ollama.

    Args:
        name: as Ollama has it, with or without a tag, behind `OLLAMA`: `ollama:llama3.2:1b`.
        environment: variables that may name the folder.

    Raises:
        ModelNotFound: Ollama has no such model.
        UnusableModel: its description is broken.
    """
    manifest = _manifest(name.removeprefix(OLLAMA), environment)
    if manifest is None or not manifest.is_file():
        known = [each.name for each in islice(_ollama(environment), _LISTED)]
        near = nearest(name, known)
        hint = (
            f" Did you mean {near}?" if near else f" Known: {listed(known, 10)}." if known else ""
        )
        folder = ollama_folder(environment)
        raise ModelNotFound(f"There is no {shown(name)} in {folder}.{hint}", field="model")
    path = _blob(manifest, environment)
    if path is None:
        raise UnusableModel(f"{shown(name)} has no file of weights. Pull it again with Ollama.")
    return path


def ollama_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder in which Ollama keeps models."""
    stated = environment.get("OLLAMA_MODELS")
    if stated:
        return Path(stated).expanduser()
    own = Path.home() / ".ollama" / "models"
    # Where it is a service of the system.
    service = Path("/usr/share/ollama/.ollama/models")
    return service if not own.is_dir() and _is_folder(service) else own


def _ollama(environment: Mapping[str, str]) -> Iterator[StoredModel]:
    manifests = ollama_folder(environment) / "manifests"
    for path in _files(manifests, "*/*/*/*"):
        parts = path.relative_to(manifests).parts
        if not all(map(_PART.match, parts)):
            continue
        host, owner, model, tag = parts
        prefix = [] if host == _REGISTRY else [host]
        prefix += [] if not prefix and owner == _LIBRARY else [owner]
        try:
            file = _blob(path, environment)
        except UnusableModel:
            continue
        if file is not None:
            name = "/".join([*prefix, model])
            yield StoredModel(f"{OLLAMA}{name}:{tag}", file, "Ollama")


def _manifest(name: str, environment: Mapping[str, str]) -> Path | None:
    """The description of a model; None for a name that Ollama cannot have."""
    base, colon, tag = name.rpartition(":")
    base, tag = (base, tag) if colon else (name, "latest")
    parts = base.split("/")
    if len(parts) > 3 or not all(map(_PART.match, [*parts, tag])):
        return None
    whole = [*(_REGISTRY, _LIBRARY)[: 3 - len(parts)], *parts]
    return ollama_folder(environment).joinpath("manifests", *whole, tag)


def _blob(manifest: Path, environment: Mapping[str, str]) -> Path | None:
    """The file of the weights that a description names.

    Raises:
        UnusableModel: the description is broken.
    """
    layers: Any = read_json(manifest).get("layers")
    for layer in layers if isinstance(layers, list) else []:
        if not isinstance(layer, dict) or layer.get("mediaType") != _MODEL_LAYER:
            continue
        digest = _DIGEST.match(str(layer.get("digest")))
        if digest is not None:
            return ollama_folder(environment) / "blobs" / f"sha256-{digest[1]}"
    return None


def _lm_studio_folders() -> list[Path]:
    home = Path.home()
    return [home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"]


def _llama_cpp_folder(environment: Mapping[str, str]) -> Path:
    if stated := environment.get("LLAMA_CACHE"):
        return Path(stated).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "llama.cpp"
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home()) / "llama.cpp"
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "llama.cpp"


def _hub_folder(environment: Mapping[str, str]) -> Path:
    if stated := environment.get("HF_HUB_CACHE"):
        return Path(stated).expanduser()
    cache = environment.get("XDG_CACHE_HOME")
    default = (Path(cache) if cache else Path.home() / ".cache") / "huggingface"
    return Path(environment.get("HF_HOME") or default).expanduser() / "hub"


def _gguf_files(folder: Path) -> Iterator[Path]:
    """The GGUF files in a folder and those in it, of models in parts the first one, without
    projectors for images."""
    for path in _files(folder, "**/*.gguf"):
        if not _LATER_PART.search(path.name) and "mmproj" not in path.name.lower():
            yield path


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    try:
        for path in islice(folder.glob(pattern), _LISTED):
            if path.is_file():
                yield path
    except OSError:
        return


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
