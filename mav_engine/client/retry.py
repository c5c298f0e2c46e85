"""How often and after which pauses a client tries again."""

from __future__ import annotations

import random
from dataclasses import dataclass

_JITTER = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Retry:
    """Attempts in a row without a new token, and the pauses between them.

    The pauses double, each shortened at random by up to a half, so that clients that a server has
    lost at once do not come back at once.
    """

    attempts: int = 6
    """Most requests in a row that bring nothing new; 1 tries once."""
    first_s: float = 0.5
    """Longest first pause in seconds."""
    longest_s: float = 30.0
    """Longest pause in seconds. If the server asks for a longer one, its error is raised."""

    def pause(self, failures: int, asked_s: float | None = None) -> float | None:
        """Seconds to wait before the next attempt; None if there should be none.

        Args:
            failures: attempts in a row that failed, from 1.
            asked_s: the pause for which the server asked.
        """
        if failures >= self.attempts or (asked_s or 0) > self.longest_s:
            return None
        longest = min(self.longest_s, self.first_s * 2.0 ** (failures - 1))
        return max(asked_s or 0, longest * _JITTER.uniform(0.5, 1))
