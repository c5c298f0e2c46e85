"""A second model for commands that compare.

torch is imported in the fixture: other tests of this folder do without it.
"""

from __future__ import annotations

import shutil

import pytest

from mav_engine.models import EMBEDDED_DIR


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A model beside the embedded one: the same, but that one MLP writes half of what it did."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(EMBEDDED_DIR / "mav-tiny", folder / "other")
    path = folder / "other" / "model.safetensors"
    weights = load_file(path)
    weights["model.layers.3.mlp.down_proj.weight"] *= 0.5
    save_file(weights, path, {"format": "pt"})
    return {"MAV_MODELS_DIR": str(folder)}
