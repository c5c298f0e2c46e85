"""A site whose models run on other servers: what arrives, what is cancelled, what breaks."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from mav_engine.config import ServerConfig, read_environment
from mav_engine.contract.events import EVENTS
from mav_engine.contract.model_list import ModelList
from mav_engine.errors import InvalidSettings
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.relay import events, relay
from mav_engine.server.runs import run_task
from tests.server.servers import (
    AS_JSON,
    PATIENCE_S,
    Gate,
    Models,
    RealServer,
    events_in,
    problem,
    read_events,
    runs_of,
    types,
    until,
)

KEY = "the-key-of-the-gpu-host"
LONG = {"prompt": "Once", "min_new_tokens": 2000, "max_new_tokens": 2000}
SHORT = {"prompt": "Once", "max_new_tokens": 5, "seed": 3, "temperature": 1.0}
MakeHost = Callable[..., RealServer]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of models are never too fresh to be asked for again, and retries wait for nothing."""
    monkeypatch.setattr(relay, "MAX_AGE_S", 0.0)
    monkeypatch.setattr(relay, "FIRST_WAIT_S", 0.0)


@pytest.fixture
def servers() -> Iterator[list[RealServer]]:
    started: list[RealServer] = []
    yield started
    for server in reversed(started):
        server.stop()


@pytest.fixture
def host(servers: list[RealServer], tmp_path: Path) -> MakeHost:
    """Starts a server that runs these models, each a name with the size of its vocabulary."""

    def make(
        names: dict[str, int] | None = None,
        load: Models | None = None,
        *,
        port: int = 0,
        **config: Any,
    ) -> RealServer:
        names = {"big": 257} if names is None else names
        folder = tmp_path / f"host-{len(servers)}"
        for name, size in names.items():
            (folder / name).mkdir(parents=True)
            text = f'{{"vocab_size": {size}}}'
            (folder / name / "config.json").write_text(text, encoding="utf-8")
        catalog = Catalog(models_dir=folder, default=next(iter(names)), embedded=False)
        app = create_app(ServerConfig(**config), catalog, load or Models())
        servers.append(RealServer(app, port))
        return servers[-1]

    return make


@pytest.fixture
def site(servers: list[RealServer], tmp_path: Path) -> MakeHost:
    """Starts a site that relays to these servers; with `own` it runs a model of that name too."""

    def make(
        *hosts: RealServer | str, own: str | None = None, load: Models | None = None, **config: Any
    ) -> RealServer:
        urls = tuple(each if isinstance(each, str) else each.url for each in hosts)
        catalog = None
        if own is not None:
            folder = tmp_path / f"site-{len(servers)}"
            (folder / own).mkdir(parents=True)
            (folder / own / "config.json").write_text('{"vocab_size": 257}', encoding="utf-8")
            catalog = Catalog(models_dir=folder, default=own, embedded=False)
        settings = ServerConfig(upstream=urls, embedded=False, **config)
        servers.append(RealServer(create_app(settings, catalog, load)))
        return servers[-1]

    return make


def listed(server: RealServer) -> dict[str, Any]:
    """The list of models, without what is wrong with the empty folders of fake models."""
    found: dict[str, Any] = server.client.get("/api/models").json()
    ModelList.model_validate(found)
    problems = found["problems"].items()
    found["problems"] = {name: why for name, why in problems if "safetensors" not in why}
    return found


def host_of(server: RealServer) -> str:
    return f"127.0.0.1:{server.port}"


