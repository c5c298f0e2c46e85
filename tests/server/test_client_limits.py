"""How often one client may ask, and how many runs it may have."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mav_engine.api_keys import KeyFile
from mav_engine.config import ServerConfig, read_environment
from mav_engine.errors import InvalidSettings
from mav_engine.server.app import create_app
from tests.server.conftest import MakeServer
from tests.server.servers import Gate, Models, RealServer, problem, read_events, until

RUN = {"prompt": "Once", "min_new_tokens": 4, "max_new_tokens": 4, "capture": []}
LONG = {"prompt": "Once", "min_new_tokens": 2000, "max_new_tokens": 2000, "capture": []}


def of(address: str, **headers: str) -> dict[str, str]:
    """The headers of a client behind a proxy of this machine."""
    return {"X-Forwarded-For": address, **headers}


def test_a_client_may_send_so_many_requests(make_server: MakeServer) -> None:
    server = make_server(rate_limit="5/hour")
    client, other = of("203.0.113.7"), of("203.0.113.8")
    for _ in range(5):
        assert server.client.get("/api/models", headers=client).status_code == 200
    for method, path in (
        ("GET", "/api/models"),
        ("POST", "/api/run"),
        ("POST", "/api/tokenize"),
        ("POST", "/api/compare"),
        ("GET", "/api/nothing"),
    ):
        refused = server.client.request(method, path, json=RUN, headers=client)
        assert (refused.status_code, problem(refused)["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 3600
        assert "MAV_RATE_LIMIT" in refused.json()["detail"]
    refused = server.client.post("/v1/completions", json={"prompt": "a"}, headers=client)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
    assert "retry-after" in refused.headers
    assert server.client.get("/api/health", headers=client).status_code == 200
    assert server.client.get("/api/models", headers=other).status_code == 200


def test_the_first_of_several_rates_that_is_used_up_refuses(make_server: MakeServer) -> None:
    server = make_server(rate_limit="100/day,2/hour")
    client = of("203.0.113.7")
    statuses = [server.client.get("/api/models", headers=client).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_addresses_of_one_ipv6_network_are_one_client(make_server: MakeServer) -> None:
    server = make_server(rate_limit="2/hour")

    def status(address: str) -> int:
        return server.client.get("/api/models", headers=of(address)).status_code

    assert [status(f"2001:db8::{n}") for n in (1, 2, 3)] == [200, 200, 429]
    assert status("2001:db8:0:1::1") == 200


def test_programs_of_this_machine_have_no_limits(make_server: MakeServer) -> None:
    server = make_server(rate_limit="1/day", max_client_runs=1)
    for _ in range(3):
        assert server.client.get("/api/models").status_code == 200


def test_only_a_trusted_proxy_says_who_its_client_is(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "192.0.2.1")
    server = make_server(rate_limit="1/day")
    # The address of the connection counts, which is local.
    for _ in range(3):
        assert server.client.get("/api/models", headers=of("203.0.113.7")).status_code == 200


def test_an_api_key_is_a_client_wherever_it_comes_from(
    make_server: MakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    first, second = KeyFile(path).add("a", ["models"]), KeyFile(path).add("b", ["models"])
    server = make_server(rate_limit="2/hour", keys_file=path)

    def status(key: str, address: str) -> int:
        headers = of(address, Authorization=f"Bearer {key}")
        return server.client.get("/api/models", headers=headers).status_code

    assert [status(first, f"203.0.113.{n}") for n in (1, 2, 3)] == [200, 200, 429]
    assert status(second, "203.0.113.3") == 200


def test_a_client_may_have_so_many_runs(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), max_client_runs=2, max_runs=8)
    client, other = of("203.0.113.7"), of("203.0.113.8")
    with ExitStack() as stack:

        def begin(path: str, given: object, headers: dict[str, str]) -> None:
            stream = server.client.stream("POST", path, json=given, headers=headers)
            assert stack.enter_context(stream).status_code == 200

        begin("/api/run", LONG, client)
        begin("/api/compare", {"a": LONG, "b": LONG}, client)
        for path, given in (("/api/run", RUN), ("/api/compare", {"a": RUN, "b": RUN})):
            refused = server.client.post(path, json=given, headers=client)
            assert (refused.status_code, problem(refused)["code"]) == (429, "too_many_runs")
            assert refused.headers["retry-after"] == "5"
            assert "MAV_MAX_CLIENT_RUNS" in refused.json()["detail"]
        begin("/api/run", LONG, other)
    gate.open()
    until(lambda: server.client.get("/api/health").json()["runs_active"] == 0)
    # Refused runs, finished ones and those whose client left take no place.
    for given in ({**RUN, "max_new_tokens": 10**6}, {**RUN, "capture": ["nothing"]}, RUN, RUN, RUN):
        server.client.post("/api/run", json=given, headers=client)
    answered = server.client.post("/api/run", json=RUN, headers=client)
    assert read_events(answered)[-1]["type"] == "done"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis server on a free port."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no redis-server is installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path) as process:

        def answers() -> bool:
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0

        until(answers)
        yield f"redis://127.0.0.1:{port}/0", process
        process.terminate()


def test_servers_that_share_a_redis_count_together(
    make_server: MakeServer, gate: Gate, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    address, process = redis
    settings: dict[str, object] = {
        "redis": address,
        "rate_limit": "6/hour",
        "max_client_runs": 1,
    }
    servers = [make_server(Models(on_step=gate), **settings) for _ in range(2)]
    client = of("203.0.113.7")

    def statuses(server: RealServer, count: int) -> list[int]:
        return [server.client.get("/api/models", headers=client).status_code for _ in range(count)]

    assert statuses(servers[0], 2) + statuses(servers[1], 2) == [200] * 4
    with servers[0].client.stream("POST", "/api/run", json=LONG, headers=client) as stream:
        assert stream.status_code == 200
        refused = servers[1].client.post("/api/run", json=RUN, headers=client)
        assert problem(refused)["code"] == "too_many_runs"
    gate.open()
    assert statuses(servers[0], 1) + statuses(servers[1], 1) == [429] * 2
    # Without Redis each server counts by itself, and answers.
    process.kill()
    process.wait()
    for server in servers:
        assert statuses(server, 5) == [200] * 5
        answered = server.client.post("/api/run", json=RUN, headers=client)
        assert read_events(answered)[-1]["type"] == "done"
        assert statuses(server, 1) == [429]


def test_without_redis_at_the_beginning_a_server_counts_by_itself(
    make_server: MakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = make_server(redis="redis://:secret-word@127.0.0.1:1/0", rate_limit="2/hour")
    client = of("203.0.113.7")
    statuses = [server.client.get("/api/models", headers=client).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert "MAV_REDIS" in caplog.text
    assert "secret-word" not in caplog.text


@pytest.mark.parametrize("given", ["5", "5/week", "0/hour", "5/hour,", "a/hour", "-1/hour"])
def test_a_rate_has_a_number_and_a_time(given: str) -> None:
    with pytest.raises(InvalidSettings, match="MAV_RATE_LIMIT"):
        read_environment({"MAV_RATE_LIMIT": given})


@pytest.mark.parametrize("given", ["localhost", "http://a", "redis://", "redis://a:99999"])
def test_redis_has_an_address_that_no_message_shows(given: str) -> None:
    with pytest.raises(InvalidSettings, match="MAV_REDIS") as caught:
        read_environment({"MAV_REDIS": given})
    assert given not in caught.value.detail.replace("redis://127.0.0.1:6379/0", "")


def test_a_missing_package_is_named_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mav_engine.server.http.client_limits.find_spec", lambda _: None)
    with pytest.raises(InvalidSettings, match="pip install"):
        create_app(ServerConfig())
    create_app(ServerConfig(rate_limit="0", max_client_runs=0))
    create_app(read_environment({"VERCEL": "1"}))
