"""Who may stream a training to this site: clients with the token, or without one local clients."""

from __future__ import annotations

from typing import ClassVar

from starlette.requests import Request

from mav_engine.addresses import is_loopback
from mav_engine.config import ServerConfig
from mav_engine.errors import InvalidSettings
from mav_engine.server.http.bearer import bearer_of, is_equal
from mav_engine.server.http.local_client import is_local
from mav_engine.server.http.problems import RequestRefused


class TokenRefused(RequestRefused):
    status: ClassVar[int] = 401
    code = "token_refused"
    title = "The token is missing or wrong"


class NotFromHere(RequestRefused):
    status: ClassVar[int] = 403
    code = "not_from_here"
    title = "Only this machine may do that"


def check_access(request: Request, token: str | None) -> None:
    """Require the token; if the site has none, require a client on this machine.

    Raises:
        TokenRefused, NotFromHere: the client may not stream to this site.
    """
    if token is None:
        _check_local(request)
        return
    given = bearer_of(request.headers)
    if is_equal(given, token):
        return
    what = "has the wrong token for" if given else "has no token for"
    raise TokenRefused(
        f"The request {what} this site. Send `Authorization: Bearer TOKEN`; a training "
        "takes it from stream_token or from MAV_TRAINING_TOKEN in its environment.",
        field="Authorization",
    )


def check_open_to(config: ServerConfig, host: str) -> None:
    """Require a token if other machines can reach the server.

    Raises:
        InvalidSettings: there is none.
    """
    if config.receive_training and config.training_token is None and not is_loopback(host):
        raise InvalidSettings(
            f"With --host {host} other machines can reach --receive-training, so it needs a "
            "token: set MAV_TRAINING_TOKEN to 16 characters or more, here and for the training.",
            field="MAV_TRAINING_TOKEN",
        )


def _check_local(request: Request) -> None:
    """Require a client on this machine."""
    if not is_local(request.scope):
        raise NotFromHere(
            "Without a token, this site accepts trainings only from its own machine. Ask its "
            "operator to set MAV_TRAINING_TOKEN, and give the training the same token.",
            field="Authorization",
        )
