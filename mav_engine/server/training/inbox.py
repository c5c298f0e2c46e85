"""Receives the snapshots of a training on another machine, one training at a time.

They are appended to the watched file, from which all clients read.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import ClassVar

import anyio.to_thread
from starlette.requests import Request

from mav_engine.config import ServerConfig
from mav_engine.errors import Busy, InvalidSettings
from mav_engine.server.http.live_stream import NDJSON
from mav_engine.server.http.problems import RequestRefused
from mav_engine.server.http.request_body import check_type
from mav_engine.server.schemas import TrainingReceived
from mav_engine.server.training.access import check_access
from mav_engine.server.training.body import parse_query, read_body, snapshots_in
from mav_engine.server.training.received_recording import ReceivedRecording

IDLE_S = 45.0
"""Seconds without a request after which another training may stream. Trainings send every 15."""
MAX_BODIES = 4
"""Most bodies being received at the same time."""


class AnotherStreams(RequestRefused):
    status: ClassVar[int] = 409
    code = "another_streams"
    title = "Another training streams here"


def inbox_of(config: ServerConfig) -> TrainingInbox | None:
    """The inbox, if the operator enabled it.

    Raises:
        InvalidSettings: it is enabled, but no file is named.
    """
    if config.watch is None:
        if config.receive_training:
            raise InvalidSettings(
                "--receive-training writes to the watched file, but none is named: add --watch "
                "FILE or MAV_WATCH.",
                field="MAV_WATCH",
            )
        return None
    if not config.receive_training and config.training_token is None:
        return None
    return TrainingInbox(config, config.watch)


class TrainingInbox:
    """Accepts the snapshots of one training at a time. Its methods run on the event loop."""

    def __init__(self, config: ServerConfig, path: Path) -> None:
        self._recording = ReceivedRecording(path)
        self._token = config.training_token
        self._most_bytes = config.max_training_bytes
        self._most_line_bytes = config.max_training_line_bytes
        self._body_timeout_s = config.body_timeout_s
        self._training: str | None = None
        self._heard = 0.0
        self._bodies = 0

    async def receive(self, request: Request) -> TrainingReceived:
        """Store the snapshots of a request.

        Raises:
            MavError: the request is refused, and nothing was stored.
        """
        check_access(request, self._token)
        check_type(request, NDJSON)
        query = parse_query(request.query_params)
        self._take_slot(query.training)
        if self._bodies >= MAX_BODIES:
            raise Busy(f"{MAX_BODIES} bodies are being received already.", retry_after_s=5)
        self._bodies += 1
        try:
            body = await read_body(
                request, self._most_bytes, self._most_line_bytes, self._body_timeout_s
            )
            snapshots = await anyio.to_thread.run_sync(snapshots_in, body)
            add = partial(self._recording.add, snapshots, append=query.append)
            stored = await anyio.to_thread.run_sync(add) if snapshots else 0
        finally:
            self._bodies -= 1
        if self._training == query.training:
            self._training = None if query.end else self._training
            self._heard = time.monotonic()
        return TrainingReceived(
            stored=stored, already=len(snapshots) - stored, most_bytes=self._most_bytes
        )

    def _take_slot(self, training: str) -> None:
        now = time.monotonic()
        silent = now - self._heard
        if self._training not in (None, training) and silent < IDLE_S:
            raise AnotherStreams(
                f"Another training streams to this site; its last request was {silent:.0f} s ago. "
                "Wait until it ends, or start another site for this one: mav serve --port PORT "
                "--watch FILE --receive-training.",
                field="training",
                retry_after_s=IDLE_S - silent,
            )
        self._training, self._heard = training, now
