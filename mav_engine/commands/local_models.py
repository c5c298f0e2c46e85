"""The models on this machine: MAV's own, those in the environment, the hub's cache and those of
other programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mav_engine.commands.model_lookup import dtype_in_environment, local_catalog

if TYPE_CHECKING:
    from mav_engine.contract.events import ModelInfo


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model on this machine."""

    info: ModelInfo
    where: str
    bytes: int
    whole: bool
    """Whether it has weights in a supported format."""
    problem: str | None = None
    """Why it cannot be loaded, judging by its files; None if nothing is wrong."""


def local_models() -> Iterator[LocalModel]:
    """All of them, also those that cannot be loaded."""
    from mav_engine.backends.load import needs_torch
    from mav_engine.models import embedded_models

    embedded = set(embedded_models().values())
    for entry in local_catalog().entries():
        folder = Path(entry.source)
        here = folder.exists()
        where = (
            "with MAV" if folder in embedded else str(folder) if here else "listed in MAV_MODELS"
        )
        dtype = entry.precision or dtype_in_environment()
        wrong = entry.problem() or needs_torch(entry.source, name=entry.name, dtype=dtype)
        size = _bytes_in(folder) if here else 0
        yield LocalModel(entry.describe(), where, size, here and wrong is None, wrong)
    yield from _cached()
    yield from _stored()


def _cached() -> Iterator[LocalModel]:
    from huggingface_hub import CacheNotFound, scan_cache_dir

    from mav_engine.backends.load import needs_torch
    from mav_engine.models.description import describe

    try:
        found = scan_cache_dir()
    except CacheNotFound:
        return
    for repo in found.repos:
        if repo.repo_type == "model":
            info = describe(repo.repo_id, name=repo.repo_id)
            whole = info.parameters is not None
            files = {file.file_name for revision in repo.revisions for file in revision.files}
            if not whole and any(name.endswith(".gguf") for name in files):
                continue  # each of its files is a model
            dtype = dtype_in_environment()
            wrong = needs_torch(repo.repo_id, name=repo.repo_id, dtype=dtype) if whole else None
            here = whole and wrong is None
            yield LocalModel(info, "hub's cache", repo.size_on_disk, here, wrong)


def _stored() -> Iterator[LocalModel]:
    """The GGUF files of other programs."""
    from mav_engine.backends.load import needs_torch
    from mav_engine.models.description import describe, problem
    from mav_engine.models.stores import stored_models

    for model in stored_models():
        source = str(model.path)
        info = describe(source, name=model.name)
        if model.path.is_file():
            dtype = dtype_in_environment()
            wrong = problem(source) or needs_torch(source, name=model.name, dtype=dtype)
            yield LocalModel(info, model.where, _bytes_in(model.path), wrong is None, wrong)
        else:
            yield LocalModel(info, model.where, 0, False, "its weights are missing: pull it again")


def _bytes_in(folder: Path) -> int:
    if folder.is_file():
        return folder.stat().st_size
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
