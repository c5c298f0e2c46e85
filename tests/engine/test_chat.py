"""Conversations: by the model's own template, or the plain one that the schema documents."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
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
from mav_engine.wording import shortened
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


def test_an_error_that_a_template_raises_is_quoted(templated: Case) -> None:
    with pytest.raises(InvalidSettings, match=r"must alternate.*roles given were user, user") as it:
        chat(templated.backend, USER, USER)
    assert it.value.field == "messages"


def test_without_a_template_a_turn_is_a_line(tiny: Backend) -> None:
    events = chat(tiny, SYSTEM, USER, ASSISTANT, USER, max_new_tokens=1)
    lines = ["system: Be kind.", "user: Hi", "assistant: Hello.", "user: Hi", "assistant:"]
    assert prompt_of(events) == "<|endoftext|>" + "\n".join(lines)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([{**USER, "role": "usr"}], r"messages\[0\].role is 'usr'.*Did you mean user\?"),
        ([{**USER, "role": "tool"}], "system, user, assistant"),
        ([USER, SYSTEM, USER], r"messages\[1\].role is system, which may only come first"),
        ([USER, ASSISTANT], r"messages\[1\].role is assistant.*end with the user's"),
    ],
)
def test_a_misplaced_role_is_named(messages: list[dict[str, str]], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message) as caught:
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
        # Only the user's content as parts.
        "{% for m in messages %}{{ m.role }}: {% if m.role == 'user' %}{{ m.content[0].text }}"
        "{% else %}{{ m.content }}{% endif %}{{ '\\n' }}{% endfor %}",
        # A template that accepts both gets text.
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


def test_a_template_gets_the_variables_of_transformers() -> None:
    source = (
        "{{ messages[0].content }} {{ tools is none }} {{ documents is none }} "
        "{{ add_generation_prompt }} {{ bos_token }} {{ unknown is defined }}"
    )
    assert text_of(source, USER, bos_token="<s>") == "Hi True True True <s> False"


def test_a_template_of_a_tokenizer_is_the_one_named_default() -> None:
    def of(chat_template: Any) -> ChatTemplate | None:
        marks = {"bos_token": "<s>"}
        tokenizer = SimpleNamespace(chat_template=chat_template, special_tokens_map=marks)
        return ChatTemplate.of(tokenizer, "tiny")

    assert of(None) is None
    assert of("") is None
    source = "{{ bos_token }}" + PLAIN
    for given in (source, {"tool_use": "{{ 1 }}", "default": source}):
        template = of(given)
        assert template is not None
        assert template.text([Message(**USER)]) == "<s>user: Hi\n"
    template = of({"tool_use": source})
    assert template is not None
    with pytest.raises(InvalidSettings) as caught:
        template.text([Message(**USER)])
    assert caught.value.detail == (
        "The chat template of tiny refuses this conversation: there is no template named default "
        "among its templates."
    )
    assert caught.value.field == "messages"


MARKS = ("<|im_end|>", "<|im_end|>!", "</s>", "")


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("{% for m in messages %}{{ m.content }}</s>{% endfor %}", ["</s>"]),
        # White space comes first, and the longest token is meant.
        ("{% for m in messages %}{{ m.content }} \n<|im_end|>!</s>{% endfor %}", ["<|im_end|>!"]),
        ("{% for m in messages %}{{ m.content }}.</s>{% endfor %}", []),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", []),
        # The start of a reply is no end of a turn.
        (f"{PLAIN}{{% if add_generation_prompt %}}</s>{{% endif %}}", []),
        ("{% for m in messages %}{{ m.content }}, {{ m.content }}</s>{% endfor %}", ["</s>"]),
        # A template may insist on the roles.
        (
            "{% for m in messages %}{% if m.role != ('user', 'assistant')[loop.index0] %}"
            "{{ raise_exception('Who?') }}{% endif %}{{ m.content }}</s>{% endfor %}",
            ["</s>"],
        ),
        # Only the assistant's turns have an end.
        (
            "{% for m in messages %}{{ m.content }}{{ '</s>' if m.role == 'assistant' else '!' }}"
            "{% endfor %}",
            ["</s>"],
        ),
        ("{% for m in messages if m.role == 'user' %}{{ m.content }}</s>{% endfor %}", []),
        ("{{ raise_exception('No.') }}", []),
        ("{{ '</s>' * 5000000 }}", []),
    ],
)
def test_the_end_of_a_turn_is_what_a_template_writes_after_an_answer(
    source: str, end: list[str]
) -> None:
    assert ChatTemplate(source, {}, "tiny").turn_ends(MARKS) == end


@pytest.mark.parametrize(
    ("source", "index"),
    [
        ("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}", 0),
        ("{{ messages[0].content }} {{ messages[-1].content }}", 1),
        ("{% for m in messages %}{{ m.role }}: {{ m.content[:5] }}{% endfor %}", 0),
        ("{% for m in messages %}{{ m.text }}{% endfor %}", 0),
        # A list of parts that is printed as it is.
        ("{% for m in messages if m.content is not string %}{{ m.content }}{% endfor %}", 0),
        ("{% for m in messages if m.content is not string %}{{ m.content|tojson }}{% endfor %}", 0),
        # The beginning of a reply is missing, but it is no reasoning.
        ("{{ messages[0].content }}{{ messages[1].content[-3:] }}{{ messages[2].content }}", 1),
        ("{{ messages[0].content }}{{ messages[1].content }}{{ messages[2].content[2:] }}", 2),
        # The first one is only changed.
        ("{{ messages[0].content | upper }}{{ messages[1].content }}", 2),
    ],
)
def test_a_message_that_a_template_drops_is_named(source: str, index: int) -> None:
    messages = [SYSTEM, ASSISTANT, {"role": "user", "content": "user"}]
    with pytest.raises(InvalidSettings) as caught:
        text_of(source, *messages)
    role, content = messages[index].values()
    assert caught.value.detail == (
        f"messages[{index}].content is '{content}', but the chat template of model omits it. "
        f"Remove this message of the role '{role}', move its text to another message, or give the "
        "whole text as prompt."
    )
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


@pytest.mark.parametrize("part", ["[:20]", "[-20:]"])
def test_a_part_of_a_long_content_is_not_enough(part: str) -> None:
    source = f"{{{{ messages[0].content{part} }}}}"
    long = {"role": "user", "content": "a long content, of which the template drops a part"}
    with pytest.raises(InvalidSettings, match=r"messages\[0\]\.content is 'a long content"):
        text_of(source, long)


def test_earlier_reasoning_may_be_left_out() -> None:
    source = "{% for m in messages %}{{ m.content.split('</think>')[-1] }}|{% endfor %}"
    thought = {"role": "assistant", "content": "<think>It is hot.</think>Hello."}
    assert text_of(source, USER, thought, USER) == "Hi|Hello.|Hi|"
    twice = {"role": "assistant", "content": "It is</think> hot.</think>Hello."}
    assert text_of(source, USER, twice, USER) == "Hi|Hello.|Hi|"
    only_thought = {"role": "assistant", "content": "<think>It is hot.</think>"}
    assert text_of(source, USER, only_thought, USER) == "Hi||Hi|"
    # Of a user's message everything counts.
    with pytest.raises(InvalidSettings, match=r"messages\[0\]\.content is '<think>It"):
        text_of(source, {**thought, "role": "user"})


def test_a_message_of_white_space_may_be_left_out() -> None:
    source = "{% for m in messages if m.content | trim %}{{ m.content }}|{% endfor %}"
    assert text_of(source, {**SYSTEM, "content": " \n"}, USER) == "Hi|"


def test_a_template_may_refuse_the_numbers_in_place_of_contents() -> None:
    refusing = "{% if messages[0].content | int %}{{ raise_exception('A number.') }}{% endif %}"
    assert text_of(refusing + PLAIN, USER) == "user: Hi\n"
    with pytest.raises(InvalidSettings, match=r"messages\[0\]\.content is 'Hi'"):
        text_of(refusing + "{{ messages[1].content }}", USER, ASSISTANT)
    # Whether a changed content is complete can then not be seen.
    refusing = (
        "{% if '1' in messages[0].content | string %}{{ raise_exception('A number.') }}{% endif %}"
    )
    with pytest.raises(InvalidSettings, match=r"messages\[0\]\.content is 'Hi'"):
        text_of(refusing + "{{ messages[0].content | upper }}", USER)


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
def test_exceptions_of_a_template_are_reported(source: str, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said) as caught:
        text_of(source, USER)
    assert caught.value.field == "messages"
    assert text_of(PLAIN, USER) == "user: Hi\n"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ raise_exception('Not today. ') }}", "Not today"),
        ("{{ 1 // 0 }}", "ZeroDivisionError: integer division or modulo by zero"),
        ("{{ raise_exception('') }}", "it gives no reason"),
        ("{{ raise_exception('One of A to X') }}", "One of A to X"),
    ],
)
def test_a_refusal_has_the_templates_words_and_the_roles(source: str, why: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        text_of(source, *[SYSTEM, USER] * 20)
    roles = shortened(", ".join(["system", "user"] * 20), 200)
    assert caught.value.detail == (
        f"The chat template of model refuses this conversation: {why}. The roles given were "
        f"{roles}."
    )


def test_a_template_that_failed_is_tried_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendering._end_all()
    template = ChatTemplate(PLAIN, {}, "model")
    why = (
        "The chat template of model cannot be rendered: its process cannot be started: "
        "[Errno 2] No such file or directory: '/none/python'. Give the whole text as prompt, or "
        "correct the template in the model's files."
    )
    with monkeypatch.context() as patched:
        patched.setattr("sys.executable", "/none/python")
        with pytest.raises(InvalidSettings) as caught:
            template.text([Message(**USER)])
    assert (caught.value.detail, caught.value.field) == (why, "messages")
    with pytest.raises(InvalidSettings) as caught:
        template.text([Message(**USER)])
    assert caught.value.detail == why
    later = time.monotonic() + 31
    monkeypatch.setattr("mav_engine.text.chat_templates.template.time.monotonic", lambda: later)
    assert template.text([Message(**USER)]) == "user: Hi\n"


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


def test_a_process_that_the_system_ended_is_started_anew() -> None:
    rendering._end_all()
    assert text_of(PLAIN, USER) == "user: Hi\n"
    (process,) = rendering._idle
    process._process.kill()
    process._process.wait()
    assert text_of(PLAIN, USER) == "user: Hi\n"


def test_a_process_that_ends_while_it_is_asked_has_not_rendered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendering._end_all()
    assert text_of(PLAIN, USER) == "user: Hi\n"
    for each in rendering._idle:
        each._process.kill()
        each._process.wait()
    monkeypatch.setattr(rendering._Process, "has_ended", lambda _self: False)
    with pytest.raises(InvalidSettings, match="its process ended because of the memory or time"):
        text_of(PLAIN, USER)
    assert not processes()


def test_a_few_processes_wait_and_the_others_are_ended() -> None:
    rendering._end_all()
    made = []
    for number in range(6):
        assert text_of(f"{PLAIN}{{# {number} #}}", USER) == "user: Hi\n"
        made.append(rendering._idle[-1])
    assert rendering._idle == made[2:]
    assert [each.has_ended() for each in made] == [True] * 2 + [False] * 4
    rendering._end_all()
    assert all(each.has_ended() for each in made)
    assert not rendering._idle


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_renders_with_processes_of_its_own() -> None:
    rendering._end_all()
    assert text_of(PLAIN, USER) == "user: Hi\n"
    of_parent = processes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have left threads
        child = os.fork()
    if child == 0:
        try:
            rendered = text_of(PLAIN, USER) == "user: Hi\n"
            alone = not of_parent & processes()
            rendering._end_all()
            os._exit(0 if rendered and alone else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert text_of(PLAIN, USER) == "user: Hi\n"
    assert processes() == of_parent


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
        # A continued text ends as in generate().
        continued = list(run(RunSettings(prompt="Hi", **given), backend=backend))[-1]
        assert (continued.reason == "eos") == (token_id == end)


def test_an_end_of_turn_is_held_back_like_an_end_of_text(chatml: Case) -> None:
    ends = chatml.backend.chat_eos_ids
    events = chat(chatml.backend, USER, min_new_tokens=3, max_new_tokens=3, top_n=100)
    rows = [row for event in events if isinstance(event, Token) for row in event.top or []]
    assert all(row.cut_by == "min_new_tokens" for row in rows if row.id in ends)
