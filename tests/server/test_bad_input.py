"""Every fault of a request is reported precisely, and the server keeps running."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from mav_engine.backends import load_backend
from mav_engine.errors import MAX_DETAIL, MAX_FIELD, InvalidSettings, ModelLoadFailed
from mav_engine.models.catalog import Catalog
from mav_engine.settings import parse_settings
from mav_engine.wording import shown
from tests.server.conftest import MakeClient
from tests.server.servers import AS_JSON, Models, problem, read_events

SETTINGS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "prompt", "give prompt"),
    ({"prompt": "a", "messages": [{"role": "user", "content": "b"}]}, "messages", "exactly one"),
    ({"prompt": ""}, "prompt", "at least 1 character"),
    ({"messages": []}, "messages", "at least 1 item"),
    ({"messages": [{"role": "user"}]}, "messages.content", "missing"),
    ({"prompt": "a", "temprature": 1}, "temprature", "Did you mean temperature?"),
    ({"prompt": "a", "tile": {"hight": 3}}, "tile.hight", "Did you mean height?"),
    ({"prompt": "a", "temperature": 11}, "temperature", "less than or equal to 10"),
    ({"prompt": "a", "temperature": -1}, "temperature", "greater than or equal to 0"),
    ({"prompt": "a", "temperature": "hot"}, "temperature", "valid number"),
    ({"prompt": "a", "temperature": None}, "temperature", "valid number"),
    ({"prompt": "a", "top_p": 0}, "top_p", "greater than 0"),
    ({"prompt": "a", "max_new_tokens": 0}, "max_new_tokens", "greater than or equal to 1"),
    ({"prompt": "a", "max_new_tokens": 2.5}, "max_new_tokens", "valid integer"),
    ({"prompt": "a", "max_new_tokens": True}, "max_new_tokens", "valid integer"),
    ({"prompt": "a", "max_new_tokens": 2049}, "max_new_tokens", "at most 2048"),
    ({"prompt": "a", "capture": ["atention_rows"]}, "capture", "Known: "),
    ({"prompt": "a", "capture": ["mlp"] * 65}, "capture", "at most 64 items, not 65"),
    ({"prompt": "a", "self": 1}, "self", "no setting named self"),
    ({"prompt": "a", "": 1}, "", "no setting named ''"),
    ({"prompt": "a", " ": 1}, " ", "no setting named ' '"),
    ({"prompt": "a", "tile": {"": 1}}, "tile.", "no setting named ''"),
    ({"prompt": "a", "tile": 3}, "tile", "should be an object"),
    ({"messages": ["a"]}, "messages", "messages[0] was given as 'a': input should be an object"),
    ({"prompt": "a", "stop": "x"}, "stop", "valid list"),
    ({"prompt": "a", "stop": ["a"] * 65}, "stop", "at most 64"),
    ({"prompt": "a", "stop": ["a" * 1001]}, "stop", "at most 1000"),
    ({"prompt": "a", "forced_ids": [257]}, "forced_ids", "0 to 256"),
    ({"prompt": "a", "min_new_tokens": 9, "max_new_tokens": 3}, "min_new_tokens", "only 3"),
    ({"prompt": "\ud800"}, "prompt", "valid string"),
    ({"prompt": 5}, "prompt", "valid string"),
    ({"prompt": "a", "seed": 10**400}, "seed", "less than or equal"),
    ({"prompt": "a" * 4096}, "prompt", "Shorten the prompt by"),
    ({"messages": [{"role": "user", "content": "a" * 4096}]}, "messages", "tokens in the messages"),
    *(
        ({"prompt": "a", "max_new_tokens": 4, name: number}, name, "less than or equal to")
        for name in (
            "top_k",
            "min_new_tokens",
            "no_repeat_ngram_size",
            "block_eos_steps",
            "block_ws_steps",
            "attn_every",
            "max_new_tokens",
            "seed",
        )
        for number in (1e30, 2**53, 2**64, 10**400)
    ),
    ({"prompt": "a", "forced_ids": [2**64]}, "forced_ids", "less than or equal to"),
    ({"prompt": "a", "breakpoints": {"after": 2**64}}, "breakpoints.after", "less than or equal"),
    ({"prompt": "a", "repetition_penalty": 1e308}, "repetition_penalty", "less than or equal"),
    ({"prompt": "a", "repetition_penalty": 1e-320}, "repetition_penalty", "greater than or"),
    ({"prompt": "a" * 131_073}, "prompt", "MAV_MAX_PROMPT_CHARACTERS"),
    (
        {"messages": [{"role": "user", "content": "a" * 65_536}] * 2},
        "messages",
        "MAV_MAX_PROMPT_CHARACTERS",
    ),
    *(
        (given, field, "unicode")
        for half in ("\ud800", "a\udfffb", "\udc80")
        for given, field in (
            ({"messages": [{"role": "user", "content": half}]}, "messages.content"),
            ({"messages": [{"role": half, "content": "a"}]}, "messages.role"),
            ({"prompt": "a", "stop": [half]}, "stop"),
            ({"prompt": "a", "model": half}, "model"),
            ({"prompt": "a", "capture": [half]}, "capture"),
            ({"prompt": "a", "resume": half}, "resume"),
            ({"prompt": "a", "breakpoints": {"text": half}}, "breakpoints.text"),
            ({"prompt": "a", "breakpoints": {"pattern": half}}, "breakpoints.pattern"),
        )
    ),
]


@pytest.mark.parametrize(("given", "field", "remedy"), SETTINGS)
def test_a_wrong_setting_is_named(
    client: TestClient, given: dict[str, Any], field: str, remedy: str
) -> None:
    error = problem(client.post("/api/run", content=json.dumps(given), headers=AS_JSON))
    assert error["status"] == 422
    assert error["field"] == field
    assert remedy in error["detail"]
    assert client.get("/api/health").json()["runs_active"] == 0


def test_an_unknown_model_is_answered_with_the_known_ones(client: TestClient) -> None:
    for name in ("../fake", "/etc", "fake/../fake", "fale"):
        error = problem(client.post("/api/run", json={"prompt": "a", "model": name}))
        assert (error["status"], error["code"], error["field"]) == (404, "unknown_model", "model")
        assert "fake, mav-tiny, other" in error["detail"]
    assert "Did you mean fake?" in error["detail"]


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("/api/run", {"prompt": "a"}),
        ("/api/compare", {"a": {"prompt": "a"}, "b": {"prompt": "a"}}),
        ("/api/tokenize", {"text": "a"}),
    ],
)
def test_an_odd_name_can_be_seen_in_the_error(
    client: TestClient, address: str, given: dict[str, Any]
) -> None:
    for name in ("", " ", "self", "\n", "\u200b", "__init__", "model_fields"):
        error = problem(client.post(address, json={**given, name: 1}))
        assert (error["status"], error["field"]) == (422, name)
        seen = name if name.isidentifier() else repr(name)
        assert f"named {seen}." in error["detail"]
    error = problem(client.get("/api/run?prompt=a&self=1"))
    assert (error["status"], error["field"]) == (422, "self")
    error = problem(client.get("/api/run?prompt=a&=1"))
    assert "named ''." in error["detail"]
    twice = client.post(address, content=b'{"": 1, "": 2}', headers=AS_JSON)
    assert "'' was given twice" in problem(twice)["detail"]


def test_a_probe_named_twice_is_captured_once(client: TestClient) -> None:
    given = {"prompt": "a", "max_new_tokens": 1, "capture": ["mlp", "residual", "mlp"]}
    start = read_events(client.post("/api/run", json=given))[0]
    assert start["settings"]["capture"] == ["mlp", "residual"]
    again = read_events(client.get("/api/run?prompt=a&max_new_tokens=1&capture=mlp,mlp"))[0]
    assert again["settings"]["capture"] == ["mlp"]


MANY = 300_000


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"prompt": "a", "forced_ids": [""] * MANY}, "forced_ids"),
        ({"prompt": "a", "capture": [""] * MANY}, "capture"),
        ({"prompt": "a", "stop": [1] * MANY}, "stop"),
        ({"messages": [1] * MANY}, "messages"),
        ({"messages": [{}] * MANY}, "messages.role"),
        ({"prompt": "a", **dict.fromkeys(map(str, range(MANY)), 1)}, "0"),
        ({"prompt": "a", "tile": dict.fromkeys(map(str, range(MANY)), 1)}, "tile.0"),
    ],
)
def test_of_many_faults_only_the_first_is_looked_at(given: dict[str, Any], field: str) -> None:
    """Each that pydantic collects takes some ten microseconds, in which nobody else is answered."""
    with pytest.raises(InvalidSettings) as refused:
        parse_settings(given)
    assert refused.value.field == field
    collected = refused.value.__context__
    assert isinstance(collected, ValidationError)
    assert collected.error_count() <= 2


def test_nan_is_refused_with_its_field(client: TestClient) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        body = f'{{"prompt": "a", "temperature": {number}}}'
        error = problem(client.post("/api/run", content=body, headers=AS_JSON))
        assert (error["status"], error["field"]) == (422, "temperature")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"prompt": "a"', "line 1, column 15"),
        (b'{"prompt":\n "a",}', "line 2"),
        (b'{"prompt": "\xff"}', "byte 12"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b"[" * 100_000, "nested"),
        ('{"prompt": "a"}'.encode("utf-16"), "UTF-16"),
        ('{"prompt": "a"}'.encode("utf-16-le"), "UTF-16"),
        ('{"prompt": "a"}'.encode("utf-16-be"), "UTF-16"),
        ('{"prompt": "a"}'.encode("utf-32"), "UTF-16 or UTF-32"),
        (b'{"seed": ' + b"1" * 5000 + b"}", "too long"),
    ],
)
def test_broken_json_is_refused_with_its_position(
    client: TestClient, body: bytes, detail: str
) -> None:
    error = problem(client.post("/api/run", content=body, headers=AS_JSON))
    assert (error["status"], error["code"], error["field"]) == (400, "not_json", "body")
    assert detail in error["detail"]


def test_a_byte_order_mark_of_utf_8_is_accepted(client: TestClient) -> None:
    body = '{"text": "ab"}'.encode("utf-8-sig")
    assert client.post("/api/tokenize", content=body, headers=AS_JSON).json()["count"] == 2
    params = '\ufeff{"prompt": "a", "max_new_tokens": 1}'
    assert read_events(client.get("/api/run", params={"params": params}))


@pytest.mark.parametrize(
    ("query", "field", "detail"),
    [
        ({"params": '{"prompt": "a", "prompt": "b"}'}, "prompt", "given twice"),
        ({"prompt": "a", "tile": '{"height": 1, "height": 2}'}, "height", "given twice"),
        ({"params": '{"prompt": "a", "temperature": NaN}'}, "temperature", "finite"),
        ({"prompt": "a", "temperature": "NaN"}, "temperature", "finite"),
        ({"params": '{"tile": ' + "[" * 1000 + "]" * 1000 + "}"}, "params", "nested"),
        ({"prompt": "a", "tile": "[" * 1000 + "]" * 1000}, "tile", "tile was given as"),
        ({"params": '{"seed": ' + "1" * 5000 + "}"}, "params", "too long"),
        ({"params": '{"prompt": "\\ud800"}'}, "prompt", "unicode"),
        ({"params": '{"\\ud800": 1}'}, "params", "surrogate"),
        (
            {"messages": '[{"role": "user", "content": "\\ud800"}]'},
            "messages.content",
            "unicode",
        ),
    ],
)
def test_json_in_a_query_is_parsed_as_that_of_a_body(
    client: TestClient, query: dict[str, str], field: str, detail: str
) -> None:
    error = problem(client.get("/api/run", params=query))
    assert (error["status"], error["field"]) == (422, field)
    assert detail in error["detail"]


def test_a_query_that_is_not_utf_8_is_refused_with_its_field(client: TestClient) -> None:
    for query, field in (
        ("prompt=%ff", "prompt"),
        ("prompt=Zo%EB&max_new_tokens=1", "prompt"),
        ("prompt=%ed%a0%80", "prompt"),
        ("prompt=a&stop=%c3", "stop"),
        ("params=%7B%22prompt%22%3A%22%ff%22%7D", "params"),
    ):
        error = problem(client.get(f"/api/run?{query}"))
        assert (error["status"], error["field"]) == (422, field)
        assert "UTF-8" in error["detail"]
    error = problem(client.get("/api/run?prompt=a&%ff=1"))
    assert (error["status"], error["field"]) == (422, r"'\udcff'")
    start = read_events(client.get("/api/run?prompt=Zo%C3%AB+a&max_new_tokens=1"))[0]
    assert start["settings"]["prompt"] == "Zo\u00eb a"


def test_values_of_any_depth_are_named() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert shown(value) == "a deeply nested list"


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"3", b"null"])
def test_json_that_is_no_object_is_refused(client: TestClient, body: bytes) -> None:
    assert problem(client.post("/api/run", content=body, headers=AS_JSON))["status"] == 422


def test_a_name_given_twice_is_refused(client: TestClient) -> None:
    error = problem(
        client.post("/api/run", content=b'{"prompt": "a", "prompt": "b"}', headers=AS_JSON)
    )
    assert (error["status"], error["field"]) == (422, "prompt")
    error = problem(client.get("/api/run?prompt=a&prompt=b"))
    assert (error["status"], error["field"]) == (422, "prompt")


def test_a_body_of_10_mb_is_refused(client: TestClient) -> None:
    error = problem(client.post("/api/run", json={"prompt": "a" * 10_000_000}))
    assert (error["status"], error["code"], error["field"]) == (413, "body_too_large", "body")
    assert "1000000" in error["detail"]


def test_a_body_of_another_type_is_refused(client: TestClient) -> None:
    response = client.post("/api/run", data={"prompt": "a"})
    assert problem(response)["code"] == "unsupported_media_type"
    assert response.status_code == 415


def test_a_format_that_is_not_to_be_had_is_refused(client: TestClient) -> None:
    error = problem(client.get("/api/run?prompt=a", headers={"Accept": "text/html"}))
    assert (error["status"], error["field"]) == (406, "Accept")
    assert "application/x-ndjson" in error["detail"]


def test_unknown_addresses_and_methods_are_problems_too(client: TestClient) -> None:
    assert problem(client.get("/api/nothing"))["status"] == 404
    response = client.put("/api/run")
    assert problem(response)["status"] == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert "GET, HEAD, POST" in response.json()["detail"]
    assert client.options("/api/run").status_code == 204


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({}, 422, "text"),
        ({"text": 3}, 422, "text"),
        ({"text": "a", "models": "fake"}, 422, "models"),
        ({"text": "a", "model": "nope"}, 404, "model"),
        ({"text": "a" * 131_073}, 422, "text"),
        ({"text": "a" * 8193}, 422, "text"),
        ([], 422, "text"),
    ],
)
def test_tokenize_names_the_field_at_fault(
    client: TestClient, given: object, status: int, field: str
) -> None:
    error = problem(client.post("/api/tokenize", json=given))
    assert (error["status"], error["field"]) == (status, field)


def test_half_a_surrogate_pair_is_no_text_to_tokenize(client: TestClient) -> None:
    for body, field in (({"text": "a\ud800"}, "text"), ({"text": "a", "model": "\udfff"}, "model")):
        answer = client.post("/api/tokenize", content=json.dumps(body), headers=AS_JSON)
        error = problem(answer)
        assert (error["status"], error["field"]) == (422, field)


def test_what_cannot_be_encoded_ends_the_stream_with_an_error(make_client: MakeClient) -> None:
    """Every part of it: an event that JSON cannot hold must not leave an empty or torn stream."""
    models = Models()
    client = make_client(models)
    given = {"prompt": "a", "max_new_tokens": 2}
    assert read_events(client.post("/api/run", json=given))[-1]["type"] == "done"
    models.backends[0].info.title = "half a pair: \ud800"
    for body, address in ((given, "/api/run"), ({"a": given, "b": given}, "/api/compare")):
        events = read_events(client.post(address, json=body))
        assert events[-1]["type"] == "error"
        assert events[-1]["code"] == "run_failed"
        lines = client.post(address, json=body, headers={"Accept": "application/x-ndjson"})
        assert json.loads(lines.text.splitlines()[-1])["type"] == "error"
    assert client.get("/api/health").json()["runs_active"] == 0


def test_the_operators_limits_refuse_rather_than_clamp(make_client: MakeClient) -> None:
    client = make_client(max_new_tokens=8, max_prompt_tokens=4)
    error = problem(client.post("/api/run", json={"prompt": "abc", "max_new_tokens": 9}))
    assert (error["field"], "1 to 8" in error["detail"]) == ("max_new_tokens", True)
    error = problem(client.post("/api/run", json={"prompt": "abcdef"}))
    assert (error["code"], error["field"]) == ("prompt_too_long", "prompt")
    error = problem(client.post("/api/run", json={"prompt": "abc", "min_new_tokens": 10}))
    assert error["field"] == "min_new_tokens"
    events = read_events(client.post("/api/run", json={"prompt": "abc"}))
    assert events[0]["settings"]["max_new_tokens"] == 8


def test_a_failed_load_is_reported_and_tried_again(make_client: MakeClient) -> None:
    faults: list[BaseException] = [
        ModelLoadFailed("fake has no weights.", field="model"),
        ZeroDivisionError("secret"),
        SystemExit("secret"),
    ]

    def break_at_first(_: str) -> None:
        if faults:
            raise faults.pop(0)

    client = make_client(Models(on_load=break_at_first))
    for remedy in ("no weights", "ZeroDivisionError", "SystemExit"):
        error = problem(client.post("/api/run", json={"prompt": "a"}))
        assert (error["status"], error["code"]) == (500, "model_load_failed")
        assert error["field"] == "model"
        assert remedy in error["detail"]
        assert "secret" not in error["detail"]
    assert client.post("/api/run", json={"prompt": "a"}).status_code == 200


def test_an_internal_error_reveals_no_secrets(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client()

    def broken() -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(client.app.state.service, "health", broken)
    error = problem(client.get("/api/health"))
    assert error["status"] == 500
    assert "secret" not in error["detail"]
    assert client.get("/api/models").status_code == 200


def test_a_prompt_at_the_end_of_the_context_ends_with_length(make_client: MakeClient) -> None:
    client = make_client(Models(context=16))
    events = read_events(client.post("/api/run", json={"prompt": "a" * 12}))
    assert events[-1]["reason"] == "length"
    assert events[-1]["tokens"] == 4


LONG = "x" * 900_000


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/api/run", {LONG: 1}),
        ("/api/run", {"prompt": "a", "model": LONG}),
        ("/api/run", {"prompt": "a", "model": f"fake@{LONG}"}),
        ("/api/run", {"prompt": "a", "capture": [LONG]}),
        ("/api/run", {"prompt": "a", "aggregation": LONG}),
        ("/api/run", {"prompt": "a", "tile": {LONG: 1}}),
        ("/api/run", {"prompt": "a", "resume": LONG}),
        ("/api/run", {"messages": [{"role": LONG, "content": "a"}]}),
        ("/api/run", {"messages": [{"role": "user", "content": "a", LONG: 1}]}),
        ("/api/run", {"prompt": "a", "breakpoints": {"pattern": LONG}}),
        ("/api/compare", {LONG: 1}),
        ("/api/compare", {"mode": LONG, "a": {"prompt": "a"}, "b": {"prompt": "a"}}),
        ("/api/compare", {"a": {"prompt": "a"}, "b": {"prompt": "a", "model": LONG}}),
        ("/api/compare", {"a": {"prompt": "a"}, "b": {"prompt": "a", LONG: 1}}),
        ("/api/tokenize", {"text": "a", LONG: 1}),
        ("/api/tokenize", {"text": "a", "model": LONG}),
        ("/api/tokenize", {"text": {"a": LONG}}),
    ],
)
@pytest.mark.parametrize("any_model", [False, True])
def test_an_error_repeats_little_of_what_was_given(
    make_client: MakeClient, path: str, given: object, any_model: bool
) -> None:
    response = make_client(any_model=any_model, max_body_bytes=2_000_000).post(path, json=given)
    error = problem(response)
    assert 400 <= error["status"] < 500
    assert len(error["detail"]) <= MAX_DETAIL
    assert len(error["field"]) <= MAX_FIELD
    assert response.content.count(b"x") < MAX_FIELD + 300


def test_a_name_given_twice_a_header_and_an_address_are_repeated_in_short(
    client: TestClient,
) -> None:
    twice = f'{{"{LONG}": 1, "{LONG}": 2}}'.encode()
    headers = {"Content-Type": "application/json"}
    long = LONG[:60_000]
    for response in (
        client.post("/api/run", content=twice[:999_999], headers=headers),
        client.post("/api/run", content=f'{{"{long}": 1, "{long}": 2}}', headers=headers),
        client.get(f"/api/run?{long}=1"),
        client.get(f"/api/run?{long[:30_000]}=1&{long[:30_000]}=1"),
        client.get("/api/run?prompt=a", headers={"Accept": long}),
        client.post("/api/run", content=b"{}", headers={"Content-Type": long}),
        client.get(f"/api/{long}"),
        client.request(long, "/api/run"),
    ):
        assert 400 <= problem(response)["status"] < 500
        assert response.content.count(b"x") < 500


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("/no/such/folder", 404, "There is no folder"),
        ("no-such-name", 404, "in the hub's cache"),
        ("nobody/nothing", 404, "in the hub's cache"),
        ("two\nlines", 404, "There is no model named"),
        ("a\0b", 404, "There is no model named"),
        ("../" * 1000, 422, "config.json"),
        ("/" + "x" * 4000, 404, "There is no folder"),
        ("x" * 4000, 404, "neither a local folder nor a valid hub name"),
        ("~nobody-here/model", 404, "There is no folder"),
        ("C:\\models", 404, "There is no folder"),
        ("//", 422, "no config.json"),
        ("..", 422, "config.json"),
        ("\u00e9\u202e", 404, ""),
        ("/etc/passwd", 422, "passwd is a file"),
        ("/dev/zero", 422, "neither a folder nor a file"),
        ("mav-tiny@bnb-int8", 422, "bitsandbytes"),
        ("{tmp}/models/fake", 422, "no *.safetensors weights"),
        ("{tmp}/models/fake/config.json", 422, "config.json is a file"),
    ],
)
@pytest.mark.parametrize("path", ["/api/run", "/api/tokenize"])
def test_any_name_that_a_client_gives_is_answered_with_4xx(
    make_client: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    path: str,
    name: str,
    status: int,
    words: str,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    # Names such as .. are relative to the server's folder.
    folder = tmp_path / "server"
    folder.mkdir()
    monkeypatch.chdir(folder)
    client = make_client(load_backend, offered=Catalog(any_model=True), load_patience_s=60.0)
    given = {"prompt": "a", "text": "a", "model": name.replace("{tmp}", str(tmp_path))}
    del given["text" if path == "/api/run" else "prompt"]
    error = problem(client.post(path, json=given))
    assert (error["status"], error["field"]) == (status, "model")
    assert words in error["detail"]


def test_a_broken_model_that_the_operator_offers_is_the_servers_fault(
    make_client: MakeClient,
) -> None:
    client = make_client(load_backend, load_patience_s=60.0)
    error = problem(client.post("/api/run", json={"prompt": "a", "model": "other"}))
    assert (error["status"], error["code"]) == (500, "model_load_failed")
    assert "no *.safetensors weights" in error["detail"]


def test_a_run_without_a_thread_gives_its_slot_back(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(max_runs=1, max_queue=0)
    given = {"prompt": "a", "max_new_tokens": 1}
    assert read_events(client.post("/api/run", json=given))[-1]["type"] == "done"
    start, refused = threading.Thread.start, "run "

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith(refused):
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        events = read_events(client.post("/api/run", json=given))
        refused = "load "
        error = problem(client.post("/api/run", json={**given, "model": "other"}))
    assert (error["code"], error["field"]) == ("model_load_failed", "model")
    assert read_events(client.post("/api/run", json={**given, "model": "other"}))
    assert events[-1]["type"] == "error"
    assert "can't start new thread" in events[-1]["detail"]
    assert client.get("/api/health").json()["runs_active"] == 0
    assert read_events(client.post("/api/run", json=given))[-1]["type"] == "done"
