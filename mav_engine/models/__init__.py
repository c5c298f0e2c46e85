"""Models by name and by folder: catalogue, hub, files; the embedded ones are in this folder."""

from __future__ import annotations

from pathlib import Path

EMBEDDED_DIR = Path(__file__).parent
"""Holds the models that ship with MAV."""


def models_in(folder: Path) -> dict[str, Path]:
    """The subfolders that hold a model, which is one with a config.json, by name."""
    try:
        return {path.parent.name: path.parent for path in folder.glob("*/config.json")}
    except OSError:
        return {}


def embedded_models() -> dict[str, Path]:
    """The folders of the models that ship with MAV, by name."""
    return models_in(EMBEDDED_DIR)
