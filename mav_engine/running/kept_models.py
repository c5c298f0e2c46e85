"""The models that `run` and `compare` load by name, kept for the next call."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from mav_engine.models.folder import canonical

if TYPE_CHECKING:
    from mav_engine.backends import Backend

_kept: dict[str, Backend] = {}


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
