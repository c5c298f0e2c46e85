"""Serves the application under a path such as `/mav`, behind a proxy that passes the path on."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """ASGI middleware that sets the root path of an application.

    In ASGI the path of a request includes the root path, so it is added if a proxy has removed it.

    Args:
        app: the application.
        root_path: begins with a slash and ends without one.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; links are relative to the root path with a trailing slash."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == self._root_path:
            query = scope["query_string"].decode("latin-1")
            target = f"{self._root_path}/{query and f'?{query}'}"
            await RedirectResponse(target)(scope, receive, send)
        else:
            path = scope["path"]
            if not path.startswith(f"{self._root_path}/"):
                path = f"{self._root_path}{path}"
            await self._app({**scope, "path": path, "root_path": self._root_path}, receive, send)
