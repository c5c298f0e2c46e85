"""The answer of /api/models."""

from __future__ import annotations

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
    """The other servers that run models for this one, by the model's name; chat servers by the
    operator's name for them."""
    training: bool
    """Whether a training is streamed at /api/training."""
