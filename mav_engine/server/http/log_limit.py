"""A limit on how often the same message is logged, so that clients cannot fill the disk."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

BURST = 10
"""Most records of one message in a minute."""
PERIOD_S = 60.0
MESSAGES = 256
"""Most messages that are counted at the same time."""


@dataclass(slots=True)
class _Count:
    since: float
    records: int = 0


class RateLimit(logging.Filter):
    """Drops records of a message that was logged often in the last minute.

    The next record says how many were dropped. Messages are equal if logger, level and the first
    line of the text, before formatting, are equal.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._counts: OrderedDict[tuple[str, int, str], _Count] = OrderedDict()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is logged. What `info` asks for is not counted."""
        if record.levelno < logging.WARNING:
            return True
        key = record.name, record.levelno, str(record.msg).partition("\n")[0][:80]
        with self._lock:
            now = self._clock()
            count = self._counts.get(key)
            dropped = 0
            if count is None or now - count.since >= PERIOD_S:
                dropped = max(count.records - BURST, 0) if count is not None else 0
                count = self._counts[key] = _Count(now)
                while len(self._counts) > MESSAGES:
                    self._counts.popitem(last=False)
            self._counts.move_to_end(key)
            count.records += 1
            allowed = count.records <= BURST
        if dropped:
            message = f"{record.getMessage()} (and {dropped} more like it before)"
            record.msg, record.args = message, None
        return allowed
