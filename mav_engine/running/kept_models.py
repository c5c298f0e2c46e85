"""The models that `run` and `compare` load by name, kept for the next call."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

from mav_engine.models.folder import canonical

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.backends.chat_server.chat_model import ChatModel

_kept: dict[str, Backend] = {}


def chat_model(name: str) -> ChatModel | None:
    """The model of a chat server, if the name is one of MAV_CHAT_SERVERS' models.

    Raises:
        InvalidSettings: the variable cannot be used.
        UnknownModel: the server has no such model.
    """
    if "@" not in name or not os.environ.get("MAV_CHAT_SERVERS"):
        return None
    from mav_engine.config import read_environment

    return read_environment(os.environ).open_chat_model(name)


def kept_model(source: str, *, beside: Collection[str] = ()) -> Backend:
    """The backend of a model, loaded if it is not kept; then only it and those beside it are.

    Args:
        source: a name or folder, as for `load_backend`.
        beside: models that stay if they are kept.
    """
    from mav_engine.backends import load_backend

    model = canonical(source)
    backend = _kept.get(model)
    if backend is None:
        backend = load_backend(model)
        _kept[model] = backend
    for other in _kept.keys() - {model, *map(canonical, beside)}:
        _kept.pop(other, None)
    return backend
