"""What a server says of its own state."""

from __future__ import annotations

from typing import Literal

from mav_engine.parsing.strict import Strict


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