def without_ids(body: bytes) -> bytes:
    """A stream without what differs between two runs: its id, times and resume token."""
    body = re.sub(rb"\b[0-9a-f]{32}\b", b"ID", body)
    return re.sub(rb'("\w+_(?:ms|per_second)"|"resume"):("[^"]*"|[\d.e-]+)', rb"\1:0", body)


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson"])
def test_a_relayed_run_is_the_run_byte_for_byte(
    host: MakeHost, site: MakeHost, accept: str
) -> None:
    gpu = host()
    relayed = site(gpu)
    asked = {**SHORT, "capture": ["attention_rows", "predictions"]}
    for encoding in ("identity", "gzip"):
        headers = {"Accept": accept, "Accept-Encoding": encoding}
        answers = [
            each.client.post("/api/run", json=asked, headers=headers) for each in (gpu, relayed)
        ]
        for name in ("content-type", "cache-control", "x-accel-buffering", "content-encoding"):
            assert answers[0].headers.get(name) == answers[1].headers.get(name), name
        direct, other = (without_ids(each.content) for each in answers)
        assert direct == other
        assert b'"reason":"length"' in direct
    by_query = relayed.client.get("/api/run", params={**SHORT, "capture": "predictions"})
    assert types(read_events(by_query))[-1] == "done"
    inside = relayed.client.get("/api/run", params={"params": orjson.dumps(SHORT).decode()})
    assert types(read_events(inside))[-1] == "done"


def test_each_event_passes_before_the_next_is_computed(
    host: MakeHost, site: MakeHost, gate: Gate
) -> None:
    relayed = site(host(load=Models(on_step=gate)))
    with relayed.client.stream("POST", "/api/run", json=LONG) as response:
        received = events_in(response.iter_lines())
        assert types([next(received), next(received)]) == ["start", "prompt"]
        for index in range(4):
            assert next(received)["index"] == index
            assert gate.passed == index
            gate.allow(1)
        assert relayed.client.get("/api/health").json()["runs_active"] == 1


def test_heartbeats_pass(host: MakeHost, site: MakeHost, gate: Gate) -> None:
    relayed = site(host(load=Models(on_step=gate), heartbeat_s=0.05))
    with relayed.client.stream("POST", "/api/run", json=LONG) as response:
        assert ": heartbeat" in response.iter_lines()


@pytest.mark.parametrize("path", ["/api/run", "/api/compare"])
def test_a_client_that_goes_ends_the_run_within_two_tokens(
    host: MakeHost, site: MakeHost, gate: Gate, path: str
) -> None:
    gpu = host(load=Models(on_step=gate))
    relayed = site(gpu)
    asked = LONG if path == "/api/run" else {"a": LONG, "b": LONG}
    with relayed.client.stream("POST", path, json=asked) as response:
        received = events_in(response.iter_lines())
        gate.allow(6)
        for event in received:
            if event.get("index") == 2 or event.get("event", {}).get("index") == 2:
                break
        runs = list(gpu.service.runs)
    until(lambda: all(run.reason == "cancelled" for run in runs))
    before = gate.passed
    gate.open()
    until(lambda: not gpu.service.runs)
    assert gate.passed - before <= 2 * len(runs)
    until(lambda: runs_of(relayed) == (0, 0))


def test_a_client_that_goes_before_the_first_event_ends_the_request(
    host: MakeHost, site: MakeHost
) -> None:
    """The server below accepts a connection and never answers."""
    gpu = host()
    relayed = site(gpu)
    listed(relayed)
    gpu.stop()
    with socket.create_server(("127.0.0.1", gpu.port)) as silent:
        with socket.create_connection(("127.0.0.1", relayed.port)) as client:
            body = orjson.dumps(LONG)
            head = f"POST /api/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            client.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
            silent.settimeout(PATIENCE_S)
            connection, _ = silent.accept()
            connection.settimeout(PATIENCE_S)
            assert connection.recv(100).startswith(b"POST /api/run")
        with connection, contextlib.suppress(ConnectionResetError):
            while connection.recv(4096):
                pass


