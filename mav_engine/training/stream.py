"""A training's looks on their way to a site elsewhere, sent behind the training's back.

A slow or dead server costs the training nothing: looks wait in a queue of so many bytes and are
sent from a thread; when the queue is full the oldest are dropped, since the newest tell most.
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
from mav_engine.training.posting import Address, Refused, Taken, Unanswered

TOKEN_VARIABLE = "MAV_TRAINING_TOKEN"
QUEUE_BYTES = 64 * 1024**2
"""Looks that wait may take this many bytes together."""
GREETING_S = 2.0
"""Seconds for which `begin` waits to hear whether the site takes trainings."""
FLUSH_S = 10.0
"""Seconds for which `end` waits until everything is sent."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Seconds between two attempts; each pause is twice the one before."""
HEARTBEAT_S = 15.0
"""Seconds of silence after which a word keeps the place at the site."""
_OF_THE_LOOK = frozenset({400, 413, 422})
"""Refusals that blame one look; the next may be taken."""
_FOR_GOOD = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 413, 415, 422})
"""Refusals that time does not heal: told before the training begins, where they are known then."""
_log = logging.getLogger(__name__)
_STREAMING: weakref.WeakValueDictionary[str, _Sending] = weakref.WeakValueDictionary()
"""Who streams to which site. Of one process the newest does: in a notebook the one before was
interrupted and never ended, and would hold the place at the site for ever."""


class TrainingStream:
    """Sends looks in their order, each until the server has it.

    Args:
        url: of the site, such as http://host:8000.
        token: that its operator gave; else the environment's MAV_TRAINING_TOKEN.
        append: whether this goes on with what the site already shows.

    Raises:
        InvalidSettings: the address or the token cannot be.
    """

    def __init__(self, url: str, *, token: str | None = None, append: bool = False) -> None:
        given = token or os.environ.get(TOKEN_VARIABLE, "").strip()
        self._address = Address(url, given or None)
        self._append = append
        self._sending: _Sending | None = None

    def begin(self) -> None:
        """Greet the site; one that is away is no error.

        Of one process one training streams to a site, the one that began last.

        Raises:
            InvalidSettings: it refuses this training, and says so within two seconds.
        """
        site = self._address.site
        earlier = _STREAMING.get(site)
        if earlier is not None and earlier.is_alive():
            _log.warning(
                "%s: a training of this process that was not ended streams there no more.", site
            )
            earlier.close(GREETING_S)
        self._sending = sending = _Sending(self._address, append=self._append)
        _STREAMING[site] = sending
        sending.start()
        sending.greeted.wait(GREETING_S)
        if sending.refused is not None and sending.refused.status in _FOR_GOOD:
            self._sending = None
            sending.close(0.0)
            named = "stream_token" if sending.refused.status in (401, 403) else "stream"
            raise InvalidSettings(f"{self._address.site}: {sending.refused}", field=named)

    def send(self, run: bytes) -> None:
        """Hand over the lines of a look; never waits and never raises."""
        if self._sending is not None:
            self._sending.add(run)

    def end(self) -> None:
        """Send what waits, for ten seconds at most, and tell what was not sent."""
        if self._sending is not None:
            sending, self._sending = self._sending, None
            sending.close(FLUSH_S)


