"""The door for a training that goes on elsewhere: one at a time streams its looks in here.

What arrives is written into the watched file, so that all who watch read it there, whether the
training wrote it or sent it.
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
from mav_engine.server.http.problems import RequestRefused
from mav_engine.server.http.request_body import check_type
from mav_engine.server.runs.stream import NDJSON
from mav_engine.server.schemas import TrainingReceived
from mav_engine.server.training.access import check_access
from mav_engine.server.training.body import looks_of, parse_query, read_body
from mav_engine.server.training.recording import ReceivedRecording

PLACE_S = 45.0
"""Seconds of silence after which another training may take the place; they speak every 15."""
MAX_BODIES = 4
"""Bodies that may be on their way at the same time; a training sends one after the other."""


class AnotherStreams(RequestRefused):
    status: ClassVar[int] = 409
    code = "another_streams"
    title = "Another training streams here"


def inbox_of(config: ServerConfig) -> TrainingInbox | None:
    """The door, where the operator opened it.

    Raises:
        InvalidSettings: it is to be opened, but there is no file to write to.
    """
    if config.watch is None:
        if config.receive_training:
            raise InvalidSettings(
                "A training is received into the watched file, but none is named: add "
                "--watch FILE or MAV_WATCH.",
                field="MAV_WATCH",
            )
        return None
    if not config.receive_training and config.training_token is None:
        return None
    return TrainingInbox(config, config.watch)


class TrainingInbox:
    """Takes the looks of one training at a time. Its methods are called on the event loop."""

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
        """Store the looks of a request.

        Raises:
            MavError: they are refused, and nothing of the request was stored.
        """
        check_access(request, self._token)
        check_type(request, NDJSON)
        query = parse_query(request.query_params)
        self._take_slot(query.training)
        if self._bodies >= MAX_BODIES:
            raise Busy(f"{MAX_BODIES} bodies are on their way here already.", retry_after_s=5)
        self._bodies += 1
        try:
            body = await read_body(
                request, self._most_bytes, self._most_line_bytes, self._body_timeout_s
            )
            looks = await anyio.to_thread.run_sync(looks_of, body)
            add = partial(self._recording.add, looks, append=query.append)
            stored = await anyio.to_thread.run_sync(add) if looks else 0
        finally:
            self._bodies -= 1
        if self._training == query.training:
            self._training = None if query.end else self._training
            self._heard = time.monotonic()
        return TrainingReceived(
            stored=stored, already=len(looks) - stored, most_bytes=self._most_bytes
        )

    def _take_slot(self, training: str) -> None:
        now = time.monotonic()
        silent = now - self._heard
        if self._training not in (None, training) and silent < PLACE_S:
            raise AnotherStreams(
                f"Another training streams to this site, and was heard of {silent:.0f} s ago. Wait "
                "for its end, or give this one a site of its own: mav serve --port PORT --watch "
                "FILE --receive-training.",
                field="training",
                retry_after_s=PLACE_S - silent,
            )
        self._training, self._heard = training, now
