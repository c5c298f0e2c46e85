"""A model's chat template: renders conversations, and finds the token that ends a turn.

Templates may silently omit content of an unexpected form. So each rendering is checked: a second
rendering, with a number in place of each content, shows whether the text contains every message.
Missing messages are passed as a list of parts, which some templates require. If that fails, the
conversation is refused.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from threading import BoundedSemaphore
from typing import Any

from mav_engine.errors import InvalidSettings
from mav_engine.settings import Message
from mav_engine.text.chat_templates.rendering import RenderingFailed, render
from mav_engine.wording import shortened, shown

_FIELD = "messages"
_AT_ONCE = 2
"""Most simultaneous renderings per model, so that a slow template blocks no other model."""
_PAUSE_S = 30.0
"""Seconds before a template that exceeded the time limit is tried again."""
_PARTS = ("'type': 'text'", '"type": "text"')
"""How a list of parts appears if a template prints it unchanged."""
_END_OF_REASONING = "</think>"


class ChatTemplate:
    """Renders conversations as `apply_chat_template` does.

    Args:
        source: the Jinja template.
        variables: variables other than messages, such as the texts of special tokens.
        model: the model's name, for errors.
    """

    def __init__(self, source: str, variables: Mapping[str, Any], model: str) -> None:
        self._source = source
        self._variables = {**variables, "tools": None, "documents": None}
        self._model = model
        self._places = BoundedSemaphore(_AT_ONCE)
        self._failed: tuple[float, str] | None = None
        """Monotonic time and reason of the last failed rendering."""

    @classmethod
    def of(cls, tokenizer: Any, model: str) -> ChatTemplate | None:
        """The template of a transformers tokenizer; None if it has none."""
        if not tokenizer.chat_template:
            return None
        named = tokenizer.chat_template
        if isinstance(named, dict):
            # The choice of transformers without tools.
            named = named.get("default")
        return cls(str(named or ""), tokenizer.special_tokens_map, model)

    def text(self, messages: Sequence[Message]) -> str:
        """The text of a conversation, up to the start of the assistant's turn.

        Raises:
            InvalidSettings: the template raises an error, exceeds the time limit, or omits a
                message, which the detail names (field "messages").
        """
        if not self._source:
            raise self._refused("there is no template named default among its templates")
        first = _Attempt(messages, frozenset())
        tried = self._tried(first)
        if tried.text is not None and not tried.missing:
            return tried.text
        everything = frozenset(range(len(messages)))
        for parts in dict.fromkeys([tried.missing or everything, everything]):
            other = self._tried(_Attempt(messages, parts))
            if other.text is not None and not other.missing and not other.prints_parts:
                return other.text
        if tried.text is None:
            roles = ", ".join(message.role for message in messages)
            raise self._refused(f"{tried.detail}. The roles given were {shortened(roles, 200)}")
        place = min(tried.missing)
        raise InvalidSettings(
            f"messages[{place}].content is {shown(messages[place].content)}, but the chat "
            f"template of {self._model} omits it. Remove this message of the role "
            f"{shown(messages[place].role)}, move its text to another message, or give the whole "
            "text as prompt.",
            field=_FIELD,
        )

    def turn_ends(self, special: Iterable[str]) -> list[str]:
        """The special token that the template writes after an assistant's turn, if it does."""
        mark = _number()
        turns = [
            {"role": "user", "content": _number()},
            {"role": "assistant", "content": mark},
        ]
        try:
            answer = self._rendered([turns], begin_reply=False)[0]
        except InvalidSettings:
            return []
        after = answer.get("text", "").rpartition(mark)[2].lstrip()
        found = [each for each in special if each and after.startswith(each)]
        return [max(found, key=len)] if found else []

    def _tried(self, attempt: _Attempt) -> _Tried:
        own, marked = self._rendered([attempt.own, attempt.marked])
        if "text" not in own:
            # The message of raise_exception is shown unchanged.
            kind = "" if own["error"] == "TemplateError" else f"{own['error']}: "
            detail = f"{kind}{own['detail']}".rstrip(".: ")
            return _Tried(None, frozenset(), detail or "it gives no reason")
        text = own["text"]
        missing = attempt.missing(text, marked.get("text"))
        if missing:
            # The content may be escaped or changed to upper case, if both of its ends are present.
            around = self._rendered([attempt.around])[0].get("text", "")
            missing = attempt.without_ends(around, missing)
        prints = any(sign in text and not attempt.contain(sign) for sign in _PARTS)
        return _Tried(text, missing, "", prints)

    def _rendered(
        self,
        conversations: Sequence[Sequence[dict[str, Any]]],
        *,
        begin_reply: bool = True,
    ) -> list[dict[str, str]]:
        variables = {**self._variables, "add_generation_prompt": begin_reply}
        with self._places:
            if self._failed is not None and time.monotonic() - self._failed[0] < _PAUSE_S:
                raise self._unrendered(self._failed[1])
            try:
                return render(self._source, variables, conversations)
            except RenderingFailed as error:
                self._failed = time.monotonic(), str(error)
                raise self._unrendered(str(error)) from None

    def _unrendered(self, why: str) -> InvalidSettings:
        return InvalidSettings(
            f"The chat template of {self._model} cannot be rendered: {why}. Give the whole text as "
            "prompt, or correct the template in the model's files.",
            field=_FIELD,
        )

    def _refused(self, why: str) -> InvalidSettings:
        return InvalidSettings(
            f"The chat template of {self._model} refuses this conversation: {why}.", field=_FIELD
        )