def test_a_slow_reader_slows_the_run_down(
    host: MakeHost, site: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the buffers of sockets holds events that the client does not read."""
    monkeypatch.setattr(run_task, "BLOCKED_S", 0.05)
    gate = Gate()
    gate.open()
    gpu = host(load=Models(on_step=gate), min_read_rate=0)
    relayed = site(gpu, min_read_rate=0)
    maps = {"attn_every": 1, "capture": ["attention_map"]}
    asked = {**LONG, "max_new_tokens": 400, "min_new_tokens": 400, **maps}
    with relayed.client.stream("POST", "/api/run", json=asked) as response:
        until(lambda: any(run._blocked for run in gpu.service.runs))
        passed = gate.passed
        assert passed < 300
        received = events_in(response.iter_lines())
        indices = [event.get("index") for event in islice(received, passed + 5)]
    assert indices == [None, None, *range(passed + 3)]


def test_models_of_all_servers_are_listed_with_their_host(host: MakeHost, site: MakeHost) -> None:
    one, two = host({"big": 257, "own": 257}), host({"huge": 300})
    found = listed(site(one, two, own="own", load=Models()))
    assert [model["name"] for model in found["models"]] == ["own", "big", "huge"]
    assert found["hosts"] == {"big": host_of(one), "huge": host_of(two)}
    assert (found["default"], found["problems"]) == ("own", {})


def test_the_default_model_may_be_that_of_another_server(host: MakeHost, site: MakeHost) -> None:
    gpu = host({"other": 257, "big": 257})
    relayed = site(gpu, own="own", load=Models(), default_model="big")
    assert listed(relayed)["default"] == "big"
    for asked in (SHORT, {**SHORT, "model": "big"}):
        start = read_events(relayed.client.post("/api/run", json=asked))[0]
        assert start["settings"]["model"] == "big"
    by_query = read_events(relayed.client.get("/api/run", params=SHORT))
    assert by_query[0]["settings"]["model"] == "big"
    given = {"params": orjson.dumps(SHORT).decode()}
    assert read_events(relayed.client.get("/api/run", params=given))[0]["model"]["name"] == "big"
    tokens = relayed.client.post("/api/tokenize", json={"model": None, "text": "a b"}).json()
    assert (tokens["model"], tokens["count"]) == ("big", 3)
    pair = relayed.client.post("/api/compare", json={"a": SHORT, "b": SHORT})
    assert read_events(pair)[-1]["type"] == "compared"
    own = read_events(relayed.client.post("/api/run", json={**SHORT, "model": "own"}))
    assert own[0]["settings"]["model"] == "own"
    gpu.stop()
    # A run that names no model then runs here.
    assert listed(relayed)["default"] == "own"
    assert read_events(relayed.client.post("/api/run", json=SHORT))[0]["model"]["name"] == "own"


def test_a_server_that_stops_in_the_middle_is_an_error_event(site: MakeHost) -> None:
    with in_process("tests.server.fake_server") as (process, url):
        relayed = site(url)
        listed(relayed)
        with relayed.client.stream("POST", "/api/run", json=LONG) as response:
            lines = response.iter_lines()
            received = []
            for event in events_in(lines):
                received.append(event)
                if event.get("index") == 3:
                    process.kill()
            last = received[-1]
        assert (last["type"], last["code"]) == ("error", "upstream_lost")
        assert last["retry_after_s"] > 0
        EVENTS.adapter.validate_python(last)
        indices = [event["index"] for event in received if event["type"] == "token"]
        assert indices == list(range(len(indices)))
        process.wait(PATIENCE_S)
        refused = relayed.client.post("/api/run", json={**SHORT, "model": "fake"})
        assert refused.status_code == 503
        error = problem(refused)
        assert (error["code"], error["field"]) == ("upstream_unreachable", "model")
        assert url.removeprefix("http://") in error["detail"]
        assert refused.headers["retry-after"] == "10"


@contextlib.contextmanager
def in_process(*command: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, which can be killed, and its address."""
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE, text=True, env={**os.environ, **environment},
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            found = re.search(r"http://localhost:\d+", process.stdout.readline())
            assert found is not None
            yield process, found[0].replace("localhost", "127.0.0.1")
        finally:
            process.kill()


class Scripted:
    """A server that answers each connection with one of these byte strings, then closes it."""

    def __init__(self, *answers: bytes, keeps_open: bool = False) -> None:
        self.requests: list[bytes] = []
        self._answers = list(answers)
        self._keeps_open = keeps_open
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while self._answers:
                connection, _ = self._socket.accept()
                request = connection.recv(65_536)
                # The whole of it: a close with unread bytes would discard the answer.
                while not is_whole(request):
                    request += connection.recv(65_536)
                if b"/api/models" in request:
                    connection.sendall(LISTING)
                else:
                    self.requests.append(request)
                    connection.sendall(self._answers.pop(0))
                    if self._keeps_open:
                        self._open.append(connection)
                        continue
                connection.close()

    def close(self) -> None:
        self._answers = []
        for each in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(*answers: bytes, keeps_open: bool = False) -> Scripted:
        made.append(Scripted(*answers, keeps_open=keeps_open))
        return made[-1]

    yield make
    for each in made:
        each.close()


def is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def answer(status: str, kind: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = [
        f"HTTP/1.1 {status}", f"Content-Type: {kind}",
        f"Content-Length: {len(body) if length is None else length}", "Connection: close", *headers,
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


INFO = {
    "name": "big", "title": "Big", "parameters": 7, "layers": None, "heads": None,
    "kv_heads": None, "d_model": None, "vocabulary": None, "context": None, "dtype": None,
    "device": None, "loaded": False, "chat_template": None, "capabilities": [], "later": 1,
}  # fmt: skip
LISTING = answer(
    "200 OK",
    "application/json",
    orjson.dumps({"default": "big", "models": [INFO], "training": False, "later": True}),
)
EVENT = b'id: r:0\nevent: start\ndata: {"type":"start"}\n\n'
STREAM = "text/event-stream; charset=utf-8"
BUSY = answer(
    "503 Service Unavailable", "application/problem+json", b'{"code":"busy"}', "Retry-After: 1"
)
GOOD = answer("200 OK", STREAM, EVENT)


def test_half_an_event_is_not_passed_on(site: MakeHost, scripted: Callable[..., Scripted]) -> None:
    broken = answer("200 OK", STREAM, EVENT + b'id: r:1\nevent: token\ndata: {"ty', length=900)
    body = site(scripted(broken).url).client.post("/api/run", json=LONG).text
    assert body.startswith(EVENT.decode() + "event: error\ndata: {")
    assert [event["type"] for event in events_in(iter(body.splitlines()))] == ["start", "error"]


def test_a_server_that_falls_silent_is_an_error_event(
    site: MakeHost, scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mav_engine.server.relay import api

    monkeypatch.setattr(api, "IDLE_S", 0.2)
    silent = scripted(answer("200 OK", STREAM, EVENT, length=900), keeps_open=True)
    body = site(silent.url).client.post("/api/run", json=LONG).text
    (_, error) = events_in(iter(body.splitlines()))
    assert error["code"] == "upstream_lost"


def test_a_large_event_passes_in_parts(
    site: MakeHost, scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_HELD", 1000)
    large = b"id: r:1\nevent: token\ndata: " + b"x" * 500_000 + b"\n\n"
    relayed = site(scripted(answer("200 OK", STREAM, EVENT + large)).url)
    assert relayed.client.post("/api/run", json=LONG).content == EVENT + large
    broken = answer("200 OK", STREAM, EVENT + large[:-2], length=900_000)
    relayed = site(scripted(broken).url)
    # Behind half an event an error event could not be read.
    body = relayed.client.post("/api/run", json=LONG).content
    assert body == (EVENT + large)[: len(body)]


@pytest.mark.parametrize(
    ("answers", "status", "requests"),
    [
        ((BUSY, GOOD), 200, 2),
        ((b"", GOOD), 200, 2),
        ((BUSY, BUSY), 503, 2),
        ((BUSY.replace(b"Retry-After: 1", b"Retry-After: 60"), GOOD), 503, 1),
        ((answer("422 X", "application/problem+json", b"{}"), GOOD), 422, 1),
        ((answer("200 OK", STREAM, EVENT, length=900), GOOD), 200, 1),
    ],
    ids=["busy", "closed at once", "busy twice", "busy for long", "refused", "begun"],
)
def test_requests_are_repeated_before_the_first_event_only(
    site: MakeHost,
    scripted: Callable[..., Scripted],
    monkeypatch: pytest.MonkeyPatch,
    answers: tuple[bytes, ...],
    status: int,
    requests: int,
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(relay, "sleep", sleep)
    gpu = scripted(*answers)
    got = site(gpu.url).client.post("/api/run", json=LONG)
    assert got.status_code == status
    assert len(gpu.requests) == requests
    assert waits == ([1.0] if BUSY in answers else [0.0] if b"" in answers else [])
    if status == 503:
        assert got.headers["retry-after"] in ("1", "60")


def test_only_some_headers_are_passed_on(site: MakeHost, scripted: Callable[..., Scripted]) -> None:
    gpu = scripted(GOOD)
    relayed = site(gpu.url, upstream_key=KEY)
    headers = {
        "Authorization": "Bearer mine", "Cookie": "a=b", "Last-Event-ID": "r:4", "X-Else": "1",
        "Accept": "text/event-stream", "X-Forwarded-For": "9.9.9.9",
    }  # fmt: skip
    relayed.client.post("/api/run", json=LONG, headers=headers)
    sent = dict(re.findall(r"^([\w-]+): (.*)\r$", gpu.requests[0].decode().lower(), re.MULTILINE))
    assert set(sent) == {
        "host", "user-agent", "accept", "accept-encoding", "authorization", "connection",
        "content-length", "content-type", "last-event-id", "x-mav-client",
    }  # fmt: skip
    assert sent["authorization"] == f"bearer {KEY}"
    assert (sent["last-event-id"], sent["x-mav-client"]) == ("r:4", "9.9.9.9")


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (answer("302 Found", "text/html", b"Moved", "Location: http://127.0.0.1:1/"),
         "upstream_refused", "does not answer like MAV"),
        (answer("502 Bad Gateway", "text/html", b"nginx"), "upstream_unreachable", "reached"),
        (answer("403 Forbidden", "application/problem+json", b'{"code":"host_refused"}'),
         "upstream_refused", "set MAV_KEY there"),
    ],
)  # fmt: skip
def test_answers_of_other_programs_are_not_passed_on(
    site: MakeHost, scripted: Callable[..., Scripted], caplog: pytest.LogCaptureFixture,
    given: bytes, code: str, words: str,
) -> None:  # fmt: skip
    relayed = site(scripted(given, given, GOOD).url)
    refused = relayed.client.post("/api/run", json=LONG)
    error = problem(refused)
    assert error["code"] == code
    assert words in caplog.text
    assert "nginx" not in refused.text


def test_a_wrong_key_is_named_in_the_list_and_in_the_log_only(
    host: MakeHost, site: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    gpu = host(key=KEY)
    wrong = "another-key-of-mine"
    with caplog.at_level(logging.ERROR):
        relayed = site(gpu, own="own", load=Models(), upstream_key=wrong)
        found = listed(relayed)
    assert found["problems"] == {
        host_of(
            gpu
        ): f"{host_of(gpu)} does not accept the key: set MAV_UPSTREAM_KEY to the MAV_KEY "
        "of that server."
    }
    assert "does not accept the key" in caplog.text
    refused = relayed.client.post("/api/run", json={**SHORT, "model": "big"})
    assert (refused.status_code, problem(refused)["code"]) == (503, "upstream_unreachable")
    for text in (caplog.text, refused.text, str(found)):
        assert wrong not in text
        assert KEY not in text
    assert read_events(relayed.client.post("/api/run", json=SHORT))[-1]["type"] == "done"


def test_a_server_with_a_key_answers_its_site_only(host: MakeHost, site: MakeHost) -> None:
    gpu = host(key=KEY, max_client_bytes=1000)
    with httpx2.Client(base_url=gpu.url) as client:
        for given in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {KEY}"}):
            refused = client.post("/api/run", json=SHORT, headers=given)
            assert (refused.status_code, problem(refused)["code"]) == (401, "key_refused")
            assert refused.headers["www-authenticate"] == "Bearer"
            assert "MAV_UPSTREAM_KEY" in refused.json()["detail"]
        for path in ("/api", "/api/", "/api/models", "/api/openapi.json", "/api/nowhere"):
            assert client.get(path).status_code == 401, path
        assert client.get("/api/health").status_code == 200
        assert client.get("/api/health", headers={"Host": "gpu.example.org"}).status_code == 200
    relayed = site(gpu, upstream_key=KEY)
    assert "big" in listed(relayed)["hosts"]
    # Each visitor of the site has a budget of their own on the server.
    first, second = ({"X-Forwarded-For": f"9.9.9.{n}"} for n in (1, 2))
    ends = [
        types(read_events(relayed.client.post("/api/run", json=SHORT, headers=headers)))[-1]
        for headers in (first, second)
    ]
    assert ends == ["error", "error"]
    spent = relayed.client.post("/api/run", json=SHORT, headers=first)
    assert (spent.status_code, problem(spent)["code"]) == (429, "client_budget_spent")


def test_servers_with_the_same_model_stand_in_for_each_other(
    host: MakeHost, site: MakeHost
) -> None:
    one, two, other = host({"big": 257}), host({"big": 257}), host({"big": 300})
    relayed = site(one, two, other)
    found = listed(relayed)
    assert found["hosts"] == {"big": host_of(one)}
    assert list(found["problems"]) == [host_of(other)]
    assert f"another model named big than {host_of(one)}" in found["problems"][host_of(other)]
    read_events(relayed.client.post("/api/run", json=SHORT))
    assert [len(loaded(each)) for each in (one, two, other)] == [1, 0, 0]
    one.stop()
    # Without a look at the list: the run itself finds that the first server is away.
    done = read_events(relayed.client.post("/api/run", json=SHORT))[-1]
    assert done["type"] == "done"
    assert [len(loaded(each)) for each in (two, other)] == [1, 0]
    assert listed(relayed)["hosts"] == {"big": host_of(two)}


def loaded(server: RealServer) -> list[str]:
    found: list[str] = server.client.get("/api/health").json()["models_loaded"]
    return found


def test_a_server_that_is_away_at_first_is_used_when_it_comes(
    host: MakeHost, site: MakeHost
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    relayed = site(f"http://127.0.0.1:{port}", own="own", load=Models())
    found = listed(relayed)
    assert [model["name"] for model in found["models"]] == ["own"]
    (told,) = found["problems"].values()
    assert told == (
        f"127.0.0.1:{port} cannot be reached, so its models do not run. Check that MAV runs there "
        "and that MAV_UPSTREAM has its address."
    )
    asked = {**SHORT, "model": "big"}
    refused = relayed.client.post("/api/run", json=asked)
    assert (refused.status_code, problem(refused)["code"]) == (503, "upstream_unreachable")
    assert f"127.0.0.1:{port}" in refused.json()["detail"]
    assert read_events(relayed.client.post("/api/run", json=SHORT))[-1]["type"] == "done"
    gpu = host(port=port)
    assert read_events(relayed.client.post("/api/run", json=asked))[-1]["type"] == "done"
    assert listed(relayed)["problems"] == {}
    gpu.stop()
    # Its models stay in the list, each with the reason why it does not run.
    found = listed(relayed)
    assert [model["name"] for model in found["models"]] == ["own", "big"]
    assert found["problems"]["big"] == found["problems"][f"127.0.0.1:{port}"] == told


def test_unknown_models_and_invalid_requests_are_refused(host: MakeHost, site: MakeHost) -> None:
    relayed = site(host())
    for asked, status, field in [
        ({**SHORT, "model": "bog"}, 404, "model"),
        ({**SHORT, "model": "big", "top_k": -1}, 422, "top_k"),
        ({**SHORT, "top_k": -1}, 422, "top_k"),
        ({**SHORT, "model": 5}, 422, "model"),
        ([1], 422, None),
    ]:
        refused = relayed.client.post("/api/run", json=asked)
        assert (refused.status_code, problem(refused)["field"]) == (status, field), asked
    missing = relayed.client.post("/api/run", json={**SHORT, "model": "bog"}).json()["detail"]
    assert "Did you mean big?" in missing
    assert relayed.client.post("/api/run", content=b"{", headers=AS_JSON).status_code == 400
    assert relayed.client.post("/api/run", content=b"{}").status_code == 415
    large = relayed.client.post("/api/run", content=b"a" * 2_000_000, headers=AS_JSON)
    assert large.status_code == 413
    assert relayed.client.get("/api/compare").status_code == 405
    assert relayed.client.get("/api/nowhere").status_code == 404
    assert relayed.client.get("/api/openapi.json").json()["info"]["title"] == "MAV"
    again = relayed.client.get("/api/run", params=SHORT, headers={"Last-Event-ID": "r:1"})
    assert again.status_code == 204


def test_comparisons_run_on_a_server_that_has_both_models(host: MakeHost, site: MakeHost) -> None:
    one, two = host({"big": 257, "own": 257}), host({"huge": 257})
    relayed = site(one, two, own="own", load=Models())

    def compare(a: str, b: str) -> httpx2.Response:
        given = {"a": {**SHORT, "model": a}, "b": {**SHORT, "model": b}}
        return relayed.client.post("/api/compare", json=given)

    # `own` alone runs here; beside `big` it runs on the server that has both.
    for pair in (("big", "big"), ("big", "own"), ("own", "own")):
        assert read_events(compare(*pair))[-1]["type"] == "compared"
    assert loaded(one) == ["big", "own"]
    refused = compare("big", "huge")
    assert (refused.status_code, problem(refused)["field"]) == (422, "b.model")
    assert "No server has both models" in refused.json()["detail"]
    refused = compare("big", "nothing")
    assert (refused.status_code, problem(refused)["field"]) == (404, "b.model")


def test_runs_are_continued_where_they_began(host: MakeHost, site: MakeHost) -> None:
    """Also where two servers have one name for the model but sign with keys of their own."""
    one, two = host({"own": 257, "big": 257}), host({"big": 257})
    relayed = site(two, one, own="own", load=Models())
    whole = {**SHORT, "max_new_tokens": 12, "min_new_tokens": 12}
    text = read_events(relayed.client.post("/api/run", json=whole))[-1]["text"]
    for model, server in (("own", relayed), ("own", one), ("big", one), ("big", two)):
        part = {**whole, "model": model, "breakpoints": {"after": 4}}
        done = read_events(server.client.post("/api/run", json=part))[-1]
        assert done["reason"] == "breakpoint", (model, done)
        for named in ({}, {"model": model}):
            again = {"resume": done["resume"], "breakpoints": {"after": None}, **named}
            received = read_events(relayed.client.post("/api/run", json=again))
            assert done["text"] + received[-1]["text"] == text
    broken = relayed.client.post("/api/run", json={"resume": "mav1.abc.def"})
    assert (broken.status_code, problem(broken)["code"]) == (422, "resume_refused")


def test_runs_of_all_servers_can_be_watched(host: MakeHost, site: MakeHost, gate: Gate) -> None:
    one, two = host({"big": 257}), host({"huge": 257}, Models(on_step=gate))
    relayed = site(one, two, own="own", load=Models())
    asked = {**SHORT, "model": "huge", "min_new_tokens": 5}
    with relayed.client.stream("POST", "/api/run", json=asked) as response:
        received = events_in(response.iter_lines())
        run_id = next(received)["run_id"]
        path = f"/api/runs/{run_id}/events"
        with relayed.client.stream("GET", path, headers={"Last-Event-ID": f"{run_id}:0"}) as other:
            gate.open()
            seen = list(events_in(other.iter_lines()))
        assert list(received) == seen
    assert seen[-1]["type"] == "done"
    whole = relayed.client.get(path).content
    assert whole == two.client.get(path).content
    last = {"Last-Event-ID": f"{run_id}:{len(seen)}"}
    assert relayed.client.get(path, headers=last).status_code == 204
    # An event source that comes back is continued by the server that has the run.
    source = relayed.client.get("/api/run", params=asked, headers={"Last-Event-ID": f"{run_id}:0"})
    assert read_events(source) == seen
    own = read_events(relayed.client.post("/api/run", json=SHORT))[0]["run_id"]
    assert types(read_events(relayed.client.get(f"/api/runs/{own}/events")))[-1] == "done"
    unknown = relayed.client.get(f"/api/runs/{'0' * 32}/events")
    assert (unknown.status_code, problem(unknown)["code"]) == (404, "unknown_run")


HEAD = b'{"type":"training","v":1,"step":%d,"prompt":0,"loss":null,"cost_s":0.1,"elapsed_s":%d}\n'
RUN = b'{"type":"start"}\n{"type":"done"}\n'


def test_the_training_of_a_server_is_shown(host: MakeHost, site: MakeHost, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(HEAD % (0, 0) + RUN)
    with in_process("tests.server.fake_server", MAV_WATCH=str(path)) as (process, url):
        relayed = site(host(), url)
        assert listed(relayed)["training"] is True
        with relayed.client.stream("GET", "/api/training") as response:
            lines = response.iter_lines()
            assert next(lines) == ": watching"
            offset = [line for line in (next(lines) for _ in range(12)) if line[:4] == "id: "][-1]
        with path.open("ab") as file:
            file.write(HEAD % (7, 7) + RUN)
        after = {"Last-Event-ID": offset.removeprefix("id: ")}
        with relayed.client.stream("GET", "/api/training", headers=after) as response:
            received = events_in(response.iter_lines())
            assert next(received)["step"] == 7
            process.send_signal(signal.SIGKILL)
            # It ends without an error, so that the page connects again by itself.
            assert types(list(received)) == ["start", "done"]


def test_a_stopping_site_ends_relayed_runs_with_an_error(host: MakeHost, gate: Gate) -> None:
    gpu = host(load=Models(on_step=gate))
    relaying = {"MAV_UPSTREAM": gpu.url, "MAV_EMBEDDED": "0"}
    with in_process("mav_engine", "serve", "--port", "0", **relaying) as (process, url):
        with httpx2.stream("POST", f"{url}/api/run", json=LONG, timeout=PATIENCE_S) as response:
            received = events_in(response.iter_lines())
            assert next(received)["type"] == "start"
            process.terminate()
            last = list(received)[-1]
        assert (last["type"], last["code"]) == ("error", "server_stopping")
        assert process.wait(PATIENCE_S) == 0
    until(lambda: all(run.reason == "cancelled" for run in gpu.service.runs))


def test_without_any_model_runs_say_so() -> None:
    from starlette.testclient import TestClient

    app = create_app(ServerConfig(embedded=False))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        found = client.get("/api/models").json()
        assert (found["models"], found["default"]) == ([], "")
        refused = client.post("/api/run", json=SHORT)
        assert (refused.status_code, refused.json()["field"]) == (404, "model")
        assert "This server runs no model" in refused.json()["detail"]
        assert client.post("/api/tokenize", json={"text": "a"}).status_code == 404


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("gpu.example.org", "is not a URL"),
        ("ftp://gpu.example.org", "is not a URL"),
        ("https://", "is not a URL"),
        ("https://gpu.example.org:99999", "is not a URL"),
        ("https://gpu.example.org?x=1", "is not a URL"),
        ("https://gpu.example.org/api/", "leave out /api"),
        ("https://me:secret@gpu.example.org", "MAV_UPSTREAM_KEY"),
        ("https://a.example,https://a.example/", "listed twice"),
    ],
)
def test_an_address_that_is_none_is_an_error_at_the_start(value: str, words: str) -> None:
    with pytest.raises(InvalidSettings, match=re.escape(words)) as caught:
        read_environment({"MAV_UPSTREAM": value})
    assert caught.value.field == "MAV_UPSTREAM"
    assert "secret" not in caught.value.detail


def test_keys_are_never_shown() -> None:
    for variable in ("MAV_KEY", "MAV_UPSTREAM_KEY"):
        with pytest.raises(InvalidSettings, match="at least 16 characters") as caught:
            read_environment({variable: "short one"})
        assert "short one" not in caught.value.detail
        assert KEY not in repr(read_environment({variable: KEY}))


def test_a_site_that_only_relays_imports_no_engine() -> None:
    ended = subprocess.run(
        [
            sys.executable, "-c",
            "import sys, mav_engine.cli, mav_engine.commands.serve, mav_engine.server.serve\n"
            "import mav_engine.server.asgi\n"
            "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])",
        ],
        env={**os.environ, "MAV_UPSTREAM": "http://127.0.0.1:9", "MAV_EMBEDDED": "0"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout == "[]\n"
