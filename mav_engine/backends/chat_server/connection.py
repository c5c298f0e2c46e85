"""Requests to one chat server: only to its address, without redirects, with bounds and timeouts."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from mav_engine.backends.chat_server.address import ChatAddress
from mav_engine.backends.chat_server.answer import (
    Answer,
    BadStream,
    Piece,
    ServerError,
    StreamLines,
    error_in,
)
from mav_engine.backends.chat_server.errors import (
    ChatServerAway,
    ChatServerBusy,
    ChatServerFailed,
    ChatServerRefused,
)
from mav_engine.errors import MavError
from mav_engine.wording import shortened

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 5.0
"""Seconds within which a connection must be open."""
SHORT_S = 5.0
"""Seconds for a list of models or the tokens of a text."""
SILENCE_S = 300.0
"""Seconds of silence after which an answer has broken off; large models read a prompt as long."""
POLL_S = 0.1
"""Seconds between two questions whether the run is to be stopped, while the server is silent."""
MAX_BODY_BYTES = 8_000_000
"""Most bytes of an answer that is not a stream."""
MAX_SAID = 500
"""Most characters of a server's message that are passed on."""
RETRY_AFTER_S = 10.0

Json = dict[str, Any]


class Refused(Exception):
    """The server answered with another status than 200."""

    def __init__(self, status: int, said: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.said = said
        """Its message, without addresses and keys."""
        self.retry_after_s = retry_after_s


class Away(Exception):
    """The server cannot be reached, or its answer broke off. The message is for the log."""


class Stopped(Exception):
    """The caller has stopped the run."""


class Connection:
    """Sends requests to one chat server. May be used by several threads.

    Args:
        address: the server.
    """

    def __init__(self, address: ChatAddress) -> None:
        self._address = address
        self._headers = {"User-Agent": "mav", "Accept-Encoding": "identity"}
        if address.key is not None:
            self._headers["Authorization"] = f"Bearer {address.key}"
        self._root = address.url.removesuffix("/v1")

    def get(self, path: str, *, root: bool = False) -> Any:
        """The JSON answer of a GET request below /v1, or below the server's root.

        Raises:
            Away, Refused
        """
        return self._short("GET", self._url(path, root=root), None)

    def post(self, path: str, body: Json, *, root: bool = False) -> Any:
        """The JSON answer of a POST request that takes a moment.

        Raises:
            Away, Refused
        """
        return self._short("POST", self._url(path, root=root), body)

    def stream(
        self, path: str, body: Json, is_stopped: Callable[[], bool]
    ) -> Generator[Piece, None, None]:
        """The pieces of a streamed answer as they arrive.

        The connection is closed when the iterator is, which ends the generation on the server.

        Args:
            path: below /v1.
            body: the request.
            is_stopped: called while the server is silent; ends the answer if it returns true.

        Raises:
            Away, Refused, BadStream, ServerError, Stopped
        """
        from anyio.from_thread import start_blocking_portal

        url = self._url(path)
        with ExitStack() as opened:
            # On a thread of its own, since a blocking read could not be interrupted.
            portal = opened.enter_context(start_blocking_portal("asyncio"))
            chunks = self._chunks(url, body)
            opened.callback(portal.call, _close, chunks)

            def next_chunk() -> bytes | None:
                future = portal.start_task_soon(_next, chunks)
                while not concurrent.futures.wait([future], timeout=POLL_S).done:
                    if is_stopped():
                        future.cancel()
                        concurrent.futures.wait([future])
                        raise Stopped
                return future.result()

            lines, answer = StreamLines(), Answer()
            while (chunk := next_chunk()) is not None:
                for data in lines.push(chunk):
                    yield answer.read(self._clean(data))
            for data in lines.end():
                yield answer.read(self._clean(data))
            if rest := answer.rest():
                yield Piece(text=rest)
            if not answer.ended:
                raise Away("the stream ended without a reason")

    def error_of(self, error: Exception) -> MavError:
        """The error for a client, which names the server as the operator does."""
        name = self._address.name
        if isinstance(error, MavError):
            return error
        if isinstance(error, Away):
            return ChatServerAway(
                f"{name} cannot be reached, or its answer broke off. Try again in "
                f"{RETRY_AFTER_S:.0f} seconds, or choose another model.",
                field="model",
                retry_after_s=RETRY_AFTER_S,
            )
        if isinstance(error, ServerError):
            return ChatServerFailed(f"{name} reports an error: {self.without_secrets(str(error))}")
        if isinstance(error, BadStream):
            return ChatServerFailed(f"{name} {error}, so the run ends here.")
        assert isinstance(error, Refused)
        return self._refusal_error(error)

    def _refusal_error(self, error: Refused) -> MavError:
        name = self._address.name
        said = f": {error.said}" if error.said else "."
        if error.status in (401, 403):
            return ChatServerRefused(
                f"{name} does not accept the key of this site. The operator sets it in "
                "MAV_CHAT_KEYS.",
                field="model",
            )
        if error.status == 429:
            return ChatServerBusy(
                f"{name} takes no more requests at present{said}",
                retry_after_s=error.retry_after_s or RETRY_AFTER_S,
            )
        if 300 <= error.status < 400:
            return ChatServerRefused(
                f"{name} redirects to another address, which is not followed. The operator sets "
                "its address in MAV_CHAT_SERVERS.",
                field="model",
            )
        if error.status >= 500:
            return ChatServerFailed(f"{name} failed with status {error.status}{said}")
        return ChatServerRefused(f"{name} refuses the request (status {error.status}){said}")

    def without_secrets(self, said: str) -> str:
        """A message of the server, shortened and without its address and key."""
        host = self._root.partition("://")[2]
        secrets = (self._address.key, self._address.url, self._root, host, host.partition(":")[0])
        for each in secrets:
            if each:
                said = said.replace(each, "…")
        return shortened(" ".join(said.split()), MAX_SAID)

    def _url(self, path: str, *, root: bool = False) -> str:
        return (self._root if root else self._address.url) + path

    def _settings(self, silence_s: float) -> Json:
        import httpx2

        return {
            "headers": self._headers,
            "timeout": httpx2.Timeout(silence_s, connect=CONNECT_S),
            "follow_redirects": False,
            # Servers of this machine are never reached through a proxy.
            "trust_env": not self._address.is_local,
            # Reading the certificates of authorities takes a while.
            "verify": self._address.url.startswith("https:"),
        }

    def _short(self, method: str, url: str, body: Json | None) -> Any:
        import httpx2

        whole = bytearray()
        try:
            with (
                httpx2.Client(**self._settings(SHORT_S)) as client,
                client.stream(method, url, json=body) as response,
            ):
                for chunk in response.iter_bytes():
                    whole += chunk
                    if len(whole) > MAX_BODY_BYTES:
                        raise Away(f"an answer of more than {MAX_BODY_BYTES:,} bytes")
                status, headers = response.status_code, response.headers
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise Away(_reason(error)) from None
        if status != 200:
            raise self._refusal(status, headers, bytes(whole))
        try:
            return json.loads(whole)
        except ValueError:
            raise Away("an answer that is not JSON") from None

    async def _chunks(self, url: str, body: Json) -> AsyncGenerator[bytes, None]:
        import httpx2

        try:
            async with (
                httpx2.AsyncClient(**self._settings(SILENCE_S)) as client,
                client.stream("POST", url, json=body) as response,
            ):
                kind = response.headers.get("content-type", "")
                if response.status_code != 200 or "json" in kind:
                    whole = await _bounded(response)
                    if response.status_code != 200:
                        raise self._refusal(response.status_code, response.headers, whole)
                    # One JSON object: as one chunk of a stream.
                    yield b"data: " + whole.replace(b"\n", b" ") + b"\n\n"
                    return
                async for chunk in response.aiter_bytes():
                    yield chunk
        except (httpx2.HTTPError, OSError) as error:
            raise Away(_reason(error)) from None

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> Refused:
        try:
            said = error_in(json.loads(body)) or ""
        except ValueError:
            # A page of a proxy, in most cases.
            said = ""
        after = headers.get("retry-after", "")
        wait_s = float(after) if after.isascii() and after.isdigit() else None
        return Refused(status, self.without_secrets(said), wait_s)

    def _clean(self, data: str) -> str:
        key = self._address.key
        return data if key is None else data.replace(key, "…")


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


async def _close(chunks: AsyncGenerator[bytes, None]) -> None:
    await chunks.aclose()


async def _bounded(response: httpx2.Response) -> bytes:
    whole = bytearray()
    async for chunk in response.aiter_bytes():
        whole += chunk
        if len(whole) > MAX_BODY_BYTES:
            raise BadStream(f"has sent an answer of more than {MAX_BODY_BYTES:,} bytes")
    return bytes(whole)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
