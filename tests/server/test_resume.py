"""A run that was cut short, continued by a client: the token goes through the API and back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from mav_engine.contract.events import FinishReason
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import Models, ids_of, read_events, until

SECRET = "a secret that servers share"
ASKED: dict[str, Any] = {"prompt": "Once", "temperature": 1.0, "seed": 5, "block_eos_steps": 40}


def run(client: TestClient, **given: Any) -> list[dict[str, Any]]:
    return read_events(client.post("/api/run", json=given))


def test_the_parts_of_a_run_are_the_run(client: TestClient) -> None:
    whole = run(client, **ASKED, max_new_tokens=20)
    first = run(client, **ASKED, max_new_tokens=12)
    second = run(client, resume=first[-1]["resume"], max_new_tokens=8)
    assert ids_of(first) + ids_of(second) == ids_of(whole)
    assert [event["index"] for event in second if event["type"] == "token"] == list(range(12, 20))
    start, prompt = second[:2]
    assert (start["settings"]["prompt"], start["settings"]["max_new_tokens"]) == ("Once", 20)
    assert start["settings"]["resume"] is None
    assert start["model"]["name"] == "fake"
    assert (prompt["written"], len(prompt["tokens"])) == (12, 16)
    assert prompt["written_text"] + second[-1]["text"] == whole[-1]["text"]


def test_the_query_takes_a_token_as_it_is(client: TestClient) -> None:
    first = run(client, **ASKED, max_new_tokens=4)
    settings = {"resume": first[-1]["resume"], "max_new_tokens": 3}
    by_query = read_events(client.get("/api/run", params=settings))
    assert ids_of(by_query) == ids_of(run(client, **settings))


@pytest.mark.parametrize("reason", ["deadline", "cancelled"])
def test_a_run_that_the_server_stops_can_be_resumed(
    make_server: MakeServer, reason: FinishReason
) -> None:
    steps = 0

    def stop_now_and_then() -> None:
        nonlocal steps
        steps += 1
        if steps % 6 == 0:
            name = threading.current_thread().name
            (live,) = (each for each in server.service.runs if each.run_id in name)
            live._loop.call_soon_threadsafe(live.stop, reason)
            until(lambda: live.reason == reason)

    server = make_server(Models(on_step=stop_now_and_then))
    settings = {**ASKED, "max_new_tokens": 20}
    parts = [read_events(server.client.post("/api/run", json=settings))]
    while parts[-1][-1]["reason"] != "length":
        assert parts[-1][-1]["reason"] == reason
        given = {"resume": parts[-1][-1]["resume"]}
        parts.append(read_events(server.client.post("/api/run", json=given)))
    assert len(parts) > 2
    whole = read_events(make_server().client.post("/api/run", json=settings))
    assert [token for part in parts for token in ids_of(part)] == ids_of(whole)
    assert parts[-1][1]["written_text"] + parts[-1][-1]["text"] == whole[-1]["text"]


def test_what_ended_by_itself_has_no_token(client: TestClient) -> None:
    ended = run(client, prompt="a", forced_ids=[104, 105], stop=["hi"])
    assert (ended[-1]["reason"], ended[-1]["resume"]) == ("stop", None)


def refused(client: TestClient, **given: Any) -> dict[str, Any]:
    response = client.post("/api/run", json=given)
    assert response.status_code == 422
    error: dict[str, Any] = response.json()
    return error


def test_a_token_is_refused_with_its_reason(make_client: MakeClient) -> None:
    client = make_client()
    token = run(client, **ASKED, max_new_tokens=4)[-1]["resume"]
    for bad, detail in (
        (token[:-1], "changed"),
        (token[:20] + ("A" if token[20] != "A" else "B") + token[21:], "changed"),
        ("Once upon a time", "not a token of this version"),
    ):
        error = refused(client, resume=bad)
        assert (error["code"], error["field"]) == ("resume_refused", "resume")
        assert detail in error["detail"]
    assert refused(make_client(), resume=token)["code"] == "resume_refused"
    assert refused(client, resume=token, model="other")["field"] == "resume"
    assert refused(client, resume=token, prompt="x")["field"] == "prompt"
    assert refused(client, resume=token, max_new_tokens=4000)["field"] == "max_new_tokens"
    assert client.get("/api/health").json()["runs_active"] == 0


def test_a_token_expires(make_client: MakeClient) -> None:
    client = make_client(resume_ttl_s=1e-6)
    error = refused(client, resume=run(client, **ASKED, max_new_tokens=4)[-1]["resume"])
    assert (error["code"], "expired" in error["detail"]) == ("resume_refused", True)


def test_a_token_of_a_model_that_changed_is_refused(make_client: MakeClient) -> None:
    client = make_client(secret=SECRET)
    token = run(client, **ASKED, max_new_tokens=4)[-1]["resume"]
    models = Models()
    later = make_client(models, secret=SECRET)
    run(later, prompt="a", max_new_tokens=1)
    models.backends[0].fingerprint = "trained on"
    error = refused(later, resume=token)
    assert (error["code"], "weights" in error["detail"]) == ("resume_refused", True)


def test_servers_with_one_secret_take_each_others_tokens(make_client: MakeClient) -> None:
    one, other = make_client(secret=SECRET), make_client(secret=SECRET)
    first = run(one, **ASKED, max_new_tokens=12)
    second = run(other, resume=first[-1]["resume"], max_new_tokens=8)
    assert ids_of(first) + ids_of(second) == ids_of(run(one, **ASKED, max_new_tokens=20))


@pytest.mark.parametrize(("limit", "more"), [(8, 8), (100, 64)])
def test_the_operators_limit_applies_to_each_part(
    make_client: MakeClient, limit: int, more: int
) -> None:
    client = make_client(max_new_tokens=limit)
    settings = {**ASKED, "block_eos_steps": 100, "max_new_tokens": 8}
    second = run(client, resume=run(client, **settings)[-1]["resume"])
    assert len(ids_of(second)) == more


def test_a_limit_below_the_default_length_adds_nothing_to_what_a_run_lacks(
    make_client: MakeClient,
) -> None:
    client = make_client(max_new_tokens=16)
    settings = {**ASKED, "block_eos_steps": 100, "max_new_tokens": 8, "breakpoints": {"after": 5}}
    first = run(client, **settings)
    assert first[-1]["reason"] == "breakpoint"
    second = run(client, resume=first[-1]["resume"], breakpoints={})
    assert (len(ids_of(first)), len(ids_of(second))) == (5, 3)


def test_the_resume_token_of_a_breakpoint_continues_past_it(client: TestClient) -> None:
    whole = run(client, **ASKED, max_new_tokens=20)
    low = sorted(event["entropy"] for event in whole if event["type"] == "token")[10]
    parts = [run(client, **ASKED, max_new_tokens=20, breakpoints={"entropy_above": low})]
    while parts[-1][-1]["reason"] == "breakpoint":
        token, done = parts[-1][-2:]
        assert done["hits"] == [
            {"condition": "entropy_above", "value": token["entropy"], "found": None}
        ]
        parts.append(run(client, resume=done["resume"]))
    assert len(parts) > 4
    assert [token for part in parts for token in ids_of(part)] == ids_of(whole)
    assert parts[-1][-1]["hits"] == []


def test_a_pattern_that_cannot_be_searched_is_refused_by_name(client: TestClient) -> None:
    response = client.post("/api/run", json={"prompt": "a", "breakpoints": {"pattern": "(a"}})
    assert (response.status_code, response.json()["field"]) == (422, "breakpoints.pattern")
    assert "regular expression" in response.json()["detail"]
