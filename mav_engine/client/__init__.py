"""A client of a MAV server: `Client`, and `AsyncClient` for asyncio and trio.

    from mav_engine.client import Client
    with Client("http://localhost:8000") as client:
        for event in client.run(prompt="Once upon a time"):
            ...

Neither torch nor the server is imported; docs/clients.md shows it.
"""

from __future__ import annotations

from mav_engine.client.async_client import AsyncClient, AsyncEvents
from mav_engine.client.client import Client, Events
from mav_engine.client.errors import BadAnswer, NotMav, Refused, Unreachable
from mav_engine.client.retry import Retry

__all__ = [
    "AsyncClient", "AsyncEvents", "BadAnswer", "Client", "Events", "NotMav", "Refused", "Retry",
    "Unreachable",
]  # fmt: skip
