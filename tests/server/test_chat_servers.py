"""Models of servers with OpenAI's API: what is sent to them, and what becomes of their answers."""

from __future__ import annotations

import io
import json
import logging
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

from mav_engine import run
from mav_engine.backends.chat_server import answer, connection
from mav_engine.backends.chat_server.answer import Row, entropy_bound
from mav_engine.config import ServerConfig, read_environment
from mav_engine.contract.events import Done, Error, Event, Prompt, Start, Token, from_json, to_json
from mav_engine.errors import InvalidSettings, UnknownModel
from mav_engine.results.result import collect
from mav_engine.server.app import create_app
from mav_engine.settings import RunSettings
from mav_engine.terminal.frame import Size, frame
from mav_engine.terminal.registry import panels_of
from mav_engine.terminal.view import View
from tests.mav_command import mav
from tests.server.fake_chat_server import (
    FakeChatServer,
    as_json,
    end,
    entry,
    event,
    said,
    stream,
    text,
)
from tests.server.servers import PATIENCE_S, RealServer, read_events, types, until

KEY = "sk-the-key-of-the-fake-server"
TWO = {"messages": [{"role": "user", "content": "Hi"}]}
Make = Callable[..., FakeChatServer]


@pytest.fixture
def make() -> Iterator[Make]:
    servers: list[FakeChatServer] = []

    def make(*models: dict[str, Any]) -> FakeChatServer:
        servers.append(FakeChatServer(*models))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def fake(make: Make) -> FakeChatServer:
    return make()


def events_of(fake: FakeChatServer, kind: str = "", **settings: Any) -> list[Event]:
    """A run of the first model."""
    kind = f"{kind}+" if kind else ""
    config = ServerConfig(
        chat_servers=f"fake={kind}{fake.url}",
        chat_keys=f"fake={KEY}",
        chat_models=f"{fake.models[0]['id']}@fake",
    )
    name = next(iter(config.catalog()._remote()))
    model = config.open_chat_model(name)
    assert model is not None
    source = {} if "messages" in settings else {"prompt": "Once"}
    return list(run(RunSettings(model=name, **source, **settings), backend=model))


def tokens_of(events: list[Event]) -> list[Token]:
    return [each for each in events if isinstance(each, Token)]


def done_of(events: list[Event]) -> Done:
    assert isinstance(events[-1], Done), events[-1]
    return events[-1]


def error_of(events: list[Event]) -> Error:
    assert isinstance(events[-1], Error), events[-1]
    return events[-1]


def text_of(events: list[Event]) -> str:
    written = "".join(each.text for each in tokens_of(events))
    assert written == done_of(events).text
    return written


# What becomes of an answer


def test_a_completion_streams_text_and_predictions(fake: FakeChatServer) -> None:
    tops = [{" a": -0.1, " the": -3.0}, {" cat": -0.7, " dog": -0.7001}]
    fake.answer = stream(
        text(" a", {"tokens": [" a"], "token_logprobs": [-0.1], "top_logprobs": tops[:1]}),
        text(" dog", {"tokens": [" dog"], "token_logprobs": [-0.7001], "top_logprobs": tops[1:]}),
        end("length"),
        done=True,
    )

    events = events_of(fake, top_n=2, max_new_tokens=5)

    assert [type(each) for each in events] == [Start, Prompt, Token, Token, Done]
    assert fake.requests[0][0] == "/v1/completions"
    assert fake.asked["prompt"] == "Once"
    first, second = tokens_of(events)
    assert (first.text, first.logprob, first.rank) == (" a", -0.1, 0)
    assert (second.text, second.logprob, second.rank) == (" dog", -0.7001, 1)
    assert [row.text for row in first.top] == [" a", " the"]
    assert first.top[0].prob == pytest.approx(math.exp(-0.1))
    assert first.top[0].sampled_prob is None
    assert first.entropy is first.distribution is first.token.id is None
    assert first.layers.resid_norm is None
    assert done_of(events).reason == "length"
    assert done_of(events).resume is None
    for each in events:
        assert to_json(from_json(to_json(each))) == to_json(each)


def test_a_conversation_goes_to_the_chat(fake: FakeChatServer) -> None:
    fake.answer = stream(
        said("", role="assistant"), said("Hello", entry("Hello", -0.2, Hello=-0.2)), end()
    )

    events = events_of(fake, **TWO, top_n=1)

    assert fake.requests[0][0] == "/v1/chat/completions"
    assert fake.asked["messages"] == TWO["messages"]
    assert (fake.asked["logprobs"], fake.asked["top_logprobs"]) == (True, 1)
    assert text_of(events) == "Hello"
    assert done_of(events).reason == "eos"


@pytest.mark.parametrize("done", [True, False], ids=["with [DONE]", "without"])
def test_a_stream_may_end_without_done(fake: FakeChatServer, done: bool) -> None:
    fake.answer = stream(text("Hi"), end(), done=done)

    assert text_of(events_of(fake)) == "Hi"


