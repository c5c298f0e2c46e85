"""The limits that the server sets for settings, prompts and texts."""

from __future__ import annotations

from mav_engine.backends import Backend
from mav_engine.config import ServerConfig
from mav_engine.contract.events import TokenRef
from mav_engine.errors import InvalidSettings, PromptTooLong
from mav_engine.running.prepare import PreparedRun
from mav_engine.settings import RunSettings


def within_limits(settings: RunSettings, config: ServerConfig, default_model: str) -> RunSettings:
    """The settings with this server's defaults where the request names none.

    What the request names is never changed: it is allowed, or refused.

    Raises:
        InvalidSettings: more tokens are wanted than the operator allows.
        PromptTooLong: the text has more characters than the operator allows.
    """
    check_characters(settings, config.prompt_characters)
    limit = config.max_new_tokens
    named = settings.model_fields_set
    if "max_new_tokens" in named and settings.max_new_tokens > limit:
        raise InvalidSettings(
            f"max_new_tokens is {settings.max_new_tokens}, but this server writes at most "
            f"{limit} in a run; ask for 1 to {limit}.",
            field="max_new_tokens",
        )
    defaults: dict[str, object] = {}
    if "model" not in named and settings.resume is None:
        defaults["model"] = default_model
    # A run that is resumed has a length of its own: `take_up` limits what is left of it.
    if settings.max_new_tokens > limit and settings.resume is None:
        defaults["max_new_tokens"] = limit
    if not defaults:
        return settings
    return RunSettings(**{**settings.model_dump(exclude_unset=True), **defaults})


def check_characters(settings: RunSettings, limit: int) -> None:
    """Refuse a text that is too long to be cut into tokens.

    Raises:
        PromptTooLong: it has more characters than `limit`.
    """
    if settings.messages is None:
        check_text("prompt", len(settings.prompt or ""), limit)
    else:
        length = sum(len(each.role) + len(each.content) for each in settings.messages)
        check_text("messages", length, limit)


def check_text(field: str, length: int, limit: int) -> None:
    """Refuse a text of more characters than the operator allows.

    Raises:
        PromptTooLong: `field` names the text.
    """
    if length > limit:
        raise PromptTooLong(
            f"There are {length} characters in the {field}, but this server takes at most {limit} "
            f"(MAV_MAX_PROMPT_CHARACTERS). Shorten the {field} by at least {length - limit} "
            "characters.",
            field=field,
        )


def tokenize_within(backend: Backend, text: str, limit: int) -> list[TokenRef]:
    """The tokens of a text.

    Raises:
        PromptTooLong: they are more than `limit`.
    """
    ids = backend.vocabulary.encode(text, special=False)
    if len(ids) > limit:
        raise PromptTooLong(
            f"The text has {len(ids)} tokens, but this server answers with at most {limit} "
            "(MAV_MAX_PROMPT_TOKENS); send it in parts.",
            field="text",
        )
    return backend.vocabulary.spell(ids)


def check_prompt(prepared: PreparedRun, limit: int) -> None:
    """Refuse a prompt that is longer than the operator allows.

    Raises:
        PromptTooLong: it is.
    """
    field = "prompt" if prepared.settings.messages is None else "messages"
    length = len(prepared.prompt_ids)
    if length > limit:
        raise PromptTooLong(
            f"There are {length} tokens in the {field}, but this server reads at most {limit}. "
            f"Shorten the {field} by at least {length - limit} tokens.",
            field=field,
        )