class _Tried:
    """The result of a rendering."""

    def __init__(
        self,
        text: str | None,
        missing: frozenset[int],
        detail: str,
        prints_parts: bool = False,
    ) -> None:
        self.text = text
        self.missing = missing
        self.detail = detail
        self.prints_parts = prints_parts


class _Attempt:
    """A conversation with the contents of some messages as lists of parts."""

    def __init__(self, messages: Sequence[Message], parts: frozenset[int]) -> None:
        self._messages = messages
        self._parts = parts
        self._marks = {
            place: _number() for place, each in enumerate(messages) if each.content.strip()
        }

    @property
    def own(self) -> list[dict[str, Any]]:
        """The messages."""
        return self._with({})

    @property
    def marked(self) -> list[dict[str, Any]]:
        """The messages with a number in place of each content."""
        return self._with(self._marks)

    @property
    def around(self) -> list[dict[str, Any]]:
        """The messages with a number before and after each content."""
        contents = {
            place: f"{mark}1 {self._messages[place].content} {mark}2"
            for place, mark in self._marks.items()
        }
        return self._with(contents)

    def missing(self, text: str, marked: str | None) -> frozenset[int]:
        """The messages whose content is not in the text."""
        squeezed = _squeezed(text)
        return frozenset(
            place
            for place, mark in self._marks.items()
            if not _stands(self._messages[place], squeezed)
            # Omitted regardless of its content, which stands elsewhere in the text.
            or (marked is not None and mark not in marked)
        )

    def without_ends(self, around: str, places: frozenset[int]) -> frozenset[int]:
        """The messages among `places` whose beginning or end is not in the text."""
        return frozenset(
            place
            for place in places
            if f"{self._marks[place]}1" not in around or f"{self._marks[place]}2" not in around
        )

    def contain(self, text: str) -> bool:
        """Whether a message contains this text."""
        return any(text in message.content for message in self._messages)

    def _with(self, contents: Mapping[int, str]) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = []
        for place, message in enumerate(self._messages):
            content: Any = contents.get(place, message.content)
            if place in self._parts:
                content = [{"type": "text", "text": content}]
            turns.append({**message.model_dump(), "content": content})
        return turns


def _stands(message: Message, squeezed: str) -> bool:
    """Whether a text contains a content, ignoring white space and the reasoning of a reply."""
    content = message.content
    if message.role == "assistant":
        content = content.rpartition(_END_OF_REASONING)[2]
    return _squeezed(content) in squeezed


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _number() -> str:
    """Digits that no conversation contains by chance and no template changes."""
    return str(10**15 + secrets.randbelow(9 * 10**15))
