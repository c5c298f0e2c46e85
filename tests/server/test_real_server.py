"""What only a real server shows: events one by one, clients that go, back-pressure, signals."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx2
import orjson
import pytest
from starlette.types import Message, Receive, Scope

from mav_engine.config import ServerConfig
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.runs import run_task
from mav_engine.server.serve import bind
from tests.server.conftest import MakeServer
from tests.server.servers import AS_JSON, PATIENCE_S, Gate, Models, events_in, types, until

LONG = {"prompt": "Once", "min_new_tokens": 2000, "max_new_tokens": 2000}


def test_each_token_arrives_before_the_next_is_computed(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate))
    with server.client.stream("POST", "/api/run", json=LONG) as response:
        events = events_in(response.iter_lines())
        assert types([next(events), next(events)]) == ["start", "prompt"]
        for index in range(5):
            token = next(events)
            assert (token["type"], token["index"]) == ("token", index)
            assert gate.passed == index
            gate.allow(1)


def test_a_client_that_goes_stops_its_run_within_two_tokens(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate), max_runs=1)
    with server.client.stream("POST", "/api/run", json=LONG) as response:
        events = events_in(response.iter_lines())
        gate.allow(3)
        for event in events:
            if event.get("index") == 3:
                break
        (run,) = server.service.runs
    until(lambda: run.reason == "cancelled")
    before = gate.passed
    gate.open()
    until(lambda: not server.service.runs)
    assert gate.passed - before <= 2
    assert server.client.get("/api/health").json()["runs_active"] == 0


def test_a_client_that_does_not_read_stops_its_run(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_task, "LAST_WORDS_S", 0.1)
    gate = Gate()
    gate.open()
    app = create_app(ServerConfig(deadline_s=0.5), catalog, Models(on_step=gate))

    async def never_read() -> None:
        sent = 0

        async def send(_: Message) -> None:
            nonlocal sent
            sent += 1
            if sent > 3:  # the socket is full
                await until_the_run_ends

        loop = asyncio.get_running_loop()
        until_the_run_ends = loop.run_in_executor(None, ended)
        await app(_post(LONG), _body(LONG), send)

    def ended() -> None:
        until(lambda: gate.passed > 0)
        until(lambda: not app.state.service.runs)

    asyncio.run(never_read())
    # The tokens of the three messages, those in the channel, and the current one.
    assert gate.passed <= 3 * run_task.CHANNEL_CAPACITY


def _post(settings: dict[str, object]) -> Scope:
    length = str(len(orjson.dumps(settings))).encode()
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/run",
        "raw_path": b"/api/run",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-length", length), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }


def _body(settings: dict[str, object]) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": orjson.dumps(settings)}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError("the client never goes")

    return receive


def test_health_answers_while_runs_are_on(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate))
    with server.client.stream("POST", "/api/run", json=LONG) as response:
        events = events_in(response.iter_lines())
        assert next(events)["type"] == "start"
        # The run's thread is blocked, but the event loop is not.
        assert server.client.get("/api/health").json()["runs_active"] == 1


def test_a_body_of_10_mb_is_refused_and_the_server_continues(make_server: MakeServer) -> None:
    server = make_server()

    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"a" * 100_000

    for body in (b"a" * 10_000_000, chunks()):
        response = server.client.post("/api/run", content=body, headers=AS_JSON)
        assert response.status_code == 413
        assert response.json()["code"] == "body_too_large"
    assert server.client.get("/api/health").status_code == 200


def test_many_clients_get_whole_streams_of_their_own(make_server: MakeServer) -> None:
    server = make_server(max_runs=3, max_queue=16)
    answers: dict[int, str] = {}

    def ask(seed: int) -> None:
        given = {"prompt": f"story {seed}", "max_new_tokens": 9, "temperature": 1, "seed": seed}
        with httpx2.Client(base_url=server.url, timeout=PATIENCE_S) as client:
            lines = client.post("/api/run", json=given).text.splitlines()
        events = list(events_in(iter(lines)))
        text = "".join(event["text"] for event in events if event["type"] == "token")
        assert events[0]["settings"]["seed"] == seed
        assert events[-1]["text"] == text
        answers[seed] = text

    clients = [threading.Thread(target=ask, args=(seed,)) for seed in range(12)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(PATIENCE_S)
    assert sorted(answers) == list(range(12))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_stopped_ends_its_runs(sent: signal.Signals) -> None:
    with _fake_server() as process:
        assert process.stdout is not None
        found = re.search(r"http://localhost:\d+", process.stdout.readline())
        assert found is not None
        settings = {**LONG, "prompt": "Once"}
        with httpx2.stream("POST", f"{found[0]}/api/run", json=settings, timeout=30) as response:
            events = events_in(response.iter_lines())
            while next(events)["type"] != "token":
                pass
            process.send_signal(sent)
            last = list(events)[-1]
        assert (last["type"], last["reason"]) == ("done", "cancelled")
        assert process.wait(PATIENCE_S) == 0


def _fake_server() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.server.fake_server"], stdout=subprocess.PIPE, text=True
    )


def test_small_events_are_sent_at_once() -> None:
    async def connect() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def on_connect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            accepted.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(on_connect, sock=bind("127.0.0.1", 0)) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            answer = await accepted
            writer.close()
            await writer.wait_closed()
            return answer

    assert asyncio.run(connect()) != 0
