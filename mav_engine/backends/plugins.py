"""Backends of other packages: whatever runs a model may enter as an entry point.

A backend is a function `load(model, *, device)` that gives a `Backend`, registered in the group
`mav_engine.backends`. The built-in one is `transformers`.
"""

from __future__ import annotations

from typing import Any

from mav_engine.backends.base import Backend
from mav_engine.backends.load import load_backend
from mav_engine.errors import InvalidSettings, MavError, ModelLoadFailed
from mav_engine.faults import brief, is_deliberate
from mav_engine.plugins import Found, entries
from mav_engine.wording import did_you_mean, shortened, shown

GROUP = "mav_engine.backends"
BUILT_IN = "transformers"


def names() -> tuple[str, ...]:
    """Every backend that can be asked for, the built-in first; none is imported for it."""
    return (BUILT_IN, *plugins())


def plugins() -> dict[str, Found]:
    """The backends of other packages, by name."""
    return entries(GROUP, frozenset({BUILT_IN}))


def load_with(backend: str, model: str, *, device: str = "auto") -> Backend:
    """Load a model by the backend of a name.

    Raises:
        InvalidSettings: there is no such backend.
        ModelLoadFailed: it cannot load the model, or is broken itself; the detail says why.
    """
    if backend == BUILT_IN:
        return load_backend(model, device=device)
    found = plugins().get(backend)
    if found is None:
        raise InvalidSettings(
            f"There is no backend named {shown(backend)}.{did_you_mean(backend, names())} "
            f"Known: {', '.join(names())}.",
            field="backend",
        )
    return _loaded(found, model, device)


def check(loaded: Any) -> str | None:
    """Why what an entry point names is no backend, or None."""
    return None if callable(loaded) else f"a {type(loaded).__name__} cannot be called to load"


def _loaded(found: Found, model: str, device: str) -> Backend:
    load = found.take(check)
    if isinstance(load, str):
        raise ModelLoadFailed(load, field="backend")
    try:
        backend: Backend = load(model, device=device)
        backend.info  # noqa: B018
    except MavError:
        raise
    except BaseException as error:
        if is_deliberate(error):
            raise
        raise ModelLoadFailed(
            f"The backend {found.name} of {found.package} cannot load {shortened(model)}: "
            f"{type(error).__name__}: {brief(error)}",
            field="backend",
        ) from error
    return backend
