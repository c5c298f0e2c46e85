"""The output folder: checked before anything is computed, and written atomically."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import orjson

TRACE = "trace.json"
_OURS = re.compile(r"(probs|attn)_step_\d+\.(png|svg)|[a-z_]+\.(png|svg|html|txt|csv)")
"""Valid names of artifacts: no paths and no hidden files."""


def check_writable(folder: Path) -> None:
    """Check that the folder can be created and written to, without leaving changes.

    Raises:
        OSError: it cannot.
    """
    made = _make(folder)
    try:
        Path(tempfile.mkdtemp(prefix=".mav-", dir=folder)).rmdir()
    finally:
        _unmake(made)


def write_whole(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files or none, and remove other files of an earlier exploration.

    Files are written to a temporary folder first and then moved. The files of an earlier
    exploration are those that its trace lists.

    Raises:
        OSError: they cannot be written; the folder is unchanged.
    """
    made = _make(folder)
    draft = None
    try:
        draft = Path(tempfile.mkdtemp(prefix=".mav-", dir=folder))
        for name, data in files.items():
            (draft / name).write_bytes(data)
            if (folder / name).is_dir():
                raise IsADirectoryError(f"{folder / name} is a folder, and a file goes there")
        old = _of_earlier_run(folder) - files.keys()
        for name in files:
            (draft / name).replace(folder / name)
            made = []
        for name in old:
            (folder / name).unlink(missing_ok=True)
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        _unmake(made)


def _of_earlier_run(folder: Path) -> set[str]:
    try:
        trace = orjson.loads((folder / TRACE).read_bytes())
        return {name for name in trace["files"] if _OURS.fullmatch(name)}
    except (OSError, ValueError, TypeError, KeyError):
        return set()


def _make(folder: Path) -> list[Path]:
    """Create the folder and its parents; returns the created ones, the deepest first."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        _unmake(missing)
        raise
    return missing


def _unmake(folders: list[Path]) -> None:
    for each in folders:
        with contextlib.suppress(OSError):
            each.rmdir()