def test_a_stream_that_breaks_off_is_an_error(fake: FakeChatServer) -> None:
    fake.answer = stream(text("Hi"))

    events = events_of(fake)

    assert [each.text for each in tokens_of(events)] == ["Hi"]
    assert error_of(events).code == "chat_server_unreachable"
    assert "fake" in error_of(events).detail
    assert error_of(events).retry_after_s


def test_comments_and_other_lines_are_passed_over(fake: FakeChatServer) -> None:
    fake.answer = [b": keep-alive\n\n", b"event: x\r\n", text("Hi").replace(b"\n", b"\r\n"),
                   b": ping - 2026\n\n", b"retry: 5\n\n", b"data:\n\n", end()]  # fmt: skip

    assert text_of(events_of(fake)) == "Hi"


def test_a_server_may_ignore_logprobs(fake: FakeChatServer) -> None:
    fake.answer = stream(text("Hi"), text(" there"), end(usage={"completion_tokens": 3}))

    events = events_of(fake)

    assert fake.asked["logprobs"] == 20
    for token in tokens_of(events):
        assert token.logprob is token.rank is token.entropy_bound is None
        assert token.top == []
        assert token.notes == {"predictions": "the server reports no log-probabilities"}


def test_a_server_without_logprobs_is_asked_for_them_once(fake: FakeChatServer) -> None:
    config = ServerConfig(chat_servers=f"fake={fake.url}")
    model = config.open_chat_model("small@fake")
    assert model is not None
    before = model.info

    for _ in range(2):
        list(run(RunSettings(prompt="Once"), backend=model))
        list(run(RunSettings(**TWO), backend=model))

    assert ["logprobs" in body for _, body in fake.requests] == [True, True, False, False]
    assert before.capabilities == ["predictions"]
    assert model.info.capabilities == []
    assert model.info.server is not None
    assert model.info.server.not_available["predictions"] == "logprobs"


def test_logprobs_that_are_refused_are_left_out(fake: FakeChatServer) -> None:
    refusal = as_json({"error": {"message": "logprobs are not supported with this model"}})
    answers = [[refusal], stream(text("Hi"), end())]

    def refuse_first() -> None:
        fake.status = 200

    fake.status = 400
    fake.answers = [[*answers[0], refuse_first], answers[1]]

    assert text_of(events_of(fake)) == "Hi"
    assert "logprobs" not in fake.asked


def test_one_candidate_too_many_is_the_chosen_token(fake: FakeChatServer) -> None:
    row = entry("odd", -6.0, a=-0.5, b=-1.0, odd=-6.0)
    fake.answer = stream(said("odd", row), end())

    (token,) = tokens_of(events_of(fake, **TWO, top_n=2))

    assert [row.text for row in token.top] == ["a", "b"]
    assert token.logprob == -6.0
    # Others may be likelier.
    assert token.rank is None


def test_candidates_out_of_order_are_sorted(fake: FakeChatServer) -> None:
    fake.answer = stream(said("a", entry("a", -0.5, c=-9.0, a=-0.5, b=-1.0)), end())

    (token,) = tokens_of(events_of(fake, **TWO))

    assert [row.text for row in token.top] == ["a", "b", "c"]
    assert token.rank == 0


def test_numbers_that_are_none_are_left_out(fake: FakeChatServer) -> None:
    row = entry("a", 0.001, a=0.001, b=-1.0)
    row["top_logprobs"] += [{"token": "c", "logprob": None}, {"token": "d"}, 5]
    fake.answer = stream(
        said("a", row).replace(b"-1.0", b"-Infinity"), said("b", entry("b", -2.0)), end()
    )

    first, second = tokens_of(events_of(fake, **TWO))

    assert [(each.text, each.prob) for each in first.top] == [("a", 1.0)]
    assert (second.logprob, second.rank, second.top) == (-2.0, None, [])


def test_an_error_within_the_stream_names_the_server(fake: FakeChatServer) -> None:
    for wrong in (
        event({"error": {"message": f"no memory for {KEY} at {fake.url}", "code": 500}}),
        event({"error": f"no memory for {KEY} at {fake.url}"}),
        event({"object": "error", "message": f"no memory for {KEY} at {fake.url}"}),
        # Not JSON: transformers serve does not escape the message.
        f'data: {{"error": "no "memory" for {KEY} at {fake.url}"}}\n\n'.encode(),
    ):
        fake.answer = stream(text("Hi"), wrong, text("more"), end())

        events = events_of(fake)

        error = error_of(events)
        assert [each.text for each in tokens_of(events)] == ["Hi"]
        assert error.code == "chat_server_failed"
        assert error.detail.startswith("fake reports an error: no ")
        assert KEY not in error.detail
        assert "127.0.0.1" not in error.detail


