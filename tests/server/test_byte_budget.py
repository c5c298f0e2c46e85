"""How much may be sent: of a run, and to one client in an hour."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from mav_engine.server.runs.byte_budget import ClientBudgets
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import Models, read_events, types

ASKED = {"prompt": "Once", "min_new_tokens": 60, "max_new_tokens": 60, "capture": []}


@pytest.fixture
def size(make_client: MakeClient) -> int:
    """Bytes of the run that these tests ask for."""
    response = make_client().post("/api/run", json=ASKED)
    assert read_events(response)[-1]["type"] == "done"
    return len(response.content)


def test_a_run_ends_where_its_events_pass_the_limit(make_client: MakeClient, size: int) -> None:
    limit = size // 2
    client = make_client(max_run_bytes=limit)
    for accept in ("text/event-stream", "application/x-ndjson"):
        response = client.post("/api/run", json=ASKED, headers={"Accept": accept})
        assert response.status_code == 200
        assert limit * 0.9 < len(response.content) < limit + 3000
    events = read_events(client.post("/api/run", json=ASKED))
    assert (events[-1]["type"], events[-1]["code"]) == ("error", "run_too_large")
    assert f"{limit:,} bytes" in events[-1]["detail"]
    assert "MAV_MAX_RUN_BYTES" in events[-1]["detail"]
    assert (
        read_events(
            client.post(
                "/api/run", json={**ASKED, "top_n": 1, "max_new_tokens": 2, "min_new_tokens": 0}
            )
        )[-1]["type"]
        == "done"
    )
    assert client.get("/api/health").json()["runs_active"] == 0


def test_a_comparison_has_one_limit_for_both_runs(make_client: MakeClient, size: int) -> None:
    client = make_client(max_run_bytes=size * 3 // 2)
    assert read_events(client.post("/api/run", json=ASKED))[-1]["type"] == "done"
    response = client.post("/api/compare", json={"a": ASKED, "b": ASKED})
    last = read_events(response)[-1]
    assert (last["type"], last["code"]) == ("error", "run_too_large")
    assert len(response.content) < size * 2


def test_maps_that_could_pass_the_limit_are_refused_at_once(make_client: MakeClient) -> None:
    client = make_client(max_run_bytes=1_000_000)
    given = {**ASKED, "capture": ["attention_map"], "attn_every": 1, "max_new_tokens": 200}
    refused = client.post("/api/run", json=given)
    assert (refused.status_code, refused.json()["field"]) == (422, "attn_every")
    assert "1,000,000" in refused.json()["detail"]
    for fits in ({"attn_every": 100}, {"attn_every": 0}, {"max_new_tokens": 60}):
        assert client.post("/api/run", json={**given, **fits}).status_code == 200
    long = {**given, "prompt": "a" * 500, "attn_every": 0}
    assert client.post("/api/run", json=long).json()["field"] == "capture"
    paired = client.post("/api/compare", json={"a": ASKED, "b": given})
    assert (paired.status_code, paired.json()["field"]) == (422, "b.attn_every")


def test_a_client_has_so_many_bytes_an_hour(make_server: MakeServer, size: int) -> None:
    server = make_server(Models(), max_client_bytes=size * 3 // 2)
    # A local proxy is trusted to name its clients.
    client, other = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
    first = server.client.post("/api/run", json=ASKED, headers=client)
    assert read_events(first)[-1]["type"] == "done"
    cut = read_events(server.client.post("/api/run", json=ASKED, headers=client))
    assert types(cut)[:3] == ["start", "prompt", "token"]
    assert (cut[-1]["type"], cut[-1]["code"]) == ("error", "client_budget_spent")
    for path, given in (("run", ASKED), ("compare", {"a": ASKED, "b": ASKED})):
        refused = server.client.post(f"/api/{path}", json=given, headers=client)
        assert (refused.status_code, refused.json()["code"]) == (429, "client_budget_spent")
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert "MAV_MAX_CLIENT_BYTES" in refused.json()["detail"]
    response = server.client.post("/api/run", json=ASKED, headers=other)
    assert read_events(response)[-1]["type"] == "done"


def test_programs_of_this_machine_have_no_budget(make_server: MakeServer, size: int) -> None:
    server = make_server(Models(), max_client_bytes=size // 2)
    for _ in range(3):
        assert read_events(server.client.post("/api/run", json=ASKED))[-1]["type"] == "done"


def test_no_limit_of_clients_is_no_limit(make_client: MakeClient) -> None:
    client: TestClient = make_client(max_client_bytes=0)
    for _ in range(3):
        assert read_events(client.post("/api/run", json=ASKED))[-1]["type"] == "done"


def test_a_budget_fills_up_again_and_is_one_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    budgets = ClientBudgets(3600, lambda: now)
    assert budgets.spend("2001:db8::1", 3600) is None
    spent = budgets.spend("2001:db8::2", 1)
    assert spent is not None
    assert spent.retry_after_s == 360
    assert budgets.spend("2001:db8:0:1::1", 1) is None
    assert budgets.spend("192.0.2.1", 1) is None
    # An IPv4 address on a dual-stack socket.
    assert budgets.spend("::ffff:192.0.2.2", 3600) is None
    assert budgets.spend("::ffff:192.0.2.3", 1) is None
    assert budgets.spend("192.0.2.2", 1) is not None
    for _ in range(2):
        assert budgets.spend("::ffff:127.0.0.1", 9999) is None
    now = 360.0
    assert budgets.spend("2001:db8::3", 360) is None
    assert budgets.spend("2001:db8::3", 1) is not None
    monkeypatch.setattr("mav_engine.server.runs.byte_budget.CLIENTS", 2)
    for number in range(5):
        budgets.spend(f"192.0.2.{number}", 1)
    assert len(budgets._buckets) == 2
