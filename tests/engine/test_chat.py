"""Conversations: by the model's own template, or the plain one that the schema documents."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.errors import InvalidSettings
from mav_engine.events import Event, Token
from tests.engine.conftest import EMBEDDED, Case

TEMPLATE = """{%- for message in messages -%}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}
{{- raise_exception('Roles must alternate user/assistant') -}}
{%- endif -%}
{{- '<|endoftext|>[' + message.role + '] ' + message.content -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|endoftext|>[assistant] ' -}}{%- endif -%}"""

USER = {"role": "user", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be kind."}
ASSISTANT = {"role": "assistant", "content": "Hello."}


@pytest.fixture(scope="session")
def templated(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The embedded model with a chat template beside its tokenizer."""
    folder = tmp_path_factory.mktemp("chat") / "templated"
    shutil.copytree(EMBEDDED, folder)
    (Path(folder) / "chat_template.jinja").write_text(TEMPLATE)
    return Case("templated", Path(folder))


def chat(backend: Backend, *messages: dict[str, str], **settings: Any) -> list[Event]:
    return list(run(RunSettings(messages=list(messages), **settings), backend=backend))


def prompt_of(events: list[Event]) -> str:
    return "".join(token.text for token in events[1].tokens)


def test_the_models_own_template_is_used(templated: Case) -> None:
    assert templated.backend.info.chat_template is True
    messages = [USER, ASSISTANT, {"role": "user", "content": "A story"}]
    events = chat(templated.backend, *messages, max_new_tokens=2)
    expected = templated.tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    assert [token.id for token in events[1].tokens] == expected["input_ids"]
    assert prompt_of(events).endswith("[user] A story<|endoftext|>[assistant] ")


def test_what_the_template_refuses_is_told_in_its_words(templated: Case) -> None:
    with pytest.raises(InvalidSettings, match=r"must alternate.*roles given were user, user") as it:
        chat(templated.backend, USER, USER)
    assert it.value.field == "messages"


def test_without_a_template_a_turn_is_a_line(tiny: Backend) -> None:
    events = chat(tiny, SYSTEM, USER, ASSISTANT, USER, max_new_tokens=1)
    lines = ["system: Be kind.", "user: Hi", "assistant: Hello.", "user: Hi", "assistant:"]
    assert prompt_of(events) == "<|endoftext|>" + "\n".join(lines)


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([{**USER, "role": "usr"}], r"messages\[0\].role is 'usr'.*Did you mean user\?"),
        ([{**USER, "role": "tool"}], "system, user, assistant"),
        ([USER, SYSTEM, USER], r"messages\[1\].role is system, which may only come first"),
        ([USER, ASSISTANT], r"messages\[1\].role is assistant.*end with the user's"),
    ],
)
def test_a_role_out_of_its_place_is_named(messages: list[dict[str, str]], told: str) -> None:
    with pytest.raises(InvalidSettings, match=told) as caught:
        chat(FakeBackend(), *messages)
    assert caught.value.field == "messages.role"


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_a_plain_reply_ends_where_another_turn_begins(role: str) -> None:
    backend = FakeBackend()
    said = backend.vocabulary.encode(f" Hello\nyou\n{role}: What", special=False)
    events = chat(backend, USER, forced_ids=said, max_new_tokens=40)
    assert (events[-1].reason, events[-1].text) == ("stop", " Hello\nyou")
    assert "".join(event.text for event in events if isinstance(event, Token)) == " Hello\nyou"


def test_turns_mean_nothing_in_a_prompt_nor_with_a_template(templated: Case) -> None:
    said = templated.backend.vocabulary.encode(" a\nuser: b", special=False)
    given: dict[str, Any] = {"forced_ids": said, "max_new_tokens": len(said)}
    assert chat(templated.backend, USER, **given)[-1].text == " a\nuser: b"
    plain = list(run(RunSettings(prompt="Hi", **given), backend=templated.backend))
    assert plain[-1].text == " a\nuser: b"
