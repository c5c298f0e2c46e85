"""What a server says of itself: its models and its state."""

from __future__ import annotations

from typing import Literal

from mav_engine.contract.model_info import ModelInfo
from mav_engine.parsing.strict import Strict


class ModelList(Strict):
    """The available models."""

    default: str
    """The model of requests that name none."""
    models: list[ModelInfo]
    problems: dict[str, str] = {}
    """Why models cannot be loaded, by name, judging by their files. Also why another server that
    runs models for this one cannot be used, by the server's name."""
    hosts: dict[str, str] = {}
    """The other servers that run models for this one, by the model's name."""
    training: bool
    """Whether a training is streamed at /api/training."""


class Health(Strict):
    """The state of the server."""

    status: Literal["ok"]
    version: str
    models_loaded: list[str]
    """Names of the models in memory."""
    runs_active: int
    """Active runs."""
    runs_waiting: int
    """Waiting runs."""
