"""Work for a client that may disconnect before its response starts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

Found = TypeVar("Found")


async def unless_gone(work: Coroutine[Any, Any, Found], receive: Receive) -> Found | None:
    """The result of this work; None if the client disconnects, which cancels it.

    Args:
        work: what is computed.
        receive: of the request, whose body has been read.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        leaving.cancel()
        working.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
