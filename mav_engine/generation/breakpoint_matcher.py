"""Checks the breakpoints of a run at each token.

A text or pattern hits when the output contains one more match than before. So a match that grows
with the next token does not hit again, nor does a match in the output before a resume.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from mav_engine.breakpoints import Breakpoints, Pattern, compile_pattern
from mav_engine.contract.events import BreakpointHit, Condition
from mav_engine.errors import PatternTooSlow

MAX_PERIOD = 64
"""Longest group of tokens whose repetition counts as a loop."""
REPEATS = 3
MIN_LOOP = 8
"""Fewest tokens of a loop: short words may be repeated three times without looping."""
WINDOW = 8192
"""Characters at the end of the text that are searched."""
SEARCH_S = 1.0
"""CPU seconds that a search of the window may take; a typical one takes 0.0002."""


class BreakpointMatcher:
    """The breakpoints of one run."""

    def __init__(self, breakpoints: Breakpoints, written: Sequence[int], text: str) -> None:
        """Start after the `written` ids and their text, which are not checked again."""
        self._asked = breakpoints
        self._ids = list(written)
        self._looping = bool(loop_period(self._ids)) if breakpoints.loop else False
        self._matches = MatchCount(breakpoints.text, breakpoints.pattern, text)

    def token(
        self, token_id: int, *, entropy: float, probability: float, forced: bool
    ) -> list[BreakpointHit]:
        """The conditions that this token meets, apart from those on the text."""
        self._ids.append(token_id)
        asked, hits = self._asked, []
        period = loop_period(self._ids) if asked.loop else 0
        began_to_loop, self._looping = period > 0 and not self._looping, period > 0
        if len(self._ids) == asked.after:
            hits.append(BreakpointHit("after", value=asked.after))
        if forced:
            return hits
        if asked.entropy_above is not None and entropy > asked.entropy_above:
            hits.append(BreakpointHit("entropy_above", value=entropy))
        if asked.probability_below is not None and probability < asked.probability_below:
            hits.append(BreakpointHit("probability_below", value=probability))
        if began_to_loop:
            hits.append(BreakpointHit("loop", value=period))
        return hits

    def text(self, added: str, *, forced: bool) -> list[BreakpointHit]:
        """The conditions on the text that this token met.

        Raises:
            PatternTooSlow: the search took longer than `SEARCH_S`.
        """
        hits = self._matches.push(added) if added else []
        return [] if forced else hits


class MatchCount:
    """Counts the matches of a text and a pattern in a growing text."""

    def __init__(self, text: str | None, pattern: str | None, before: str) -> None:
        self._text = text
        self._pattern = None if pattern is None else compile_pattern(pattern)
        self._window = before[-WINDOW:]
        self._seen = self._found()

    def push(self, added: str) -> list[BreakpointHit]:
        """A hit for each of the two that has more matches than before."""
        self._window += added
        found = self._found()
        hits = [
            BreakpointHit(name, found=now[-1])
            for name, now in found.items()
            if len(now) > len(self._seen[name])
        ]
        self._seen = found
        if len(self._window) > WINDOW:
            self._window = self._window[-WINDOW:]
            self._seen = self._found()
        return hits

    def _found(self) -> dict[Condition, list[str]]:
        found: dict[Condition, list[str]] = {}
        if self._text is not None:
            found["text"] = [self._text] * self._window.count(self._text)
        if self._pattern is not None:
            found["pattern"] = _matches(self._pattern, self._window)
        return found


def _matches(pattern: Pattern, text: str) -> list[str]:
    """All matches of a pattern.

    Finding one match takes time linear in the text, but a pattern may match at every character.

    Raises:
        PatternTooSlow: finding all of them takes longer than `SEARCH_S`.
    """
    end = time.thread_time() + SEARCH_S
    found = []
    for match in pattern.finditer(text):
        found.append(match.group())
        if time.thread_time() > end:
            raise PatternTooSlow(
                f"The search for breakpoints.pattern took longer than {SEARCH_S:g} seconds, so "
                "the run stopped here. Simplify the pattern and continue the run.",
                field="breakpoints.pattern",
            )
    return found


def loop_period(ids: Sequence[int]) -> int:
    """Length of the shortest group of tokens that the text has begun to repeat; 0 for none."""
    for period in range(1, min(MAX_PERIOD, len(ids) // REPEATS) + 1):
        length = max(REPEATS * period, MIN_LOOP)
        if length <= len(ids) and all(
            ids[-place] == ids[-place - period] for place in range(1, length - period + 1)
        ):
            return period
    return 0
