"""Security headers for every response of the server."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "Content-Security-Policy"
_INERT = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
"""For all responses except the site's pages: no scripts."""
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # The site's URLs contain prompts.
    "Referrer-Policy": "same-origin",
}


class SecurityHeaders:
    """ASGI middleware that adds the headers.

    A response with its own content security policy keeps it; frame-ancestors is added.

    Args:
        app: the application.
        frame_ancestors: further origins whose pages may embed the site.
    """

    def __init__(self, app: ASGIApp, frame_ancestors: tuple[str, ...] = ()) -> None:
        self._app = app
        self._frame_ancestors = frame_ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(MutableHeaders(scope=message), self._frame_ancestors)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def add_security_headers(headers: MutableHeaders, frame_ancestors: tuple[str, ...] = ()) -> None:
    """Add the headers to those of a response."""
    embedding = " ".join(("frame-ancestors 'self'", *frame_ancestors))
    own = headers.get(POLICY, _INERT)
    headers[POLICY] = f"{own}; {embedding}" if own else embedding
    for name, value in _ALWAYS.items():
        headers[name] = value
