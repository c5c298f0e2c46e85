"""How a server stops: it takes no more requests, lets active runs finish, and ends the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from mav_engine.api_keys import KeyFile, default_path
from mav_engine.config import ServerConfig
from mav_engine.server.http.pending_requests import PendingRequests
from mav_engine.server.state import NotReady, Readiness

if TYPE_CHECKING:
    from mav_engine.server.relay.relay import Relay
    from mav_engine.server.service import Service

Endpoint = Callable[[Request], Awaitable[Response]]
NO_STORE = {"Cache-Control": "no-store"}


class Stopping:
    """The steps in which a server stops. Used on the event loop only.

    Args:
        pending: requests that have no response yet.
        service: the runs, if this server has an engine.
        relay: runs on upstream servers, if it relays.
    """

    def __init__(
        self, pending: PendingRequests, service: Service | None, relay: Relay | None
    ) -> None:
        self._pending = pending
        self._service = service
        self._relay = relay

    @property
    def active(self) -> int:
        """Number of unfinished runs."""
        runs = len(self._service.runs) if self._service else 0
        return runs + (self._relay.active if self._relay else 0)

    def refuse(self) -> None:
        """Take no more requests; requests without a response and waiting runs end."""
        self._pending.stop()
        if self._service:
            self._service.refuse_waiting()

    def end_runs(self) -> None:
        """End all runs, each with a `resume` token."""
        self.refuse()
        if self._service:
            self._service.stop_runs()


def readiness_of(
    pending: PendingRequests, service: Service | None, config: ServerConfig
) -> Endpoint:
    """Answers /api/ready: 200 if the server takes runs, else 503 with the reason."""
    keys = KeyFile(config.keys_file or default_path()) if config.require_key else None

    def check() -> None:
        if pending.stopping:
            raise NotReady("The server is stopping.")
        if service:
            service.check_ready()
        if keys:
            keys.all()

    async def answer(_request: Request) -> Response:
        check()
        body = Readiness(status="ready").model_dump_json()
        return Response(body, 200, NO_STORE, "application/json")

    return answer
