"""Whether settings fit a loaded model, and what they are in its ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mav_engine.chat import TURN_STARTS
from mav_engine.errors import InvalidSettings, PromptTooLong, ResumeRefused
from mav_engine.events import ModelInfo
from mav_engine.resume import Unfinished
from mav_engine.settings import RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend

_SPECIAL_LOOK = re.compile(r"^<\|.*\|>$", re.DOTALL)


def check_same_model(before: Unfinished, backend: Backend) -> None:
    """Refuse to continue what another model wrote.

    Raises:
        ResumeRefused: the fingerprints differ.
    """
    if before.fingerprint != backend.fingerprint:
        raise ResumeRefused(
            f"resume continues a run of another model than this {backend.info.name}: its weights, "
            "tokenizer or number type have changed. Start a new run.",
            field="resume",
        )


def check_forced(settings: RunSettings, info: ModelInfo) -> None:
    """Refuse forced ids that the model does not have.

    Raises:
        InvalidSettings: the detail names the first of them.
    """
    vocabulary = info.vocabulary or 0
    for place, token_id in enumerate(settings.forced_ids):
        if token_id >= vocabulary:
            raise InvalidSettings(
                f"forced_ids[{place}] is {token_id}, but {info.name} has the ids 0 to "
                f"{vocabulary - 1}.",
                field="forced_ids",
            )


def stops_of(settings: RunSettings, backend: Backend) -> tuple[frozenset[int], list[str]]:
    """What ends the run: special tokens by their ids, since their text is not shown; the other
    stop strings, and the turns of a plain conversation, by text.

    Raises:
        InvalidSettings: a stop looks like a special token and is none.
    """
    special = backend.vocabulary.special
    for text in settings.stop:
        if _SPECIAL_LOOK.match(text) and text not in special:
            known = ", ".join(special) or "none"
            raise InvalidSettings(
                f"stop names the token {text}, which {backend.info.name} does not have. Its "
                f"special tokens: {known}.",
                field="stop",
            )
    ids = frozenset(special[text] for text in settings.stop if text in special)
    plain = settings.messages is not None and not backend.info.chat_template
    turns = TURN_STARTS if plain else ()
    return ids, [*(text for text in settings.stop if text not in special), *turns]


def prompt_ids_of(settings: RunSettings, backend: Backend) -> list[int]:
    """The ids of the prompt or of the rendered conversation.

    Raises:
        InvalidSettings: there are none, or a message is out of its place.
        PromptTooLong: they and the forced ids leave no room for a token.
    """
    if settings.messages is not None:
        field, ids = "messages", backend.encode_messages(settings.messages)
    else:
        field, ids = "prompt", backend.encode_prompt(settings.prompt or "")
    if not ids:
        raise InvalidSettings(
            f"{backend.info.name} finds no token in the {field}; give it some text.", field=field
        )
    context = backend.info.context
    needed = len(ids) + max(1, len(settings.forced_ids))
    if context is not None and needed > context:
        forced = f" and {len(settings.forced_ids)} forced" if settings.forced_ids else ""
        raise PromptTooLong(
            f"The {field} has {len(ids)} tokens{forced}, but the context of "
            f"{backend.info.name} holds {context}, of which one must be left for the answer. "
            f"Shorten it by at least {needed - context} tokens.",
            field=field,
        )
    return ids
