"""OpenAI's API: its own client reads the answers, and their numbers are those of /api/run."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from typing import Any

import openai
import orjson
import pytest
from starlette.testclient import TestClient

from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import (
    AS_JSON,
    Gate,
    Models,
    RealServer,
    read_events,
    runs_of,
    until,
)

KEY = "a-key-that-servers-have"
SETTINGS: dict[str, Any] = {"temperature": 0.8, "top_p": 0.9, "seed": 5, "stop": ["zz"]}
IMAGE = {"type": "image_url", "image_url": {"url": "data:,"}}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]


@pytest.fixture
def server(make_server: MakeServer) -> RealServer:
    return make_server(key=KEY)


@pytest.fixture
def ai(server: RealServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def run(server: RealServer, **settings: Any) -> list[dict[str, Any]]:
    """The events of the same run through /api/run."""
    headers = {"Authorization": f"Bearer {KEY}"}
    asked = {"top_k": 0, "max_new_tokens": 12, **SETTINGS, **settings}
    return read_events(server.client.post("/api/run", json=asked, headers=headers))


def tokens_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == "token"]


def finite(logprob: float | None) -> float:
    return -9999.0 if logprob is None else logprob


def test_a_chat(ai: openai.OpenAI, server: RealServer) -> None:
    answer = ai.chat.completions.create(
        model="fake", messages=MESSAGES, max_completion_tokens=12, logprobs=True, top_logprobs=3,
        **SETTINGS,
    )  # fmt: skip
    events = run(server, messages=MESSAGES)
    tokens, done = tokens_of(events), events[-1]
    (choice,) = answer.choices
    assert (answer.object, answer.model, answer.id[:9]) == ("chat.completion", "fake", "chatcmpl-")
    assert (choice.message.role, choice.message.content) == ("assistant", done["text"])
    assert choice.finish_reason == ("length" if done["reason"] == "length" else "stop")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == len(tokens)
    assert answer.usage.prompt_tokens == len(events[1]["tokens"])
    assert answer.usage.total_tokens == len(tokens) + len(events[1]["tokens"])
    assert choice.logprobs is not None
    rows = choice.logprobs.content or []
    assert [row.logprob for row in rows] == [finite(token["logprob"]) for token in tokens]
    assert [row.token for row in rows] == [token["token"]["text"] for token in tokens]
    for row, token in zip(rows, tokens, strict=True):
        assert [each.token for each in row.top_logprobs] == [
            each["text"] for each in token["top"][:3]
        ]
        for each, candidate in zip(row.top_logprobs, token["top"], strict=False):
            assert math.exp(each.logprob) == pytest.approx(candidate["prob"])
    assert "mav" not in (answer.model_extra or {})


def test_a_chat_as_a_stream_with_measurements(ai: openai.OpenAI, server: RealServer) -> None:
    capture = ["residual", "attention_rows"]
    stream = ai.chat.completions.create(
        model="fake", messages=MESSAGES, max_tokens=12, stream=True, logprobs=True,
        stream_options={"include_usage": True}, extra_body={"mav": {"capture": capture}},
        **SETTINGS,
    )  # fmt: skip
    chunks = list(stream)
    events = run(server, messages=MESSAGES, capture=capture, top_n=1)
    tokens = tokens_of(events)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == events[-1]["text"]
    assert [c.choices[0].finish_reason for c in chunks[:-1]][-2:] == [
        None,
        chunks[-2].choices[0].finish_reason,
    ]
    assert chunks[-2].choices[0].finish_reason in ("stop", "length")
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == len(tokens)
    sent = [chunk.model_extra["mav"] for chunk in chunks[:-1] if chunk.model_extra]
    assert [each["type"] for each in sent] == [
        event["type"] for event in events if event["type"] != "queued"
    ]
    measured = tokens_of(sent)
    for each in (*measured, *tokens):
        del each["timing"]
    assert measured == tokens
    assert "attention_rows" in measured[0]
    assert {chunk.id for chunk in chunks} == {f"chatcmpl-{sent[0]['run_id']}"}


def test_a_completion(ai: openai.OpenAI, server: RealServer) -> None:
    answer = ai.completions.create(
        model="fake", prompt="Once", max_tokens=12, logprobs=2, extra_body={"mav": {}}, **SETTINGS
    )
    events = run(server, prompt="Once")
    tokens = tokens_of(events)
    (choice,) = answer.choices
    assert (answer.object, choice.text) == ("text_completion", events[-1]["text"])
    assert choice.logprobs is not None
    assert choice.logprobs.token_logprobs == [finite(token["logprob"]) for token in tokens]
    assert choice.logprobs.tokens == [token["token"]["text"] for token in tokens]
    lengths = [len(token["text"]) for token in tokens]
    assert choice.logprobs.text_offset == [sum(lengths[:at]) for at in range(len(lengths))]
    assert [len(each) for each in choice.logprobs.top_logprobs or []] == [2] * len(tokens)
    assert answer.model_extra is not None
    whole = answer.model_extra["mav"]
    assert [token["entropy"] for token in whole["tokens"]] == [token["entropy"] for token in tokens]
    assert whole["tokens"][0]["layers"] == tokens[0]["layers"]
    assert whole["done"]["text"] == choice.text
    assert whole["start"]["settings"]["seed"] == 5


def test_a_completion_as_a_stream(ai: openai.OpenAI, server: RealServer) -> None:
    chunks = list(
        ai.completions.create(
            model="fake", prompt=["Once"], max_tokens=12, logprobs=0, stream=True, **SETTINGS
        )
    )
    events = run(server, prompt="Once")
    assert "".join(chunk.choices[0].text for chunk in chunks) == events[-1]["text"]
    offsets = [
        o for c in chunks if c.choices[0].logprobs for o in c.choices[0].logprobs.text_offset or []
    ]
    lengths = [len(token["text"]) for token in tokens_of(events)]
    assert offsets == [sum(lengths[:at]) for at in range(len(lengths))]
    assert chunks[-1].choices[0].finish_reason in ("stop", "length")


def test_the_stream_ends_with_done(make_client: MakeClient) -> None:
    body = {"prompt": "a", "max_tokens": 2, "stream": True}
    response = make_client().post("/v1/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.endswith("data: [DONE]\n\n")
    for line in response.text.splitlines():
        assert line == "" or line.startswith("data: ")


def test_models(ai: openai.OpenAI) -> None:
    assert {model.id for model in ai.models.list()} == {"fake", "mav-tiny", "other"}
    assert ai.models.retrieve("other").id == "other"
    with pytest.raises(openai.NotFoundError) as caught:
        ai.models.retrieve("nope")
    assert caught.value.code == "unknown_model"


def test_defaults_are_openais(make_client: MakeClient) -> None:
    client = make_client(max_new_tokens=100)
    for path, given, length in (
        ("completions", {"prompt": "a"}, 16), ("chat/completions", {"messages": MESSAGES}, 100),
    ):  # fmt: skip
        answer = client.post(f"/v1/{path}", json={**given, "mav": {"block_eos_steps": 100}}).json()
        settings = answer["mav"]["start"]["settings"]
        assert (settings["temperature"], settings["top_k"], settings["top_p"]) == (1.0, 0, 1.0)
        assert settings["max_new_tokens"] == answer["usage"]["completion_tokens"] == length
        assert answer["choices"][0]["finish_reason"] == "length"


def refused(client: TestClient, path: str, body: object) -> dict[str, Any]:
    response = client.post(f"/v1/{path}", json=body)
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return {**error, "status": response.status_code}


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"best_of": 3}, "best_of"),
        ({"echo": True}, "echo"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"messages": MESSAGES}, "messages"),
        ({"colour": "red"}, "colour"),
        ({"temperature": 11}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 10**6}, "max_tokens"),
        ({"logprobs": 21}, "logprobs"),
        ({"logprobs": True}, "logprobs"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"other": True}}, "stream_options"),
        ({"mav": ["residual"]}, "mav"),
        ({"mav": {"seed": 3}}, "mav.seed"),
        ({"mav": {"resume": "x"}}, "mav.resume"),
        ({"mav": {"colour": 3}}, "colour"),
        ({"mav": {"capture": ["colour"]}}, "capture"),
        ({"mav": {"top_n": 1}, "logprobs": 3}, "mav.top_n"),
        ({"stop": [""]}, "stop"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    client: TestClient, given: dict[str, Any], param: str
) -> None:
    error = refused(client, "completions", {"prompt": "a", **given})
    assert (error["status"], error["type"], error["param"]) == (400, "invalid_request_error", param)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"prompt": "a"}, "prompt"),
        ({"messages": []}, "messages"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages.0.content",
        ),
        ({"messages": [{"role": "user", "content": "a", "name": "b"}]}, "messages.0.name"),
        ({"messages": ["Hello"]}, "messages.0"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": 3}, "logprobs"),
        ({"max_tokens": 3, "max_completion_tokens": 4}, "max_tokens"),
    ],
)
def test_what_a_chat_does_not_support_is_refused_by_name(
    client: TestClient, given: dict[str, Any], param: str
) -> None:
    error = refused(client, "chat/completions", {"messages": MESSAGES, **given})
    assert (error["status"], error["param"]) == (400, param)


def test_values_that_change_nothing_are_accepted(client: TestClient) -> None:
    body = {
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "content": "Hello", "name": None},
        ],
        "n": 1, "frequency_penalty": 0.0, "tools": [], "response_format": {"type": "text"},
        "logit_bias": {}, "seed": None, "max_tokens": 3, "max_completion_tokens": 3,
        "temperature": 0, "mav": {},
    }  # fmt: skip
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["mav"]["start"]["settings"]["messages"] == MESSAGES


def test_the_rules_of_the_api_apply(
    make_client: MakeClient, make_server: MakeServer, gate: Gate
) -> None:
    client = make_client(key=KEY)
    assert refused(client, "completions", {"prompt": "a"})["code"] == "key_refused"
    assert client.get("/v1/models").status_code == 401
    client = make_client()
    given = client.post(
        "/v1/completions", json={"prompt": "a"}, headers={"Origin": "http://evil.example"}
    )
    assert (given.status_code, given.json()["error"]["code"]) == (403, "origin_refused")
    assert client.post("/v1/completions", content=b"{", headers=AS_JSON).json()["error"][
        "code"
    ] == ("not_json")
    assert refused(client, "completions", {"prompt": "a", "model": "nope"})["status"] == 404
    assert refused(client, "responses", {"input": "a"})["code"] == "not_found"
    small = make_client(max_body_bytes=1024)
    assert refused(small, "completions", {"prompt": "a" * 2000})["status"] == 413
    server = make_server(Models(on_step=gate), max_runs=1, max_queue=0)
    with server.client.stream("POST", "/v1/completions", json={"prompt": "a", "stream": True}):
        busy = server.client.post("/v1/completions", json={"prompt": "a"})
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
        assert busy.json()["error"]["type"] == "server_error"
        assert server.client.post("/api/run", json={"prompt": "a"}).status_code == 503
    gate.open()


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_its_run(
    make_server: MakeServer, gate: Gate, stream: bool
) -> None:
    server = make_server(Models(on_step=gate))
    body = {"prompt": "a", "max_tokens": 60, "stream": stream, "mav": {"block_eos_steps": 60}}
    data = orjson.dumps(body)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = (
            f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n"
        )
        connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + data)
        gate.allow(3)
        until(lambda: gate.passed == 3)
    until(lambda: all(run.reason == "cancelled" for run in server.service.runs))
    gate.open()
    until(lambda: runs_of(server) == (0, 0))
    assert gate.passed <= 5


def test_a_time_limit_is_the_reason_length(make_server: MakeServer) -> None:
    def stop() -> None:
        (live,) = server.service.runs
        live._loop.call_soon_threadsafe(live.stop, "deadline")
        until(lambda: live.reason == "deadline")

    server = make_server(Models(on_step=stop))
    body = {"prompt": "a", "mav": {"block_eos_steps": 16}}
    answer = server.client.post("/v1/completions", json=body).json()
    assert answer["choices"][0]["finish_reason"] == "length"
    assert (answer["mav"]["done"]["reason"], answer["usage"]["completion_tokens"]) == (
        "deadline", 2,
    )  # fmt: skip
    assert answer["mav"]["done"]["resume"].startswith("mav1.")


@pytest.mark.parametrize("stream", [True, False])
def test_a_run_that_fails(make_server: MakeServer, stream: bool) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    server = make_server(Models(on_step=fail))

    def read(ai: openai.OpenAI) -> None:
        extra = {"mav": {"block_eos_steps": 9}}
        answer = ai.completions.create(model="fake", prompt="a", stream=stream, extra_body=extra)
        list(answer)

    with (
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as ai,
        pytest.raises(openai.APIError, match="ZeroDivisionError") as caught,
    ):
        read(ai)
    assert caught.value.code == "run_failed"