@pytest.mark.parametrize(
    "given",
    [b"data: nonsense\n\n", b"data: [1, 2]\n\n", b"data: 5\n\n"],
    ids=["no JSON", "a list", "a number"],
)
def test_chunks_of_another_form_are_errors(fake: FakeChatServer, given: bytes) -> None:
    fake.answer = stream(given, end())

    assert error_of(events_of(fake)).code == "chat_server_failed"


def test_chunks_may_divide_a_character(fake: FakeChatServer) -> None:
    chunk = json.dumps({"choices": [{"text": "Grüße 😀!"}]}, ensure_ascii=False)
    sent = f"data: {chunk}\n\n".encode() + end()
    # One byte at a time, and so between the bytes of a character.
    fake.answer = [sent[place : place + 1] for place in range(len(sent))]

    assert text_of(events_of(fake)) == "Grüße 😀!"


def test_chunks_may_hold_half_of_a_surrogate_pair(fake: FakeChatServer) -> None:
    fake.answer = stream(text("a\ud83d"), text("\ude00b"), text("\ud83d"), end())

    assert text_of(events_of(fake)) == "a😀b\ufffd"


def test_tokens_may_be_parts_of_a_character(fake: FakeChatServer) -> None:
    raw = "😀".encode()
    rows = [
        {"token": "\ufffd", "logprob": -0.1, "bytes": list(part), "top_logprobs": []}
        for part in (raw[:2], raw[2:])
    ]
    fake.answer = stream(said("", rows[0]), said("😀", rows[1]), end())

    first, second = tokens_of(events_of(fake, **TWO))

    assert (first.text, first.token.text) == ("", "<0xF0><0x9F>")
    assert (second.text, second.token.text) == ("😀", "<0x98><0x80>")


def test_a_chunk_may_hold_several_tokens(fake: FakeChatServer) -> None:
    fake.answer = stream(
        said("Hello there", entry("Hello", -0.1), entry(" there", -0.2)),
        # The text of the token differs from that of the chunk.
        said(" ok!", entry("▁ok", -0.1), entry("!", -0.2)),
        end(),
    )

    events = events_of(fake, **TWO)

    assert [each.text for each in tokens_of(events)] == ["Hello", " there", "", " ok!"]
    assert text_of(events) == "Hello there ok!"


def test_an_answer_that_is_no_stream_is_read(fake: FakeChatServer) -> None:
    message = {"role": "assistant", "content": "Hi\nthere"}
    whole = {"choices": [{"message": message, "finish_reason": "stop"}]}
    fake.kind, fake.answer = "application/json", [json.dumps(whole, indent=1).encode()]

    assert text_of(events_of(fake, **TWO)) == "Hi\nthere"


def test_reasoning_stands_apart(fake: FakeChatServer) -> None:
    fake.answer = stream(
        said("", reasoning_content="I "), said("", reasoning_content="see"), said("Yes"), end()
    )

    assert text_of(events_of(fake, **TWO)) == "<think>\nI see\n</think>\n\nYes"


@pytest.mark.parametrize(
    ("reason", "expected"), [("stop", "eos"), ("length", "length"), ("tool_calls", "eos")]
)
def test_the_reason_of_the_end(fake: FakeChatServer, reason: str, expected: str) -> None:
    fake.answer = stream(text("Hi"), end(reason))

    assert done_of(events_of(fake)).reason == expected


def test_a_content_filter_is_an_error(fake: FakeChatServer) -> None:
    fake.answer = stream(text("Hi"), end("content_filter"))

    assert error_of(events_of(fake)).code == "content_withheld"


