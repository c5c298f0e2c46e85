"""The plain format of conversations, for models without a chat template.

    system: You are brief.
    user: Who are you?
    assistant:

Each turn is a line `role: content`, followed by the start of the assistant's turn, without special
tokens. The reply ends where the model starts a line with another role.
"""

from __future__ import annotations

from collections.abc import Sequence

from mav_engine.errors import InvalidSettings
from mav_engine.settings import Message
from mav_engine.wording import did_you_mean, shown

PLAIN_ROLES = ("system", "user", "assistant")
TURN_STARTS = tuple(f"\n{role}:" for role in PLAIN_ROLES)
"""Stop strings of a plain conversation, in addition to those of the settings."""


def plain_chat(messages: Sequence[Message]) -> str:
    """The text of a conversation, up to the start of the assistant's turn.

    Raises:
        InvalidSettings: a role is unknown or misplaced; the detail says which.
    """
    for place, message in enumerate(messages):
        _check(place, message, last=place + 1 == len(messages))
    lines = [f"{message.role}: {message.content}" for message in messages]
    return "\n".join([*lines, "assistant:"])


def _check(place: int, message: Message, *, last: bool) -> None:
    where = f"messages[{place}].role"
    if message.role not in PLAIN_ROLES:
        hint = did_you_mean(message.role, PLAIN_ROLES)
        raise _wrong(
            f"{where} is {shown(message.role)}, but for a model without a chat template "
            f"the roles are {', '.join(PLAIN_ROLES)}.{hint}"
        )
    if message.role == "system" and place > 0:
        raise _wrong(f"{where} is system, which may only come first; move it there.")
    if message.role == "assistant" and last:
        raise _wrong(
            f"{where} is assistant, so there is nothing to reply to; end with the user's message, "
            "or use prompt to continue a text."
        )


def _wrong(detail: str) -> InvalidSettings:
    return InvalidSettings(detail, field="messages.role")
