"""The ids that end a text, as `generate()` takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mav_engine.errors import UnusableModel
from mav_engine.wording import shown


def eos_ids(stated: Any, of_tokenizer: int | None, vocabulary: int) -> frozenset[int]:
    """The ids of the generation config, or else of the tokenizer.

    Args:
        stated: eos_token_id of the generation config.
        of_tokenizer: the id of the tokenizer's end-of-text.
        vocabulary: the number of ids.

    Raises:
        UnusableModel: `stated` is not an id or a list of ids.
    """
    given = of_tokenizer if stated is None else stated
    ids = [] if given is None else given if isinstance(given, list | tuple) else [given]
    if any(type(each) is not int for each in ids):
        raise UnusableModel(
            "eos_token_id of the generation config (generation_config.json) must be a token id or "
            f"a list of token ids, not {shown(given)}. Correct it or leave it out.",
            field="model",
        )
    return known_ids(ids, vocabulary)


def known_ids(ids: Iterable[int], vocabulary: int) -> frozenset[int]:
    """The ids within the vocabulary. Some configurations contain -1 or ids of a larger
    vocabulary."""
    return frozenset(each for each in ids if 0 <= each < vocabulary)