def test_an_answer_has_bounds(fake: FakeChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MAX_LINE_BYTES", 1000)
    fake.answer = stream(text("x" * 2000), end())
    assert "line of more than 1,000 bytes" in error_of(events_of(fake)).detail

    fake.answer = [b"x" * 2000, text("Hi"), end()]
    assert "line of more than 1,000 bytes" in error_of(events_of(fake)).detail

    monkeypatch.setattr(answer, "MAX_ANSWER_BYTES", 3000)
    fake.answer = stream(*[text("x" * 500)] * 20, end())
    assert "more than 3,000 bytes" in error_of(events_of(fake)).detail


def test_the_bound_is_below_the_entropy() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        logits = random.standard_normal(1000) * random.uniform(0.1, 5)
        logprobs = logits - np.log(np.exp(logits).sum())
        entropy = -(np.exp(logprobs) @ logprobs)
        best = sorted(logprobs, reverse=True)
        bounds = [
            entropy_bound([Row("", float(each)) for each in best[:count]])
            for count in (1, 5, 20, 1000)
        ]

        assert bounds == sorted(bounds)
        assert bounds[-1] == pytest.approx(entropy, rel=1e-9)
        # By at most the entropy of what is left.
        left = 1 - np.exp(best[:20]).sum()
        assert 0 <= entropy - bounds[2] <= left * math.log(980) + 1e-9
    assert entropy_bound([]) is None


def test_events_hold_the_bound(fake: FakeChatServer) -> None:
    half = math.log(0.5)
    fake.answer = stream(said("a", entry("a", half, a=half, b=math.log(0.25))), end())

    (token,) = tokens_of(events_of(fake, **TWO))

    assert token.entropy_bound == pytest.approx(1.5 * math.log(2))
    assert json.loads(to_json(token))["entropy_bound"] == token.entropy_bound


# What is sent


def test_settings_of_each_kind_of_server(fake: FakeChatServer) -> None:
    fake.answer = stream(text("Hi"), end())
    settings = {"temperature": 0.7, "top_p": 0.9, "top_k": 7, "min_p": 0.1, "seed": 5,
                "repetition_penalty": 1.2, "max_new_tokens": 9}  # fmt: skip

    sent = {}
    for kind in ("vllm", "sglang", "llama.cpp", "llama-cpp-python"):
        events_of(fake, kind, **settings)
        sent[kind] = fake.asked

    for body in sent.values():
        assert (body["temperature"], body["top_p"], body["seed"]) == (0.7, 0.9, 5)
        assert (body["max_tokens"], body["stream"], body["model"]) == (9, True, "small")
        assert (body["top_k"], body["min_p"]) == (7, 0.1)
    assert sent["vllm"]["repetition_penalty"] == 1.2
    assert sent["llama.cpp"]["repeat_penalty"] == 1.2


def test_controls_are_turned_off_in_the_words_of_the_server(fake: FakeChatServer) -> None:
    events_of(fake, "vllm", top_k=0, temperature=1.0)
    assert fake.asked["top_k"] == -1
    events_of(fake, "llama-cpp-python", top_k=0, temperature=1.0)
    # Its own defaults are others.
    assert fake.asked["top_k"] == 0
    assert (fake.asked["repeat_penalty"], fake.asked["min_p"]) == (1.0, 0.0)


def test_transformers_gets_a_generation_config(fake: FakeChatServer) -> None:
    events_of(fake, "transformers", temperature=0.5, no_repeat_ngram_size=3, max_new_tokens=4)

    config = json.loads(fake.asked["generation_config"])
    assert config["do_sample"] is True
    assert (config["temperature"], config["top_k"], config["no_repeat_ngram_size"]) == (0.5, 50, 3)
    assert config["max_new_tokens"] == 4


@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        ("openai", {"temperature": 1.0, "top_k": 5}, "top_k"),
        ("ollama", {"min_new_tokens": 5}, "min_new_tokens"),
        ("other", {"repetition_penalty": 1.5}, "repetition_penalty"),
        ("vllm", {"no_repeat_ngram_size": 2}, "no_repeat_ngram_size"),
        ("llama.cpp", {"block_eos_steps": 2}, "block_eos_steps"),
        ("transformers", {"block_ws_steps": 2}, "block_ws_steps"),
        ("openai", {"top_n": 6}, "top_n"),
        ("openai", {"seed": 2**40}, "seed"),
        ("openai", {"forced_ids": [1]}, "forced_ids"),
        ("openai", {"breakpoints": {"entropy_above": 1.0}}, "breakpoints"),
        ("openai", {**TWO, "forced_texts": ["a"]}, "forced_texts"),
        ("openai", {"capture": ["attention_map"]}, "capture"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_a_server_does_not_know_is_refused_by_name(
    fake: FakeChatServer, kind: str, settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidSettings) as raised:
        events_of(fake, kind, **settings)

    assert raised.value.field == field
    assert "fake" in raised.value.detail
    assert fake.requests == []


def test_defaults_that_a_server_does_not_know_are_off(fake: FakeChatServer) -> None:
    start = events_of(fake, "openai", temperature=1.0)[0]

    assert isinstance(start, Start)
    assert (start.settings.top_k, start.settings.top_n) == (0, 5)
    assert "top_k" not in fake.asked
    assert fake.asked["logprobs"] == 5


def test_without_sampling_top_k_needs_no_server(fake: FakeChatServer) -> None:
    assert text_of(events_of(fake, "openai", top_k=5, temperature=0.0)) == "Hi"


def test_a_drawn_seed_is_reported_and_sent(fake: FakeChatServer) -> None:
    start = events_of(fake)[0]

    assert isinstance(start, Start)
    assert start.settings.seed == fake.asked["seed"]
    assert 0 <= fake.asked["seed"] < 2**31


def test_stop_strings_end_the_run(fake: FakeChatServer) -> None:
    fake.answer = stream(text("one t"), text("wo th"), text("ree"), text(" four"), end())

    events = events_of(fake, stop=["two"])

    assert text_of(events) == "one "
    assert done_of(events).reason == "stop"
    assert "stop" not in fake.asked


def test_text_that_was_held_back_for_a_stop_string_is_not_lost(fake: FakeChatServer) -> None:
    fake.answer = stream(text("one t"), text("w"), end())

    events = events_of(fake, stop=["two"])

    assert text_of(events) == "one tw"
    assert done_of(events).reason == "eos"


def test_a_server_that_ignores_max_tokens_is_cut_off(fake: FakeChatServer) -> None:
    fake.answer = stream(*[text("a")] * 50, end())

    events = events_of(fake, max_new_tokens=3)

    assert text_of(events) == "aaa"
    assert done_of(events).reason == "length"


@pytest.mark.parametrize(
    ("condition", "value"),
    [("after", 2), ("text", "b"), ("pattern", "[b-d]"), ("probability_below", 0.5)],
)
def test_breakpoints(fake: FakeChatServer, condition: str, value: Any) -> None:
    parts = [("a", -0.1), ("b", -2.0), ("c", -0.1)]
    fake.answer = stream(*(said(part, entry(part, p)) for part, p in parts), end())

    events = events_of(fake, **TWO, breakpoints={condition: value})

    assert text_of(events) == "ab"
    assert done_of(events).reason == "breakpoint"
    assert done_of(events).hits[0].condition == condition


def test_a_breakpoint_without_probabilities_is_an_error(fake: FakeChatServer) -> None:
    error = error_of(events_of(fake, breakpoints={"probability_below": 0.5}))

    assert "no log-probabilities" in error.detail
    assert error.field == "breakpoints"


# Forks


def test_a_fork_continues_a_text(fake: FakeChatServer) -> None:
    fake.answer = stream(text(" was"), end())

    events = events_of(fake, forced_texts=[" upon", " a"])

    assert fake.asked["prompt"] == "Once upon a"
    assert fake.asked["max_tokens"] == 62
    assert [(each.text, each.forced) for each in tokens_of(events)] == [
        (" upon", True), (" a", True), (" was", False),
    ]  # fmt: skip
    assert tokens_of(events)[0].logprob is None
    assert text_of(events) == " upon a was"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("vllm", {"continue_final_message": True, "add_generation_prompt": False}),
        ("sglang", {"continue_final_message": True}),
        ("llama.cpp", {}),
        ("ollama", {}),
    ],
)
def test_a_fork_continues_a_reply(fake: FakeChatServer, kind: str, fields: dict[str, Any]) -> None:
    fake.answer = stream(said(" there"), end())

    events = events_of(fake, kind, **TWO, forced_texts=["Hello"])

    assert fake.asked["messages"][1:] == [{"role": "assistant", "content": "Hello"}]
    assert fields.items() <= fake.asked.items()
    assert text_of(events) == "Hello there"


