"""When a run ends: the one place that decides it.

A run ends with the first token for which one of these holds. Where several do, the first of the
list is the reason, except that a stop text always is:

1. `stop`, `eos`: the token is a stop id or an end-of-text id, and is not followed by a forced one.
2. `length`: it is the last token that the run may write.
3. `breakpoint`: it meets a breakpoint.
4. the caller's reason: `cancelled`, `deadline`, or that of whoever follows the run.
5. `stop`: the text now contains a stop text.

The caller's reason comes after breakpoints because a resumed run does not check its earlier tokens
again: a deadline must not hide a breakpoint.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mav_engine.contract.events import BreakpointHit, FinishReason
from mav_engine.generation.breakpoint_matcher import BreakpointMatcher
from mav_engine.generation.forced_tokens import ForcedTokens
from mav_engine.text.tokens import StopMatcher, TextStream

if TYPE_CHECKING:
    from mav_engine.breakpoints import Breakpoints
    from mav_engine.generation.prediction import Prediction
    from mav_engine.generation.sampler import Choice
    from mav_engine.text.tokens import Vocabulary


@dataclass(frozen=True, slots=True)
class TokenEnding:
    """The part of the rule that needs a token's id and index only.

    A decoder that computes ahead uses it before the token's text exists.
    """

    stop_ids: Collection[int]
    eos_ids: Collection[int]
    """Ids that end a text."""
    limit: int
    """New tokens at most."""
    forced: ForcedTokens

    def reason(self, token_id: int, index: int) -> FinishReason | None:
        """Why the run ends with new token number `index`; None where it goes on."""
        # A forced token may follow an end of text, as it did where it was first written.
        if token_id in self.stop_ids and self.forced.at(index + 1) is None:
            return "stop"
        if token_id in self.eos_ids and self.forced.at(index + 1) is None:
            return "eos"
        return "length" if index + 1 == self.limit else None


class Ending:
    """The text of a run, and the token with which it ends.

    Args:
        vocabulary: the model's.
        prompt_ids: the prompt.
        written: new tokens of the run that this one continues.
        stop_texts: texts that end the run.
        breakpoints: of the run's settings.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        prompt_ids: Sequence[int],
        written: Sequence[int],
        stop_texts: Sequence[str],
        breakpoints: Breakpoints,
    ) -> None:
        self.reason: FinishReason | None = None
        """Why the run has ended, once it has."""
        self.hits: list[BreakpointHit] = []
        """The breakpoints that the last token has met."""
        self.ids = list(written)
        """All new tokens."""
        self.texts: list[str] = []
        """The text that each token of this run adds."""
        self._vocabulary = vocabulary
        self._stream = TextStream(vocabulary, prompt_ids)
        self._stops = StopMatcher(stop_texts, vocabulary.special)
        texts = [self._stream.push(token_id) for token_id in written]
        self.text_before = "".join(
            self._stops.push(text, special=self._special(token_id))
            for text, token_id in zip(texts, written, strict=True)
        )
        """The text of `written`."""
        self._breakpoints = BreakpointMatcher(breakpoints, written, "".join(texts))

    def add(
        self,
        choice: Choice,
        prediction: Prediction,
        *,
        by_id: FinishReason | None,
        caller: FinishReason | None,
    ) -> str:
        """Add a token, and decide whether the run ends with it.

        Args:
            choice: the token.
            prediction: where it was chosen from.
            by_id: the reason of `TokenEnding`.
            caller: why the caller ends the run with this token; None where it does not.

        Returns:
            The text that it adds, without special tokens and stop texts. Empty while characters
            are incomplete or a stop text may have begun.

        Raises:
            PatternTooSlow: the search for breakpoints takes too long.
        """
        token_id, forced = choice.token_id, choice.forced
        self.ids.append(token_id)
        self.hits = self._breakpoints.token(
            token_id,
            entropy=prediction.entropy,
            probability=math.exp(prediction.logprob(token_id)),
            forced=forced,
        )
        self.reason = by_id or ("breakpoint" if self.hits else None)
        added = self._stream.push(token_id, last=self.reason is not None)
        self.hits += self._breakpoints.text(added, forced=forced)
        if self.reason is None:
            self.reason = "breakpoint" if self.hits else caller
            added += self._stream.rest() if self.reason else ""
        special, last = self._special(token_id), self.reason is not None
        text = self._stops.push(added, special=special, last=last)
        if self._stops.hit:
            self.reason = "stop"
        self.texts.append(text)
        return text

    def _special(self, token_id: int) -> str:
        """The text of a special token, which is not part of the run's text; empty for others."""
        return self._vocabulary.label(token_id) if token_id in self._vocabulary.special_ids else ""
