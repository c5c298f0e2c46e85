"""What the operator allows a run to be."""

from __future__ import annotations

from api.operator_settings import OperatorSettings
from mav_engine.errors import InvalidSettings, PromptTooLong
from mav_engine.running import PreparedRun
from mav_engine.settings import RunSettings


def within_limits(
    settings: RunSettings, operator: OperatorSettings, default_model: str
) -> RunSettings:
    """The settings with this server's defaults where the request names none.

    What the request names is never changed: it is allowed, or refused.

    Raises:
        InvalidSettings: more tokens are wanted than the operator allows.
    """
    limit = operator.max_new_tokens
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


def check_prompt(prepared: PreparedRun, limit: int) -> None:
    """Refuse a prompt that is longer than the operator allows.

    Raises:
        PromptTooLong: it is.
    """
    field = "prompt" if prepared.settings.messages is None else "messages"
    length = len(prepared.prompt_ids)
    if length > limit:
        raise PromptTooLong(
            f"The {field} has {length} tokens, but this server reads at most {limit}; shorten it "
            f"by at least {length - limit} tokens.",
            field=field,
        )
