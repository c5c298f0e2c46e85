"""Serves the built site."""

from __future__ import annotations

import functools
import os
import re
import stat
from pathlib import Path

import anyio.to_thread
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from mav_engine.models import embedded_models
from mav_engine.server.http.compression import takes
from mav_engine.server.http.security_headers import POLICY

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
COPIES = (("br", ".br"), ("gzip", ".gz"))
"""Content codings, the best first, and the suffixes of the compressed copies."""
NOT_FOUND_PAGE = "404.html"
_LONGEST_PATH = 1024
"""Most characters of a path; each part of a path costs a system call."""
_DEEPEST = 32
_MOST = 10**18
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-\d{1,18})", re.ASCII | re.IGNORECASE)
_WORKER = "/local/worker.js"
_WORKER_POLICY = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
"""The worker that runs models in the browser fetches them, compiles the engine and loads parts of
itself."""
_MODEL_FILE = re.compile(
    r"models/(?P<model>[\w.-]+)/(?P<file>[\w-]+\.(json|safetensors))", re.ASCII
)
_HOME = '<base href="/">'
"""The placeholder for the site's root in the page for missing paths."""
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
_POLICY_WITHIN = 8192
"""Bytes at the beginning of a page in which its policy is searched."""
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
<p>The API is up: <a href="api/models">models</a>, <a href="api/openapi.json">OpenAPI</a>.
<p>Build the site with <code>make run</code>, or by hand with
<code>npm --prefix frontend ci &amp;&amp; npm --prefix frontend run build</code>,
then reload this page.
"""


class Site(StaticFiles):
    """A static export of Next.js, which may be built or rebuilt while the server runs."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, html=True, check_dir=False)
        self._index = directory / "index.html"

    async def check_config(self) -> None:
        """Skip the check of StaticFiles, since the folder may be created later."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await super().__call__(_with_one_range(scope), receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The page or file at a path, or the page for missing paths."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        if not await anyio.to_thread.run_sync(self._index.is_file):
            return _not_built(scope)
        return await anyio.to_thread.run_sync(self._answer, path, scope)

    def _answer(self, path: str, scope: Scope) -> Response:
        is_folder = get_route_path(scope).endswith("/")
        if not is_folder:
            # The export writes /about as about.html, next to a folder with its data.
            for name in (f"{path}.html", path):
                full_path, found = self.lookup_path(name)
                if found is not None and stat.S_ISREG(found.st_mode):
                    return self.file_response(full_path, found, scope)
        full_path, found = self.lookup_path(f"{path}/index.html")
        if found is None or not stat.S_ISREG(found.st_mode):
            _, page = self.lookup_path(f"{path}.html")
            if is_folder and page is not None and stat.S_ISREG(page.st_mode):
                return _to_page(scope)
            return self._not_found(scope)
        if not is_folder:
            return _to_folder(scope)
        return self.file_response(full_path, found, scope)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file of the site, compressed copies excluded.

        Invalid paths, such as those with NUL or very long names, are not found.
        """
        if len(path) > _LONGEST_PATH or path == NOT_FOUND_PAGE:
            return "", None
        try:
            full_path, found = super().lookup_path(path)
            if found is None and (model_file := _embedded_file(path)) is not None:
                return str(model_file), model_file.stat()
        except (OSError, ValueError):
            return "", None
        file = Path(full_path)
        if file.suffix in (".br", ".gz") and file.with_suffix("").exists():
            return "", None
        return full_path, found

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file, or its smallest copy that the client accepts.

        Clients cache files with a hash in their name forever and revalidate all others.
        """
        coding, path, stat_of_path = _copy_for(scope, full_path, stat_result)
        response = super().file_response(path, stat_of_path, scope, status_code)
        hashed = get_route_path(scope).startswith("/_next/static/")
        response.headers["Cache-Control"] = IMMUTABLE if hashed else REVALIDATE
        response.headers["Vary"] = "Accept-Encoding"
        if coding is not None and response.status_code != 304:
            response.headers["Content-Encoding"] = coding
        if get_route_path(scope) == _WORKER:
            response.headers[POLICY] = _WORKER_POLICY
        if os.fspath(full_path).endswith(".html"):
            policy = _policy_of(os.fspath(full_path), stat_result.st_mtime_ns)
            response.headers[POLICY] = policy
        return response

    def _not_found(self, scope: Scope) -> Response:
        try:
            page = (self._index.parent / NOT_FOUND_PAGE).read_text("utf-8")
        except OSError:
            raise HTTPException(404) from None
        headers = {"Cache-Control": REVALIDATE, POLICY: _policy_in(page)}
        page = page.replace(_HOME, f'<base href="{_way_home(scope)}">', 1)
        return HTMLResponse(page, 404, headers)


def _embedded_file(path: str) -> Path | None:
    """A file of an embedded model, which an installed package has outside of the site."""
    found = _MODEL_FILE.fullmatch(path)
    folder = embedded_models().get(found["model"]) if found else None
    return None if folder is None or found is None else folder / found["file"]


def _with_one_range(scope: Scope) -> Scope:
    """Remove a Range header unless it is a single range of bytes.

    RFC 9110, 14.2: unknown units must be ignored, and others may be.
    """
    headers = Headers(scope=scope)
    asked = _RANGE.fullmatch(headers.get("range", ""))
    one = asked is not None and int(asked[1] or 0) <= int(asked[2] or _MOST)
    if scope["method"] == "GET" and one and len(headers.getlist("range")) == 1:
        return scope
    return {**scope, "headers": [each for each in scope["headers"] if each[0] != b"range"]}


def _to_folder(scope: Scope) -> Response:
    """Redirect to the same path with a slash; relative, since a proxy may add a prefix."""
    return _redirect(scope, f"{_raw_path(scope).rpartition('/')[2]}/")


def _to_page(scope: Scope) -> Response:
    """Redirect to the same path without the slash."""
    return _redirect(scope, f"../{_raw_path(scope).rstrip('/').rpartition('/')[2]}")


def _redirect(scope: Scope, address: str) -> Response:
    query = scope["query_string"].decode("latin-1")
    return RedirectResponse(f"{address}{query and f'?{query}'}")


def _way_home(scope: Scope) -> str:
    """The URL of the site's root, relative to the requested one.

    It is also correct behind a proxy that adds or removes a prefix.
    """
    root = scope.get("root_path", "")
    depth = _raw_path(scope).removeprefix(f"{root}/").lstrip("/").count("/")
    return "../" * depth or "./" if depth <= _DEEPEST else f"{root}/"


def _raw_path(scope: Scope) -> str:
    """The undecoded path: an escaped slash does not separate folders."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return bytes(raw).decode("latin-1")


@functools.lru_cache(maxsize=64)
def _policy_of(path: str, _modified_ns: int) -> str:
    """The content security policy in a page."""
    with Path(path).open(encoding="utf-8", errors="replace") as page:
        return _policy_in(page.read(_POLICY_WITHIN))


def _policy_in(page: str) -> str:
    found = _POLICY.search(page, 0, _POLICY_WITHIN)
    return found[1] if found else ""


def _copy_for(
    scope: Scope, path: str | os.PathLike[str], stat: os.stat_result
) -> tuple[str | None, str | os.PathLike[str], os.stat_result]:
    """Coding, path and stat of the file to send; copies older than their file are ignored."""
    accepted = Headers(scope=scope).get("accept-encoding", "")
    for coding, ending in COPIES:
        if not takes(coding, accepted):
            continue
        copy = Path(f"{os.fspath(path)}{ending}")
        try:
            found = copy.stat()
        except OSError:
            continue
        if found.st_mtime_ns >= stat.st_mtime_ns:
            return coding, copy, found
    return None, path, stat


def _not_built(scope: Scope) -> Response:
    if get_route_path(scope) != "/":
        raise HTTPException(404)
    return HTMLResponse(NOT_BUILT, headers={"Cache-Control": "no-store"})
