"""Backends of other packages, found by entry point.

A backend is a function `load(model, *, device)` that returns a `Backend`, registered in the group
`mav_engine.backends`. The built-in one is `transformers`.
"""

from __future__ import annotations

from typing import Any

from mav_engine.backends.base import Backend
from mav_engine.errors import MavError, ModelLoadFailed
from mav_engine.faults import brief, is_deliberate
from mav_engine.plugins import Registry
from mav_engine.wording import shortened

BUILT_IN = "transformers"


def _check(_: str, loaded: Any) -> str | None:
    return None if callable(loaded) else f"a {type(loaded).__name__} cannot be called to load"


BACKENDS = Registry(
    "backend",
    group="mav_engine.backends",
    built_in={BUILT_IN: "mav_engine.backends.load:load_backend"},
    setting="backend",
    check=_check,
)


def load_with(backend: str, model: str, *, device: str = "auto") -> Backend:
    """Load a model with the named backend.

    Raises:
        InvalidSettings: there is no such backend.
        ModelLoadFailed: it cannot load the model, or cannot be imported; the detail says why.
    """
    load = BACKENDS.load(backend)
    if isinstance(load, str):
        raise ModelLoadFailed(f"{load[0].upper()}{load[1:]}", field="backend")
    if backend == BUILT_IN:
        return load(model, device=device)  # type: ignore[no-any-return]
    try:
        loaded: Backend = load(model, device=device)
        loaded.info  # noqa: B018
    except MavError:
        raise
    except BaseException as error:
        if is_deliberate(error):
            raise
        raise ModelLoadFailed(
            f"The backend {backend} of {BACKENDS.plugins[backend].package} cannot load "
            f"{shortened(model)}: {type(error).__name__}: {brief(error)}",
            field="backend",
        ) from error
    return loaded
