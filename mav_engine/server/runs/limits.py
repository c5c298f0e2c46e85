"""The server's limits for settings, prompts and texts."""

from __future__ import annotations

from mav_engine.backends import Backend
from mav_engine.backends.chat_server.chat_model import ChatModel
from mav_engine.config import ServerConfig
from mav_engine.contract.events import TokenRef
from mav_engine.errors import InvalidSettings, PromptTooLong
from mav_engine.running.chat_run import PreparedChatRun
from mav_engine.running.prepare import PreparedRun
from mav_engine.settings import RunSettings


def within_limits(settings: RunSettings, config: ServerConfig, default_model: str) -> RunSettings:
    """Apply this server's defaults and check its limits.

    Values in the request are never changed.

    Raises:
        InvalidSettings: max_new_tokens exceeds the limit.
        PromptTooLong: the text has too many characters.
    """
    check_characters(settings, config.prompt_characters)
    limit = config.max_new_tokens
    named = settings.model_fields_set
    if "max_new_tokens" in named and settings.max_new_tokens > limit:
        raise InvalidSettings(
            f"max_new_tokens is {settings.max_new_tokens}, but this server allows at most "
            f"{limit}; give 1 to {limit}.",
            field="max_new_tokens",
        )
    defaults: dict[str, object] = {}
    if default_model and "model" not in named and settings.resume is None:
        defaults["model"] = default_model
    # A resumed run has its own length, which `resolve` limits.
    if settings.max_new_tokens > limit and settings.resume is None:
        defaults["max_new_tokens"] = limit
    if not defaults:
        return settings
    return RunSettings(**{**settings.model_dump(exclude_unset=True), **defaults})


def check_characters(settings: RunSettings, limit: int) -> None:
    """Check the length of a text before tokenization.

    Raises:
        PromptTooLong: it has more than `limit` characters.
    """
    check_text("forced_texts", sum(map(len, settings.forced_texts)), limit)
    if settings.messages is None:
        check_text("prompt", len(settings.prompt or ""), limit)
    else:
        length = sum(len(each.role) + len(each.content) for each in settings.messages)
        check_text("messages", length, limit)


def check_text(field: str, length: int, limit: int) -> None:
    """Check the length of a text.

    Raises:
        PromptTooLong: it has more than `limit` characters.
    """
    if length > limit:
        raise PromptTooLong(
            f"There are {length} characters in the {field}, but this server allows at most {limit} "
            f"(MAV_MAX_PROMPT_CHARACTERS). Shorten the {field} by at least {length - limit} "
            "characters.",
            field=field,
        )


def tokenize_within(backend: Backend | ChatModel, text: str, limit: int) -> list[TokenRef]:
    """The tokens of a text.

    Raises:
        PromptTooLong: there are more than `limit`.
        InvalidSettings: the chat server of the model does not tokenize texts.
    """
    if isinstance(backend, ChatModel):
        tokens = backend.prompt_tokens(RunSettings(model=backend.name, prompt=text)) if text else []
        if text and not tokens:
            raise InvalidSettings(
                f"{backend.server.name} ({backend.title}) does not tokenize texts. Choose a model "
                "of this server.",
                field="model",
            )
        count = len(tokens)
    else:
        ids = backend.vocabulary.encode(text, special=False)
        count = len(ids)
    if count > limit:
        raise PromptTooLong(
            f"The text has {count} tokens, but this server allows at most {limit} "
            "(MAV_MAX_PROMPT_TOKENS); send it in parts.",
            field="text",
        )
    return tokens if isinstance(backend, ChatModel) else backend.vocabulary.token_refs(ids)


def check_prompt(prepared: PreparedRun | PreparedChatRun, limit: int) -> None:
    """Check the number of tokens of a prompt.

    Raises:
        PromptTooLong: there are more than `limit`.
    """
    field = "prompt" if prepared.settings.messages is None else "messages"
    length = len(prepared.prompt_ids)
    if length > limit:
        raise PromptTooLong(
            f"There are {length} tokens in the {field}, but this server allows at most {limit}. "
            f"Shorten the {field} by at least {length - limit} tokens.",
            field=field,
        )
