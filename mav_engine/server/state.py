"""What a server says of its own state."""

from __future__ import annotations

from typing import ClassVar, Literal

from mav_engine.parsing.strict import Strict
from mav_engine.server.http.problems import RequestRefused


class NotReady(RequestRefused):
    status: ClassVar[int] = 503
    code = "not_ready"
    title = "The server is not ready"


class Readiness(Strict):
    """The server takes requests."""

    status: Literal["ready"]


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
