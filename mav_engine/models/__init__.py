"""Models by name and by folder: catalogue, hub, files; the embedded ones are in this folder."""

from __future__ import annotations

from pathlib import Path

EMBEDDED_DIR = Path(__file__).parent
"""Holds the models that ship with MAV."""


def models_in(folder: Path) -> dict[str, Path]:
    """The models in a folder by name: subfolders with a config.json, and GGUF files, without the
    ending .gguf."""
    try:
        files = {path.stem: path for path in folder.glob("*.gguf") if path.is_file()}
        return files | {path.parent.name: path.parent for path in folder.glob("*/config.json")}
    except OSError:
        return {}


def embedded_models() -> dict[str, Path]:
    """The folders of the models that ship with MAV, by name."""
    return models_in(EMBEDDED_DIR)
