"""The built site, served by the same process as the API."""

from __future__ import annotations

import os
from pathlib import Path

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.compression import takes

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
COPIES = (("br", ".br"), ("gzip", ".gz"))
"""Content codings, the smallest first, and how the build names the copies of a file."""
NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>MAV: the site is not built yet</title>
<style>
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 4rem auto }
</style>
<h1>The site is not built yet</h1>
<p>The API is up: <a href="/api/models">models</a>, <a href="/api/openapi.json">OpenAPI</a>.
<p>Build the site with <code>make run</code>, or by hand with
<code>npm --prefix frontend ci &amp;&amp; npm --prefix frontend run build</code>,
then reload this page.
"""


class Site(StaticFiles):
    """A static export of Next.js; it may be built, or built again, while the server runs."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, html=True, check_dir=False)
        self._index = directory / "index.html"

    async def check_config(self) -> None:
        """The folder may appear later."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The page or file at a path, or the site's own page for what is not there."""
        if not await anyio.to_thread.run_sync(self._index.is_file):
            return _not_built(scope)
        # The export writes /about as about.html, beside a folder of its data.
        page, found = await anyio.to_thread.run_sync(self.lookup_path, f"{path}.html")
        if found is not None and scope["method"] in ("GET", "HEAD"):
            return self.file_response(page, found, scope)
        return await super().get_response(path, scope)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file, or its smallest copy that the client can read.

        Files with a hash in their name are kept for ever; all others are asked for anew.
        """
        coding, path, stat = _copy_for(scope, full_path, stat_result)
        response = super().file_response(path, stat, scope, status_code)
        hashed = scope["path"].startswith("/_next/static/")
        response.headers["Cache-Control"] = IMMUTABLE if hashed else REVALIDATE
        response.headers["Vary"] = "Accept-Encoding"
        if coding is not None and response.status_code != 304:
            response.headers["Content-Encoding"] = coding
        return response


def _copy_for(
    scope: Scope, path: str | os.PathLike[str], stat: os.stat_result
) -> tuple[str | None, str | os.PathLike[str], os.stat_result]:
    """The coding, path and state of what to send; copies older than their file do not count."""
    accepted = Headers(scope=scope).get("accept-encoding", "")
    for coding, ending in COPIES:
        if not takes(coding, accepted):
            continue
        copy = Path(f"{os.fspath(path)}{ending}")
        try:
            found = copy.stat()
        except FileNotFoundError:
            continue
        if found.st_mtime_ns >= stat.st_mtime_ns:
            return coding, copy, found
    return None, path, stat


def _not_built(scope: Scope) -> Response:
    if scope["path"] != "/":
        raise HTTPException(404)
    return HTMLResponse(NOT_BUILT, headers={"Cache-Control": "no-store"})
