"""The answer of /api/tokenize."""

from __future__ import annotations

from mav_engine.contract.events import TokenRef
from mav_engine.parsing.strict import Strict


class TokenizeResult(Strict):
    """The tokens of a text."""

    model: str
    count: int
    """Number of tokens."""
    tokens: list[TokenRef]
    """The tokens. Their texts concatenate to the decoded text; special tokens have their own
    text."""
