"""Checks settings against a loaded model, and translates them into its token ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mav_engine.contract.events import ModelInfo
from mav_engine.errors import InvalidSettings, PromptTooLong, ResumeRefused
from mav_engine.faults import refused_for
from mav_engine.generation.resume_token import Unfinished
from mav_engine.settings import RunSettings
from mav_engine.text.plain_chat import TURN_STARTS
from mav_engine.wording import shown

if TYPE_CHECKING:
    from mav_engine.backends import Backend


def check_same_model(before: Unfinished, backend: Backend) -> None:
    """Refuse to continue a run of another model.

    Raises:
        ResumeRefused: the fingerprints differ.
    """
    if before.fingerprint != backend.fingerprint:
        raise ResumeRefused(
            f"resume is of a run of another model: the weights, tokenizer or dtype of "
            f"{backend.info.name} have changed. Start a new run.",
            field="resume",
        )


def check_forced(settings: RunSettings, info: ModelInfo) -> None:
    """Refuse forced ids that the model does not have.

    Raises:
        InvalidSettings: the detail names the first of them.
    """
    if info.vocabulary is None:
        return
    for place, token_id in enumerate(settings.forced_ids):
        if token_id >= info.vocabulary:
            raise InvalidSettings(
                f"forced_ids[{place}] is {token_id}, but {info.name} has the ids 0 to "
                f"{info.vocabulary - 1}.",
                field="forced_ids",
            )


def check_no_texts(settings: RunSettings, info: ModelInfo) -> None:
    """Refuse texts of tokens where a model has ids.

    Raises:
        InvalidSettings
    """
    if settings.forced_texts:
        raise InvalidSettings(
            f"forced_texts are for models of chat servers. {info.name} has ids of tokens: give "
            "them as forced_ids; /api/tokenize has the ids of a text.",
            field="forced_texts",
        )


def check_embedded(ids: Sequence[int], backend: Backend, field: str) -> None:
    """Refuse tokens for which the model has no embedding, though its tokenizer knows them.

    Raises:
        InvalidSettings: the detail names the first of them.
    """
    vocabulary = backend.info.vocabulary
    if vocabulary is None or max(ids, default=0) < vocabulary:
        return
    position, token_id = next(each for each in enumerate(ids) if each[1] >= vocabulary)
    raise InvalidSettings(
        f"Token {position} of the {field} is {shown(backend.vocabulary.label(token_id))} (id "
        f"{token_id}), but {backend.info.name} has embeddings only for the ids 0 to "
        f"{vocabulary - 1}: its tokenizer has more tokens than the model. Leave the token out, or "
        "enlarge the model with resize_token_embeddings(len(tokenizer)) and save it again.",
        field=field,
    )


def stops_of(settings: RunSettings, backend: Backend) -> tuple[frozenset[int], list[str]]:
    """The ids of stop strings that are special tokens, and all stop strings.

    Without a chat template a conversation also stops at the start of the next turn.
    """
    special = backend.vocabulary.special
    ids = frozenset(special[text] for text in settings.stop if text in special)
    plain = settings.messages is not None and not backend.info.chat_template
    return ids, [*settings.stop, *(TURN_STARTS if plain else ())]


def eos_ids_of(settings: RunSettings, backend: Backend) -> Collection[int]:
    """The ids that end the text: in a conversation also those that end a turn."""
    if settings.messages is None:
        return backend.eos_ids
    with refused_for("messages", f"The tokenizer of {backend.info.name}"):
        ids: Collection[int] = getattr(backend, "chat_eos_ids", backend.eos_ids)
        return ids


def prompt_ids_of(settings: RunSettings, backend: Backend) -> list[int]:
    """The ids of the prompt or of the rendered conversation.

    Raises:
        InvalidSettings: there are none, the model has no embedding for one, or the messages are
            in the wrong order.
        PromptTooLong: with the forced ids they leave no room for a token.
    """
    field = "prompt" if settings.messages is None else "messages"
    with refused_for(field, f"The tokenizer of {backend.info.name}"):
        if settings.messages is not None:
            ids = backend.encode_messages(settings.messages)
        else:
            ids = backend.encode_prompt(settings.prompt or "")
    if not ids:
        raise InvalidSettings(
            f"{backend.info.name} finds no token in the {field}; give some text.", field=field
        )
    check_embedded(ids, backend, field)
    context = backend.info.context
    needed = len(ids) + max(1, len(settings.forced_ids))
    if context is not None and needed > context:
        forced = f" and {len(settings.forced_ids)} in forced_ids" if settings.forced_ids else ""
        raise PromptTooLong(
            f"There are {len(ids)} tokens in the {field}{forced}, but the context of "
            f"{backend.info.name} holds {context}, of which one must be left for the answer. "
            f"Shorten the {field} by at least {needed - context} tokens.",
            field=field,
        )
    return ids