class _Sending(threading.Thread):
    """One training on its way."""

    def __init__(self, address: Address, *, append: bool) -> None:
        super().__init__(name="mav-training-stream", daemon=True)
        self.greeted = threading.Event()
        """Set when the site was asked for the first time, with whatever answer."""
        self.refused: Refused | None = None
        """The last answer, where it was a refusal."""
        self._address = address
        self._training = uuid.uuid4().hex
        self._append = append
        self._changed = threading.Condition()
        self._looks: deque[bytes] = deque()
        self._bytes = 0
        self._ending = self._closed = False
        self._most_bytes: int | None = None
        """The longest body that the site takes; None until it has answered a greeting."""
        self._lost = {"dropped": 0, "refused": 0}
        self._told = ""

    def add(self, run: bytes) -> None:
        """Put a look behind the others, unless the stream was ended."""
        with self._changed:
            if self._ending:
                return
            self._looks.append(run)
            self._bytes += len(run)
            dropped = 0
            while self._bytes > QUEUE_BYTES:
                self._bytes -= len(self._looks.popleft())
                dropped += 1
            first_time = dropped > 0 and self._lost["dropped"] == 0
            self._lost["dropped"] += dropped
            self._changed.notify_all()
        if first_time:
            _log.warning(
                "%s takes looks more slowly than they come, or not at all: more than %d MiB wait, "
                "so the oldest are dropped. The training goes on.",
                self._address.site,
                QUEUE_BYTES >> 20,
            )

    def close(self, patience_s: float) -> None:
        """Wait until all is sent, but no longer than this."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self.join(patience_s)
        with self._changed:
            self._closed = True
            unsent = len(self._looks)
            self._changed.notify_all()
        if patience_s > 0 and (unsent or any(self._lost.values())):
            _log.warning(
                "%s lacks looks of this training: %d were dropped, %d refused and %d not sent "
                "before it ended.",
                self._address.site,
                self._lost["dropped"],
                self._lost["refused"],
                unsent,
            )

    def run(self) -> None:
        """Send until all is said."""
        failed = 0
        while self._wait(failed):
            try:
                over = self._say()
                failed = 0
                self._tell_back()
            except (Unanswered, Refused) as fault:
                over = False
                failed += 1
                self._most_bytes = None
                self._tell(fault)
            except Exception:
                _log.warning("the training is no longer streamed; it goes on", exc_info=True)
                over = True
            self.greeted.set()
            if over:
                return

    def _wait(self, failed: int) -> bool:
        """Wait until it is time to say something; false where nobody waits for it any more."""
        with self._changed:
            if failed:
                pause = min(FIRST_PAUSE_S * 2 ** min(failed - 1, 16), LONGEST_PAUSE_S)
                deadline = time.monotonic() + pause
                self._changed.wait_for(lambda: self._ending, pause)
                left = min(deadline - time.monotonic(), FIRST_PAUSE_S)
                self._changed.wait_for(lambda: self._closed, max(0.0, left))
            elif self._most_bytes is not None:
                self._changed.wait_for(lambda: self._looks or self._ending, HEARTBEAT_S)
            # Of a site that is away nobody takes leave.
            return not (self._closed or (failed and self._ending and not self._looks))

    def _say(self) -> bool:
        """Say the next thing; whether it was the last.

        A greeting without a body comes first, and again after each fault: a server that refuses
        may not read a long body to its end, and then its answer would be lost.
        """
        with self._changed:
            look = self._looks[0] if self._looks else None
            last = look is None and self._ending
        if look is None or self._most_bytes is None:
            taken = self._post(b"", end=last)
            self._most_bytes = taken.most_bytes
            return last
        try:
            if len(look) > self._most_bytes:
                size = f"{len(look):,} bytes, and the site takes {self._most_bytes:,} at most"
                raise Refused(413, f"A look has {size}; capture less or ask its operator.")
            self._post(look)
            self._append = True
        except Refused as fault:
            if fault.status not in _OF_THE_LOOK:
                raise
            if self._lost["refused"] == 0:
                _log.warning("%s refuses a look: %s", self._address.site, fault)
            self._lost["refused"] += 1
        self._remove(look)
        return False

    def _post(self, body: bytes, *, end: bool = False) -> Taken:
        taken = self._address.post(body, self._training, append=self._append, end=end)
        self.refused = None
        return taken

    def _remove(self, look: bytes) -> None:
        with self._changed:
            # The queue may have let go of it meanwhile.
            if self._looks and self._looks[0] is look:
                self._looks.popleft()
                self._bytes -= len(look)

    def _tell(self, fault: Unanswered | Refused) -> None:
        self.refused = fault if isinstance(fault, Refused) else None
        said = f"refuses: {fault}" if self.refused else f"cannot be reached ({fault})."
        if said != self._told:
            self._told = said
            _log.warning("%s %s The training goes on.", self._address.site, said)

    def _tell_back(self) -> None:
        if self._told:
            self._told = ""
            _log.warning("%s takes the training's looks.", self._address.site)
