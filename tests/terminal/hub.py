"""A hub of one model on this machine, for tests of getting one."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVISION = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def hub_with(name: str, folder: Path) -> Iterator[str]:
    """Serve a folder's files as the model of this name; gives the hub's address."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = self.path.partition("?")[0]
            file = path.rpartition("/")[2]
            if path.startswith(f"/api/models/{name}/tree/"):
                tree = [
                    {"type": "file", "path": name, "size": len(data), "oid": _digest(data)}
                    for name, data in files.items()
                ]
                self._send(200, json.dumps(tree).encode(), "application/json")
            elif path.startswith(f"/api/models/{name}"):
                info = {"id": name, "sha": REVISION, "siblings": [{"rfilename": f} for f in files]}
                self._send(200, json.dumps(info).encode(), "application/json")
            elif path.startswith(f"/{name}/resolve/") and file in files:
                self._send(200, files[file], "application/octet-stream")
            else:
                self._send(404, b"{}", "application/json", error="RepoNotFound")

        def _send(self, status: int, body: bytes, kind: str, error: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Repo-Commit", REVISION)
            self.send_header("ETag", f'"{_digest(body)}"')
            if error:
                self.send_header("X-Error-Code", error)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def _digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()
