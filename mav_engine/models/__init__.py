"""Models by name and by folder: catalogue, hub, files; the embedded ones are in this folder."""

from __future__ import annotations

from pathlib import Path

EMBEDDED_DIR = Path(__file__).parent
"""The models that ship with MAV: each subfolder with a config.json."""
