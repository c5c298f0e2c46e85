"""The state file of a run: everything needed to go on as if it had not stopped."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from training.settings import ModelShape, Recipe

STATE_FILE = "state.pt"


class StateError(Exception):
    """A state file is missing, foreign or in the way; the message says what to do about it."""


def save_state(folder: Path, state: dict[str, Any], shape: ModelShape, recipe: Recipe) -> None:
    """Write the state file so that a crash at any moment leaves the old or the new one whole."""
    partial = folder / f"{STATE_FILE}.partial"
    with partial.open("wb") as file:
        torch.save({**state, "shape": asdict(shape), "recipe": asdict(recipe)}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / STATE_FILE)


def load_state(folder: Path) -> tuple[dict[str, Any], ModelShape, Recipe]:
    """Read a state file written by :func:`save_state`.

    Raises:
        StateError: there is none, or it was written by another program version.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        raise StateError(f"{folder} has no {STATE_FILE} to resume from; start without --resume.")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state, ModelShape(**state.pop("shape")), Recipe(**state.pop("recipe"))
    except (KeyError, TypeError, RuntimeError) as error:
        raise StateError(f"{path} is not a state file of this program: {error}") from error