def test_a_model_of_our_own_has_ids_instead() -> None:
    with pytest.raises(InvalidSettings, match="give them as forced_ids"):
        list(run(RunSettings(prompt="Once", forced_texts=[" upon"])))


# Prompts as tokens


def test_llama_cpp_tokenizes_prompts_and_conversations(fake: FakeChatServer) -> None:
    pieces = [{"id": 1, "piece": "On"}, {"id": 2, "piece": "ce"}, {"id": 9, "piece": [240, 159]}]
    fake.others = {
        "/tokenize": {"tokens": pieces},
        "/apply-template": {"prompt": "<user>Hi"},
    }

    events = events_of(fake, "llama.cpp")

    assert isinstance(events[1], Prompt)
    expected = [(1, "On"), (2, "ce"), (9, "<0xF0><0x9F>")]
    assert [(each.id, each.text) for each in events[1].tokens] == expected
    assert tokens_of(events)[0].position == 3

    events_of(fake, "llama.cpp", **TWO)
    assert ("/tokenize", "<user>Hi") in [
        (path, body.get("content")) for path, body in fake.requests
    ]


def test_vllm_tokenizes_prompts(fake: FakeChatServer) -> None:
    fake.others = {"/tokenize": {"tokens": [7, 8], "token_strs": ["Ġa", "▁b"]}}

    events = events_of(fake, "vllm", **TWO)

    assert isinstance(events[1], Prompt)
    assert [(each.id, each.text) for each in events[1].tokens] == [(7, " a"), (8, " b")]
    assert fake.requests[0][1]["messages"] == TWO["messages"]


def test_llama_cpp_python_tokenizes_prompts(fake: FakeChatServer) -> None:
    fake.others = {
        "/extras/tokenize": {"tokens": [1, 5, 1]},
        "/extras/detokenize": lambda body: {"text": {1: "a", 5: "b"}[body["tokens"][0]]},
    }

    events = events_of(fake, "llama-cpp-python")

    assert isinstance(events[1], Prompt)
    assert [each.text for each in events[1].tokens] == ["a", "b", "a"]


def test_a_prompt_that_is_not_tokenized_is_no_error(fake: FakeChatServer) -> None:
    events = events_of(fake, "vllm")

    assert isinstance(events[1], Prompt)
    assert events[1].tokens == []
    assert tokens_of(events)[0].position == 0


