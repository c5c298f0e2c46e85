"""Conversations: by the model's own template, or the plain one that the schema documents."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM, AutoTokenizer

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.events import Event, Token
from mav_engine.errors import InvalidSettings
from mav_engine.settings import Message
from mav_engine.text.chat_templates import ChatTemplate, rendering
from mav_engine.text.chat_templates.rendering import render
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
    (Path(folder) / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
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


PLAIN = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
OF_PARTS = """{% for m in messages %}{{ m.role }}: {% for part in m.content -%}
{% if part.type == 'text' %}{{ part.text }}{% endif %}{%- endfor %}{{ '\\n' }}{% endfor %}"""


def text_of(source: str, *messages: dict[str, str], **variables: str) -> str:
    template = ChatTemplate(source, variables, "model")
    return template.text([Message(**each) for each in messages])


@pytest.mark.parametrize(
    "source",
    [
        OF_PARTS,
        "{% for m in messages %}{{ m.role }}: {{ m.content[0]['text'] }}\n{% endfor %}",
        "{% for m in messages %}{{ m.role }}: "
        "{{ (m.content | selectattr('type', 'equalto', 'text') | first).text }}\n{% endfor %}",
        # Parts of the user only, text of the others.
        "{% for m in messages %}{{ m.role }}: {% if m.role == 'user' %}{{ m.content[0].text }}"
        "{% else %}{{ m.content }}{% endif %}{{ '\\n' }}{% endfor %}",
        # A template that takes both is given text.
        "{% for m in messages %}{{ m.role }}: {{ m.content if m.content is string else 'parts' }}\n"
        "{% endfor %}",
        PLAIN,
    ],
)
def test_content_is_given_in_the_form_that_a_template_takes(source: str) -> None:
    said = {"role": "user", "content": "user"}
    assert text_of(source, SYSTEM, said, ASSISTANT, USER).splitlines() == [
        "system: Be kind.",
        "user: user",
        "assistant: Hello.",
        "user: Hi",
    ]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}", 0),
        ("{{ messages[0].content }} {{ messages[-1].content }}", 1),
        ("{% for m in messages %}{{ m.role }}: {{ m.content[:5] }}{% endfor %}", 0),
        ("{% for m in messages %}{{ m.text }}{% endfor %}", 0),
    ],
)
def test_a_message_that_a_template_drops_is_named(source: str, place: int) -> None:
    last = {"role": "user", "content": "user"}
    with pytest.raises(
        InvalidSettings, match=rf"messages\[{place}\]\.content is '.*model"
    ) as caught:
        text_of(source, SYSTEM, ASSISTANT, last)
    assert caught.value.field == "messages"


@pytest.mark.parametrize(
    ("source", "content", "expected"),
    [
        ("{{ messages[-1].content | trim }}", "  Hi\n", "Hi"),
        ("{{ messages[-1].content | upper }}", "Hi there", "HI THERE"),
        ("{{ messages[-1].content | tojson }}", 'a "b"\n', '"a \\"b\\"\\n"'),
        ("{{ messages[-1].content | replace('<|', '< |') }}", "a <|b|> c", "a < |b|> c"),
        ("{{ messages[-1].content | e }}", "a < b", "a &lt; b"),
        (PLAIN, "{'type': 'text'}", "user: {'type': 'text'}\n"),
    ],
)
def test_content_may_be_changed_by_a_template(source: str, content: str, expected: str) -> None:
    assert text_of(source, {"role": "user", "content": content}) == expected


def test_earlier_reasoning_may_be_left_out() -> None:
    source = "{% for m in messages %}{{ m.content.split('</think>')[-1] }}|{% endfor %}"
    thought = {"role": "assistant", "content": "<think>It is hot.</think>Hello."}
    assert text_of(source, USER, thought, USER) == "Hi|Hello.|Hi|"
    only_thought = {"role": "assistant", "content": "<think>It is hot.</think>"}
    assert text_of(source, USER, only_thought, USER) == "Hi||Hi|"


def test_a_template_is_rendered_as_transformers_renders_it() -> None:
    sources = [
        TEMPLATE.replace("<|endoftext|>", "{{ bos_token }}"),
        PLAIN,
        "{% for m in messages %}\n  {% if loop.first %}one{% endif %}\n{{ m.content }}{% endfor %}",
        "{% for m in messages %}{% generation %}{{ m.content }}!{% endgeneration %}{% endfor %}",
        "{{ messages | tojson(indent=2) }}{{ 'é<' | tojson }}",
        "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}{{ m.content }}"
        "{% endfor %}",
        "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}"
        "{{ ns.n }}{{ dict(a=1) }}{{ dict.fromkeys('ab', 1) }}{{ strftime_now('%Y') }}",
        "{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}{{ eos_token }}"
        "{{ unknown }}{{ messages[0].keys() | list }}",
        "{% macro say(m) %}[{{ m.role }}] {{ m.content }}{% endmacro %}"
        "{% for m in messages %}{{ say(m) }}{% endfor %}",
    ]
    messages = [USER, ASSISTANT, {"role": "user", "content": "é 😀 \u2028 'quoted'"}]
    for source in sources:
        tokenizer = AutoTokenizer.from_pretrained(EMBEDDED)
        tokenizer.chat_template = source
        expected = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        variables = {**tokenizer.special_tokens_map, "add_generation_prompt": True}
        variables |= {"tools": None, "documents": None}
        assert render(source, variables, [messages]) == [{"text": expected}]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ '{}'.format() }}{{ messages[0].content }}", "IndexError"),
        ("{{ raise_exception('Not today.') }}", "conversation: Not today"),
        ("{{ messages[0].content }}{% if", "TemplateSyntaxError"),
        ("{{ 1 // 0 }}", "ZeroDivisionError"),
        ("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "RecursionError"),
        ("{{ ''.__class__.__mro__ }}", "SecurityError"),
        ("{{ 'a' * 10 ** 10 }}", "MemoryError|memory or time"),
        ("{{ 'a' | center(10 ** 10) }}", "MemoryError|memory or time"),
        ("{{ 'x' * 5000000 }}", "more than 4000000 characters"),
        ("{% for i in range(99999) %}{{ 'abc' * 1000 }}{% endfor %}", "more than 4000000"),
    ],
)
def test_what_a_template_raises_is_said(source: str, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said) as caught:
        text_of(source, USER)
    assert caught.value.field == "messages"
    assert text_of(PLAIN, USER) == "user: Hi\n"


def test_a_template_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mav_engine.text.chat_templates.rendering.MAX_SECONDS", 1)
    endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    template = ChatTemplate(endless, {}, "model")
    for _ in range(2):  # the second is refused at once
        with pytest.raises(InvalidSettings, match="took longer than 1 seconds"):
            template.text([Message(**USER)])
    assert text_of(PLAIN, USER) == "user: Hi\n"


def processes() -> set[int]:
    """The processes that wait for conversations."""
    return {each._process.pid for each in rendering._idle}


def test_no_template_affects_the_conversations_of_another_model() -> None:
    """What a template allocates may stay in its process, until that has no memory left."""
    rendering._end_all()
    assert text_of(PLAIN, USER) == "user: Hi\n"
    first = processes()
    assert text_of(f"{PLAIN}{{# another model #}}", USER) == "user: Hi\n"
    assert len(first) == 1
    assert len(processes()) == 2
    assert text_of(PLAIN, USER) == "user: Hi\n"
    assert first < processes()
    assert len(processes()) == 2


def test_a_process_that_ran_out_of_memory_renders_nothing_more() -> None:
    source = f"{{% if messages[0].content == 'much' %}}{{{{ [1] * 10**10 }}}}{{% endif %}}{PLAIN}"
    rendering._end_all()
    assert text_of(source, USER) == "user: Hi\n"
    exhausted = processes()
    with pytest.raises(InvalidSettings, match=r"MemoryError|memory or time"):
        text_of(source, {"role": "user", "content": "much"})
    assert not exhausted & processes()
    assert text_of(source, USER) == "user: Hi\n"


CHATML = """{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


@pytest.fixture(scope="session")
def chatml(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The embedded model with ChatML, whose end of a turn only the template names."""
    folder = tmp_path_factory.mktemp("chatml") / "chatml"
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED)
    model = AutoModelForCausalLM.from_pretrained(EMBEDDED)
    marks = [AddedToken(each, special=True) for each in ("<|im_start|>", "<|im_end|>", "<|eot|>")]
    tokenizer.add_tokens(marks)
    tokenizer.eos_token = "<|eot|>"
    tokenizer.chat_template = CHATML
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Case("chatml", folder)


def test_a_reply_ends_at_every_end_of_text_that_the_model_has(chatml: Case) -> None:
    backend = chatml.backend
    ids = {each: chatml.tokenizer.convert_tokens_to_ids(each) for each in ("<|im_end|>", "<|eot|>")}
    end = chatml.reference.generation_config.eos_token_id
    assert set(backend.eos_ids) == {end}
    assert set(backend.chat_eos_ids) == {end, *ids.values()}
    for token_id in backend.chat_eos_ids:
        said = [*backend.vocabulary.encode(" a", special=False), token_id]
        given: dict[str, Any] = {"forced_ids": said, "max_new_tokens": 9, "top_k": 1}
        assert chat(backend, USER, **given)[-1].reason == "eos"
        # A text that is continued ends as generate() ends it.
        continued = list(run(RunSettings(prompt="Hi", **given), backend=backend))[-1]
        assert (continued.reason == "eos") == (token_id == end)


def test_an_end_of_turn_is_held_back_like_an_end_of_text(chatml: Case) -> None:
    ends = chatml.backend.chat_eos_ids
    events = chat(chatml.backend, USER, min_new_tokens=3, max_new_tokens=3, top_n=100)
    rows = [row for event in events if isinstance(event, Token) for row in event.top or []]
    assert all(row.cut_by == "min_new_tokens" for row in rows if row.id in ends)
