"""Who may stream a training to this site: whoever has the token, or else this machine alone."""

from __future__ import annotations

import hmac
import urllib.parse
from typing import ClassVar

from starlette.requests import Request

from mav_engine.addresses import is_loopback
from mav_engine.config import ServerConfig
from mav_engine.errors import InvalidSettings
from mav_engine.server.http.problems import RequestRefused

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class TokenRefused(RequestRefused):
    status: ClassVar[int] = 401
    code = "token_refused"
    title = "The token is missing or wrong"


class NotFromHere(RequestRefused):
    status: ClassVar[int] = 403
    code = "not_from_here"
    title = "Only this machine may do that"


def check_access(request: Request, token: str | None) -> None:
    """Let through whoever bears the token; where there is none, clients of this machine.

    Raises:
        TokenRefused, NotFromHere: with the remedy.
    """
    if token is None:
        _check_local(request)
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(_bytes(given.strip()), _bytes(token)):
        return
    what = "has another token than" if given else "bears no token of"
    raise TokenRefused(
        f"The request {what} this site. Send `Authorization: Bearer TOKEN`; a training takes it "
        "from stream_token or its environment's MAV_TRAINING_TOKEN.",
        field="Authorization",
    )


def check_open_to(config: ServerConfig, host: str) -> None:
    """Refuse to take trainings from other machines without a token.

    Raises:
        InvalidSettings: with the remedy.
    """
    if config.receive_training and config.training_token is None and not is_loopback(host):
        raise InvalidSettings(
            f"--receive-training at {host} lets other machines in, so it needs a token: set "
            "MAV_TRAINING_TOKEN to 16 characters or more, here and for the training.",
            field="MAV_TRAINING_TOKEN",
        )


def _check_local(request: Request) -> None:
    """A page elsewhere may lead a browser of this machine here: then Host or Origin is that site's.

    What a proxy forwards comes from who knows where.
    """
    client = request.client.host if request.client else ""
    named = [_host(f"//{request.headers.get('host', '')}")]
    if "origin" in request.headers:
        named.append(_host(request.headers["origin"]))
    forwarded = any(name in request.headers for name in _FORWARDED)
    if forwarded or not all(map(is_loopback, [client, *named])):
        raise NotFromHere(
            "Without a token this site takes trainings of its own machine only. Let its operator "
            "set MAV_TRAINING_TOKEN, and give the training the same.",
            field="Authorization",
        )


def _host(address: str) -> str:
    try:
        return urllib.parse.urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
