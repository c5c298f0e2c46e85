"""Downloads models from the Hugging Face hub, or finds them in its cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mav_engine.errors import ModelLoadFailed, ModelNotFound, UnusableModel
from mav_engine.faults import brief
from mav_engine.models.bounded_files import read_json
from mav_engine.models.weight_files import INDEX, SINGLE, shard_names
from mav_engine.wording import shortened, shown

SMALL_FILES = (
    "*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken", "tokenizer*", "README.md", "LICENSE*",
)  # fmt: skip
"""Files to download besides weights; subfolders and other frameworks' weights are skipped."""


def check_name(name: str) -> None:
    """Check that this is a valid hub name.

    Raises:
        ModelNotFound: it is not.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        raise ModelNotFound(
            f"{shown(name)} is neither a local folder nor a valid hub name. Hub names are "
            "owner/model, with letters, digits, - _ and dots.",
            field="model",
        ) from None


def download(name: str, *, progress: type[Any] | None = None) -> Path:
    """Download missing files of a hub model; returns its folder in the cache.

    Only safetensors weights are downloaded, after the small files.

    Args:
        name: `owner/model`.
        progress: a subclass of `tqdm`; no progress is shown without one.

    Raises:
        ModelNotFound: the hub has no such model, or cannot be reached and it is not in the cache.
        UnusableModel: its terms must be accepted first, or it has no safetensors weights.
        ModelLoadFailed: the download fails for another reason.
    """
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    check_name(name)
    short = shortened(name)
    try:
        with _bars(shown=progress is not None):
            folder = _snapshot(name, SMALL_FILES, progress)
            return _snapshot(name, _weights_in(folder), progress)
    except GatedRepoError:
        raise UnusableModel(
            f"The terms of {short} must be accepted: do so on its page, then run: hf auth login.",
            field="model",
        ) from None
    except RepositoryNotFoundError:
        raise ModelNotFound(
            f"The hub has no model named {short}, or it is private. Names are owner/model.",
            field="model",
        ) from None
    except LocalEntryNotFoundError:
        raise ModelNotFound(
            f"{short} is neither a local folder nor in the hub's cache, and the hub cannot be "
            "reached. Check the name and the network, or copy the model's folder here "
            "and give its path.",
            field="model",
        ) from None
    except (HfHubHTTPError, OSError) as error:
        raise ModelLoadFailed(
            f"{short} could not be downloaded: {brief(error)}. Try again later.", field="model"
        ) from None


def cached_folder(name: str) -> Path | None:
    """The folder of a hub model in the cache; None if it is not cached."""
    from huggingface_hub import try_to_load_from_cache

    try:
        check_name(name)
        cached = try_to_load_from_cache(name, "config.json")
    except (ModelNotFound, OSError, ValueError):
        return None
    return Path(cached).parent if isinstance(cached, str) else None


def _snapshot(name: str, patterns: tuple[str, ...], progress: type[Any] | None) -> Path:
    from huggingface_hub import snapshot_download

    # Subfolders contain other formats, frameworks or dtypes.
    ignored = [f"*{os.sep}*", "*/*"]
    folder: str = snapshot_download(
        name, allow_patterns=list(patterns), ignore_patterns=ignored, tqdm_class=progress
    )
    return Path(folder)


def _weights_in(folder: Path) -> tuple[str, ...]:
    """The weight files that transformers would choose; the index must be downloaded already."""
    if (folder / INDEX).exists():
        return SINGLE, *shard_names(read_json(folder / INDEX))
    return (SINGLE,)


@contextmanager
def _bars(*, shown: bool) -> Iterator[None]:
    """Disable the hub's progress bars unless `shown`."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    before = are_progress_bars_disabled()
    if not shown:
        disable_progress_bars()
    try:
        yield
    finally:
        if not shown and not before:
            enable_progress_bars()
