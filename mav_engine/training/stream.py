"""Streams the snapshots of a training to another site, from a background thread.

A slow or unreachable server does not slow the training down: snapshots wait in a queue of limited
size, and when it is full the oldest are dropped.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
import weakref
from collections import deque

from mav_engine.errors import InvalidSettings
from mav_engine.training.posting import THREAD_NAME, Address, Refused, Taken, Unanswered

TOKEN_VARIABLE = "MAV_TRAINING_TOKEN"
QUEUE_BYTES = 64 * 1024**2
"""Most bytes of queued snapshots."""
GREETING_S = 2.0
"""Seconds that `begin` waits for the first response."""
FLUSH_S = 10.0
"""Seconds that `end` waits for the queue to be sent."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Seconds between attempts; the pause doubles each time."""
HEARTBEAT_S = 15.0
"""Seconds of silence after which a keep-alive is sent."""
_SNAPSHOT_STATUSES = frozenset({400, 413, 422})
"""Statuses that concern one snapshot; the next one may be accepted."""
_PERMANENT_STATUSES = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 413, 415, 422})
"""Statuses that retrying does not change. `begin` raises them."""
_log = logging.getLogger(__name__)
_STREAMING: weakref.WeakValueDictionary[str, _Sending] = weakref.WeakValueDictionary()
"""The active stream to each site. A new one closes the previous one: in a notebook, an interrupted
training would otherwise block the site forever."""


class TrainingStream:
    """Sends snapshots in order and retries each until the server has it.

    Args:
        url: address of the site, such as http://host:8000.
        token: the site's token; by default MAV_TRAINING_TOKEN of the environment.
        append: whether to continue the recording that the site already has.

    Raises:
        InvalidSettings: the address or the token is invalid.
    """

    def __init__(self, url: str, *, token: str | None = None, append: bool = False) -> None:
        given = token or os.environ.get(TOKEN_VARIABLE, "").strip()
        self._address = Address(url, given or None)
        self._append = append
        self._sending: _Sending | None = None

    def begin(self) -> None:
        """Connect to the site. An unreachable site is not an error.

        One training per process streams to a site; an earlier one is closed.

        Raises:
            InvalidSettings: the site refuses this training within two seconds.
        """
        site = self._address.site
        earlier = _STREAMING.get(site)
        if earlier is not None and earlier.is_alive():
            _log.warning("%s: closed the stream of an earlier training of this process.", site)
            earlier.close(GREETING_S)
        self._sending = sending = _Sending(self._address, append=self._append)
        _STREAMING[site] = sending
        sending.start()
        sending.greeted.wait(GREETING_S)
        if sending.refused is not None and sending.refused.status in _PERMANENT_STATUSES:
            self._sending = None
            sending.close(0.0)
            named = "stream_token" if sending.refused.status in (401, 403) else "stream"
            raise InvalidSettings(f"{self._address.site}: {sending.refused}", field=named)

    def send(self, run: bytes) -> None:
        """Queue the lines of a snapshot; never blocks and never raises."""
        if self._sending is not None:
            self._sending.add(run)

    def end(self) -> None:
        """Send the queue for at most ten seconds, and log what was not sent."""
        if self._sending is not None:
            sending, self._sending = self._sending, None
            sending.close(FLUSH_S)