# On a server


MakeSite = Callable[..., RealServer]


@pytest.fixture
def make_site() -> Iterator[MakeSite]:
    """Starts a server with chat servers by name; keyword arguments are further settings."""
    started: list[RealServer] = []

    def make(fakes: dict[str, FakeChatServer], **config: Any) -> RealServer:
        given = {"chat_servers": ",".join(f"{name}={fake.url}" for name, fake in fakes.items()),
                 "chat_keys": ",".join(f"{name}={KEY}" for name in fakes)}  # fmt: skip
        started.append(RealServer(create_app(ServerConfig(**given | config))))
        return started[-1]

    yield make
    for server in started:
        server.stop()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of models are never too fresh to be asked for again."""
    monkeypatch.setattr("mav_engine.backends.chat_server.server.MAX_AGE_S", 0.0)


def secrets_of(fake: FakeChatServer) -> list[str]:
    return [KEY, fake.url, f":{fake.port}"]


def test_models_are_listed_by_the_name_of_their_server(make: Make, make_site: MakeSite) -> None:
    one = make({"id": "qwen", "owned_by": "vllm", "max_model_len": 4096})
    two = make(
        {"id": "llama3.2:1b", "owned_by": "library"},
        {"id": "/models/tiny.gguf", "owned_by": "library"},
        {"id": "nomic-embed-text", "owned_by": "library"},
    )
    site = make_site({"gpu": one, "ollama": two})

    answer = site.client.get("/api/models")
    models = {each["name"]: each for each in answer.json()["models"]}

    assert set(models) == {"mav-tiny", "qwen@gpu", "llama3.2:1b@ollama", "tiny@ollama"}
    assert models["qwen@gpu"]["server"] == {
        "name": "gpu", "kind": "vllm",
        "not_available": models["qwen@gpu"]["server"]["not_available"],
        "continues": ["prompt", "messages"], "tokenizes": ["prompt", "messages"],
    }  # fmt: skip
    assert models["qwen@gpu"]["context"] == 4096
    assert models["qwen@gpu"]["server"]["not_available"]["residual"] == "layers"
    assert models["qwen@gpu"]["server"]["not_available"]["distribution"] == "vocabulary"
    assert models["llama3.2:1b@ollama"]["server"]["kind"] == "ollama"
    assert models["mav-tiny"]["server"] is None
    assert answer.json()["hosts"]["llama3.2:1b@ollama"] == "ollama"
    for secret in [*secrets_of(one), *secrets_of(two)]:
        assert secret not in answer.text
    assert set(one.keys) == {f"Bearer {KEY}"}


def test_a_run_by_name(make: Make, make_site: MakeSite) -> None:
    fake = make({"id": "/models/tiny.gguf"})
    site = make_site({"far": fake})

    # Before anybody has asked for the list.
    answer = site.client.post("/api/run", json={"model": "tiny@far", "prompt": "Once"})

    events = read_events(answer)
    assert types(events) == ["start", "prompt", "token", "done"]
    assert fake.asked["model"] == "/models/tiny.gguf"
    assert events[0]["settings"]["top_n"] == 20
    for secret in [*secrets_of(fake), "/models/"]:
        assert secret not in answer.text


def test_a_stranger_names_no_server(fake: FakeChatServer, make_site: MakeSite) -> None:
    site = make_site({"far": fake})
    for name in ("other@far", f"small@{fake.url}", f"{fake.url}", "small@far@far", "@far"):
        answer = site.client.post("/api/run", json={"model": name, "prompt": "Once"})

        assert answer.status_code == 404, name
        assert answer.json()["code"] == "unknown_model"
    assert fake.requests == []


def test_only_the_named_models_are_offered(make: Make, make_site: MakeSite) -> None:
    fake = make({"id": "small"}, {"id": "dear"})
    site = make_site({"far": fake}, chat_models="small@far,unlisted@far")

    names = {each["name"] for each in site.client.get("/api/models").json()["models"]}

    assert names == {"mav-tiny", "small@far", "unlisted@far"}
    assert site.client.post(
        "/api/run", json={"model": "dear@far", "prompt": "Once"}
    ).status_code == 404  # fmt: skip


def test_a_client_that_leaves_ends_the_generation(
    fake: FakeChatServer, make_site: MakeSite
) -> None:
    def more() -> Iterator[bytes]:
        while not fake.gone.is_set():
            yield text("a")

    fake.answer = more()
    site = make_site({"far": fake})
    with site.client.stream("POST", "/api/run", json={"model": "small@far", "prompt": "Once"}):
        until(lambda: len(fake.requests) > 0)

    assert fake.gone.wait(PATIENCE_S)
    until(lambda: site.client.get("/api/health").json()["runs_active"] == 0)


def test_a_deadline_ends_a_silent_server(fake: FakeChatServer, make_site: MakeSite) -> None:
    silent = threading.Event()

    def wait() -> None:
        silent.wait(PATIENCE_S)

    fake.answer = [text("Hi"), wait, text("never")]
    site = make_site({"far": fake}, deadline_s=1.0)

    events = read_events(
        site.client.post("/api/run", json={"model": "small@far", "prompt": "Once"})
    )
    silent.set()

    assert events[-1]["type"] == "done"
    assert (events[-1]["reason"], events[-1]["text"]) == ("deadline", "Hi")


def test_runs_of_a_server_wait_for_each_other(fake: FakeChatServer, make_site: MakeSite) -> None:
    first = threading.Event()

    def wait() -> None:
        first.wait(PATIENCE_S)

    fake.answers = [[text("a"), wait, text("b"), end()]]
    site = make_site({"far": fake}, max_runs=1)
    ask = {"model": "small@far", "prompt": "Once"}
    seen: list[str] = []
    with site.client.stream("POST", "/api/run", json=ask) as one:
        until(lambda: len(fake.requests) == 1)
        with site.client.stream("POST", "/api/run", json=ask) as two:
            for line in two.iter_lines():
                if line.startswith("event: "):
                    seen.append(line.removeprefix("event: "))
                if seen == ["start", "queued"]:
                    first.set()
        one.read()

    assert seen == ["start", "queued", "prompt", "token", "done"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "chat_server_refused"), (400, "chat_server_refused"), (429, "chat_server_busy"),
     (500, "chat_server_failed"), (302, "chat_server_refused")],
)  # fmt: skip
def test_refusals(fake: FakeChatServer, make_site: MakeSite, status: int, code: str) -> None:
    site = make_site({"far": fake})
    site.client.get("/api/models")
    other = f"http://127.0.0.1:{site.port}/v1/completions"
    fake.status, fake.headers = status, {"Location": other, "Retry-After": "7"}
    fake.answer = [as_json({"error": {"message": f"not for {KEY} at {fake.url}"}})]

    answer = site.client.post("/api/run", json={"model": "small@far", "prompt": "Once"})

    error = read_events(answer)[-1]
    assert (error["type"], error["code"]) == ("error", code)
    assert error["detail"].startswith("far ")
    assert error["retry_after_s"] == (7 if status == 429 else None)
    for secret in secrets_of(fake):
        assert secret not in answer.text


def test_a_server_that_is_away(
    fake: FakeChatServer, make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "mav.chat_servers")
    site = make_site({"far": fake})
    site.client.get("/api/models")
    fake.stop()

    answer = site.client.get("/api/models").json()
    error = read_events(
        site.client.post("/api/run", json={"model": "small@far", "prompt": "Once"})
    )[-1]

    assert answer["problems"]["far"].startswith("far cannot be reached")
    assert answer["problems"]["small@far"] == answer["problems"]["far"]
    assert error["code"] == "chat_server_unreachable"
    assert fake.url not in json.dumps([answer, error])
    assert KEY not in caplog.text


def test_lists_of_another_form_are_a_problem(make: Make, make_site: MakeSite) -> None:
    fake = make()
    fake.models = 5  # type: ignore[assignment]
    site = make_site({"far": fake})

    assert "does not list its models" in site.client.get("/api/models").json()["problems"]["far"]


def test_comparisons_are_refused(fake: FakeChatServer, make_site: MakeSite) -> None:
    site = make_site({"far": fake})
    a, b = {"model": "mav-tiny", "prompt": "Once"}, {"model": "small@far", "prompt": "Once"}

    answer = site.client.post("/api/compare", json={"a": a, "b": b})

    assert answer.status_code == 422
    assert answer.json()["field"] == "b.model"
    assert "far does not give" in answer.json()["detail"]


def test_texts_are_tokenized_where_the_server_can(make: Make, make_site: MakeSite) -> None:
    able, unable = make({"id": "small", "owned_by": "llamacpp"}), make()
    able.others = {"/tokenize": {"tokens": [{"id": 3, "piece": "Hi"}]}}
    site = make_site({"able": able, "unable": unable})

    known = site.client.post("/api/tokenize", json={"model": "small@able", "text": "Hi"})
    refused = site.client.post("/api/tokenize", json={"model": "small@unable", "text": "Hi"})

    assert known.json()["tokens"] == [{"id": 3, "text": "Hi"}]
    assert refused.status_code == 422
    assert "unable" in refused.json()["detail"]


def test_openais_api_of_our_own_has_them_too(fake: FakeChatServer, make_site: MakeSite) -> None:
    site = make_site({"far": fake})

    answer = site.client.post(
        "/v1/chat/completions", json={"model": "small@far", **TWO, "logprobs": True}
    ).json()

    assert answer["choices"][0]["message"]["content"] == "Hi" or answer
    assert answer["choices"][0]["logprobs"] is None


def test_a_server_without_completions_says_what_to_do(
    fake: FakeChatServer, make_site: MakeSite
) -> None:
    site = make_site({"far": fake})
    fake.status = 404

    error = read_events(
        site.client.post("/api/run", json={"model": "small@far", "prompt": "Once"})
    )[-1]

    assert "Give messages" in error["detail"]
    assert error["field"] == "prompt"


# The operator's settings


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"SERVERS": "http://host/v1"}, "NAME=ADDRESS"),
        ({"SERVERS": "a b=http://host/v1"}, "NAME=ADDRESS"),
        ({"SERVERS": "a=ftp://host/v1"}, "not a URL"),
        ({"SERVERS": "a=http://user:password@host/v1"}, "name or password"),
        ({"SERVERS": "a=http://host/v1?x=1"}, "not a URL"),
        ({"SERVERS": "a=http://host/v1,a=http://host2/v1"}, "two servers are named a"),
        ({"SERVERS": "int8=http://host/v1"}, "precision"),
        ({"SERVERS": "a=gpt+http://host/v1"}, "'gpt' is not one of"),
        ({"SERVERS": "a=http://host/v1", "KEYS": "b=secret"}, "NAME=KEY with one of a"),
        ({"SERVERS": "a=http://host/v1", "KEYS": "secret"}, "NAME=KEY with one of a"),
        ({"KEYS": "a=secret"}, "MAV_CHAT_SERVERS, which is empty"),
        ({"SERVERS": "a=http://host/v1", "MODELS": "small"}, "MODEL@SERVER"),
    ],
    ids=str,
)
def test_unusable_settings_stop_the_server(variables: dict[str, str], what: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        read_environment({f"MAV_CHAT_{name}": value for name, value in variables.items()})

    assert what in raised.value.detail
    for secret in ("secret", "password@", "user:"):
        assert secret not in raised.value.detail


def test_settings_do_not_show_addresses_and_keys() -> None:
    config = ServerConfig(chat_servers="a=http://host/v1", chat_keys="a=secret")

    for shown in (repr(config), repr(config.chat_addresses())):
        assert "secret" not in shown
        assert "host/v1" not in shown


def test_proxies_are_for_other_machines() -> None:
    near, far = ServerConfig(
        chat_servers="near=http://127.0.0.1:1/v1,far=https://example.org/v1"
    ).chat_addresses()

    assert connection.Connection(near)._settings(1.0)["trust_env"] is False
    assert connection.Connection(far)._settings(1.0)["trust_env"] is True
    assert connection.Connection(far)._settings(1.0)["follow_redirects"] is False


# In Python and on the command line


def test_run_finds_the_server_in_the_environment(
    fake: FakeChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAV_CHAT_SERVERS", f"far={fake.url}")

    record = collect(run(RunSettings(model="small@far", prompt="Once")))

    assert record.text == "Hi"
    assert np.isnan(record.arrays()["entropy"]).all()
    assert "<svg" in record._repr_html_() or "<img" in record._repr_html_()
    with pytest.raises(UnknownModel, match="far has no model named 'large'"):
        run(RunSettings(model="large@far", prompt="Once"))


def test_the_terminal_says_what_is_not_available(fake: FakeChatServer) -> None:
    fake.answer = stream(
        text("Hi", {"tokens": ["Hi"], "token_logprobs": [-0.1], "top_logprobs": [{"Hi": -0.1}]}),
        end(),
    )
    record = collect(iter(events_of(fake)))
    assert record.start is not None
    assert record.prompt is not None
    view = View(record.start, record.prompt, record.tokens, 0)
    panels = panels_of(["top_predictions", "output_distribution", "resid_norms", "generated_text"])
    console = Console(width=160, height=40, file=io.StringIO(), legacy_windows=False)

    console.print(frame(panels, view, Text("head"), Text("foot"), Size(160, 40), 1))
    drawn = console.file.getvalue()  # type: ignore[attr-defined]

    assert "90.5%" in drawn
    assert "entropy at least 0.31 nats" in drawn
    assert "OnceHi" in drawn
    assert drawn.count("not available from this server") == 2


def test_the_command_runs_them(fake: FakeChatServer) -> None:
    environment = {"MAV_CHAT_SERVERS": f"far={fake.url}", "MAV_CHAT_KEYS": f"far={KEY}"}

    ended = mav("--model", "small@far", "--prompt", "Once", **environment)

    assert ended.returncode == 0, ended.stderr
    assert '"text":"Hi"' in ended.stdout
    assert fake.keys[-1] == f"Bearer {KEY}"


def test_commands_that_need_the_vocabulary_refuse_them(fake: FakeChatServer) -> None:
    ended = mav(
        "compare", "mav-tiny", "small@far", "--prompt", "Once", MAV_CHAT_SERVERS=f"far={fake.url}"
    )

    assert ended.returncode != 0
    assert "run by far" in ended.stderr
