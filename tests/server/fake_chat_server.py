"""A small server with OpenAI's API that answers as a test says, with every fault of real ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.server.servers import PATIENCE_S

Chunk = bytes | Callable[[], None]
"""Bytes to send, or something to wait for between them."""


class FakeChatServer:
    """Lists its models and answers each request with `answer`, or with `status` and `body`."""

    def __init__(self, *models: dict[str, Any]) -> None:
        self.models = list(models) or [{"id": "small", "owned_by": "nobody"}]
        self.answer: Iterable[Chunk] = stream(text("Hi"), end())
        self.answers: list[Iterable[Chunk]] = []
        """Answers of the next requests, before `answer`."""
        self.kind = "text/event-stream"
        self.status = 200
        self.headers: dict[str, str] = {}
        self.others: dict[str, Any] = {}
        """JSON answers of other paths."""
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str | None] = []
        self.gone = threading.Event()
        """Set when the client has closed a connection before the end of the answer."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Logs nothing."""

            def do_GET(self) -> None:
                fake.keys.append(self.headers.get("Authorization"))
                if self.path == "/v1/models":
                    self.send(200, "application/json", [as_json({"data": fake.models})])
                elif self.path in fake.others:
                    self.send(200, "application/json", [as_json(fake.others[self.path])])
                else:
                    self.send(404, "application/json", [as_json({"detail": "Not Found"})])

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.keys.append(self.headers.get("Authorization"))
                fake.requests.append((self.path, body))
                other = fake.others.get(self.path)
                if other is not None:
                    given = other(body) if callable(other) else other
                    self.send(200, "application/json", [as_json(given)])
                    return
                answer = fake.answers.pop(0) if fake.answers else fake.answer
                self.send(fake.status, fake.kind, answer)

            def send(self, status: int, kind: str, chunks: Iterable[Chunk]) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                for name, value in fake.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for chunk in chunks:
                        if callable(chunk):
                            chunk()
                        else:
                            self.wfile.write(chunk)
                            self.wfile.flush()
                except OSError:
                    fake.gone.set()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def asked(self) -> dict[str, Any]:
        """The body of the last request."""
        return self.requests[-1][1]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def stream(*events: bytes, done: bool = False) -> list[Chunk]:
    """The events of a stream, with `[DONE]` if the server sends it."""
    return [*events, *([b"data: [DONE]\n\n"] if done else [])]


def event(value: Any) -> bytes:
    return b"data: " + as_json(value) + b"\n\n"


def text(content: str, logprobs: Any = None) -> bytes:
    """A chunk of a completion."""
    return event({"choices": [{"index": 0, "text": content, "logprobs": logprobs}]})


def said(content: str, *entries: Any, **others: Any) -> bytes:
    """A chunk of a chat."""
    logprobs = {"content": list(entries)} if entries else None
    choice = {"index": 0, "delta": {"content": content, **others}, "logprobs": logprobs}
    return event({"choices": [choice]})


def entry(token: str, logprob: float, **top: float) -> dict[str, Any]:
    """A token of a chat with its candidates."""
    rows = [{"token": name, "logprob": value} for name, value in top.items()]
    return {"token": token, "logprob": logprob, "bytes": None, "top_logprobs": rows}


def end(reason: str = "stop", **others: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], **others})