class _Sending(threading.Thread):
    """The thread that sends one training."""

    def __init__(self, address: Address, *, append: bool) -> None:
        super().__init__(name=THREAD_NAME, daemon=True)
        self.greeted = threading.Event()
        """Set after the first request, whatever its outcome."""
        self.refused: Refused | None = None
        """The last response, if it was a refusal."""
        self._address = address
        self._training = uuid.uuid4().hex
        self._append = append
        self._changed = threading.Condition()
        self._snapshots: deque[bytes] = deque()
        self._bytes = 0
        self._ending = self._closed = False
        self._most_bytes: int | None = None
        """The site's limit of a body; None until it has answered an empty request."""
        self._lost = {"dropped": 0, "refused": 0}
        self._logged = ""

    def add(self, run: bytes) -> None:
        """Append a snapshot to the queue, unless the stream has ended."""
        with self._changed:
            if self._ending:
                return
            self._snapshots.append(run)
            self._bytes += len(run)
            dropped = 0
            while self._bytes > QUEUE_BYTES:
                self._bytes -= len(self._snapshots.popleft())
                dropped += 1
            first_time = dropped > 0 and self._lost["dropped"] == 0
            self._lost["dropped"] += dropped
            self._changed.notify_all()
        if first_time:
            _log.warning(
                "%s does not accept snapshots fast enough: more than %d MiB are queued, so the "
                "oldest are dropped. The training continues.",
                self._address.site,
                QUEUE_BYTES >> 20,
            )

    def close(self, patience_s: float) -> None:
        """Wait until the queue is sent, for at most `patience_s` seconds."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self.join(patience_s)
        with self._changed:
            self._closed = True
            unsent = len(self._snapshots)
            self._changed.notify_all()
        if patience_s > 0 and (unsent or any(self._lost.values())):
            _log.warning(
                "%s lacks snapshots of this training: %d were dropped, %d refused and %d not sent "
                "before it ended.",
                self._address.site,
                self._lost["dropped"],
                self._lost["refused"],
                unsent,
            )

    def run(self) -> None:
        """Send until the stream ends."""
        failed = 0
        while self._wait(failed):
            try:
                over = self._send_next()
                failed = 0
                self._log_recovery()
            except (Unanswered, Refused) as fault:
                over = False
                failed += 1
                self._most_bytes = None
                self._log_fault(fault)
            except Exception:
                _log.warning("the training is no longer streamed, but continues", exc_info=True)
                over = True
            self.greeted.set()
            if over:
                return

    def _wait(self, failed: int) -> bool:
        """Wait until the next request is due; False if the stream was closed."""
        with self._changed:
            if failed:
                pause = min(FIRST_PAUSE_S * 2 ** min(failed - 1, 16), LONGEST_PAUSE_S)
                deadline = time.monotonic() + pause
                self._changed.wait_for(lambda: self._ending, pause)
                left = min(deadline - time.monotonic(), FIRST_PAUSE_S)
                self._changed.wait_for(lambda: self._closed, max(0.0, left))
            elif self._most_bytes is not None:
                self._changed.wait_for(lambda: self._snapshots or self._ending, HEARTBEAT_S)
            # An unreachable site gets no final request.
            return not (self._closed or (failed and self._ending and not self._snapshots))

    def _send_next(self) -> bool:
        """Send the next request; returns whether it was the last.

        The first request, and the first one after each error, has no body: a server that refuses a
        long body may not read all of it, and then its response would be lost.
        """
        with self._changed:
            snapshot = self._snapshots[0] if self._snapshots else None
            last = snapshot is None and self._ending
        if snapshot is None or self._most_bytes is None:
            taken = self._post(b"", end=last)
            self._most_bytes = taken.most_bytes
            return last
        try:
            if len(snapshot) > self._most_bytes:
                size = f"{len(snapshot):,} bytes, and the site takes {self._most_bytes:,} at most"
                raise Refused(
                    413,
                    f"A snapshot has {size}; capture less, or ask its operator for a higher limit.",
                )
            self._post(snapshot)
            self._append = True
        except Refused as fault:
            if fault.status not in _SNAPSHOT_STATUSES:
                raise
            if self._lost["refused"] == 0:
                _log.warning("%s refuses a snapshot: %s", self._address.site, fault)
            self._lost["refused"] += 1
        self._remove(snapshot)
        return False

    def _post(self, body: bytes, *, end: bool = False) -> Taken:
        taken = self._address.post(body, self._training, append=self._append, end=end)
        self.refused = None
        return taken

    def _remove(self, snapshot: bytes) -> None:
        with self._changed:
            # A full queue may have dropped it already.
            if self._snapshots and self._snapshots[0] is snapshot:
                self._snapshots.popleft()
                self._bytes -= len(snapshot)

    def _log_fault(self, fault: Unanswered | Refused) -> None:
        self.refused = fault if isinstance(fault, Refused) else None
        message = f"refuses: {fault}" if self.refused else f"cannot be reached ({fault})."
        if message != self._logged:
            self._logged = message
            _log.warning("%s %s The training continues.", self._address.site, message)

    def _log_recovery(self) -> None:
        if self._logged:
            self._logged = ""
            _log.warning("%s accepts the training's snapshots.", self._address.site)
