"""The Python client against real servers: what it returns, how it goes on, and what it raises."""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

from mav_engine import RunSettings, collect
from mav_engine.client import (
    AsyncClient,
    BadAnswer,
    Client,
    NotMav,
    Refused,
    Retry,
    Unreachable,
)
from mav_engine.client.errors import error_from
from mav_engine.client.followed_run import FollowedRun
from mav_engine.compare.events import compare_to_json
from mav_engine.config import ServerConfig
from mav_engine.contract.events import Done, Event, Prompt, Start, Token, to_json
from mav_engine.errors import Busy, InvalidSettings, RunFailed, UnknownModel
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from tests.server.conftest import MakeServer
from tests.server.servers import (
    PATIENCE_S,
    Gate,
    Models,
    RealServer,
    events_in,
    read_events,
    runs_of,
    until,
)

ROOT = Path(__file__).resolve().parents[2]
RUN: dict[str, Any] = {
    "prompt": "Once",
    "temperature": 1.0,
    "seed": 5,
    "min_new_tokens": 40,
    "max_new_tokens": 40,
    "stop": ["zzzz"],
}
SECRET = "a secret that servers share"


class Waits:
    """Takes the place of sleeping: keeps how long, and does something meanwhile."""

    def __init__(self, meanwhile: Callable[[int], None] = lambda _: None) -> None:
        self.seconds: list[float] = []
        self._meanwhile = meanwhile

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._meanwhile(len(self.seconds))

    async def wait(self, seconds: float) -> None:
        self(seconds)


Run = Callable[..., list[Any]]


def run_in_thread(url: str, waits: Waits, call: str, *given: Any, **options: Any) -> list[Any]:
    """All events of a call of `Client`."""
    keywords = options.pop("keywords", {})
    with Client(url, sleep=waits, **options) as client:
        return list(getattr(client, call)(*given, **keywords))


def run_in_loop(url: str, waits: Waits, call: str, *given: Any, **options: Any) -> list[Any]:
    """All events of a call of `AsyncClient`."""
    keywords = options.pop("keywords", {})

    async def collected() -> list[Any]:
        async with (
            AsyncClient(url, sleep=waits.wait, **options) as client,
            getattr(client, call)(*given, **keywords) as events,
        ):
            return [event async for event in events]

    return anyio.run(collected)


@pytest.fixture(params=[run_in_thread, run_in_loop], ids=["sync", "async"])
def run_all(request: pytest.FixtureRequest) -> Run:
    """Reads all events with either client."""
    found: Run = request.param
    return found


def numbers(events: list[Event]) -> list[dict[str, Any]]:
    """What is the same in each run with these settings."""
    found = [orjson.loads(to_json(event)) for event in events]
    for event in found:
        for name in ("timing", "run_id", "prefill_ms", "elapsed_ms", "tokens_per_second", "resume"):
            event.pop(name, None)
    return found


def ids_of(events: list[Event]) -> list[int]:
    return [event.token.id for event in events if isinstance(event, Token)]


def unbroken(make_server: MakeServer, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a run that nothing interrupts, as a plain request gets them."""
    events = read_events(make_server().client.post("/api/run", json=settings))
    for event in events:
        for name in ("timing", "run_id", "prefill_ms", "elapsed_ms", "tokens_per_second", "resume"):
            event.pop(name, None)
    return events


def without(events: list[dict[str, Any]], *types: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] not in types]


def assert_whole(events: list[Event], expected: list[dict[str, Any]]) -> None:
    """The events are those of the unbroken run: none lost, none repeated.

    The texts of tokens may differ where a part ends within a character; that of `done` does not.
    """
    found = without(numbers(events), "queued")
    assert [event["type"] for event in found] == [event["type"] for event in expected]
    for one, other in zip(found, expected, strict=True):
        if one["type"] != "start":
            if one["type"] == "token":
                del one["text"], other["text"]
            assert one == other


def test_events_are_those_of_the_server(make_server: MakeServer, run_all: Run) -> None:
    server = make_server()
    events = run_all(server.url, Waits(), "run", RunSettings(**RUN))
    expected = unbroken(make_server, RUN)
    assert without(numbers(events), "queued") == without(expected, "queued")
    by_keywords = run_all(f"{server.url}/api/", Waits(), "run", keywords=RUN)
    assert numbers(by_keywords) == numbers(events)
    assert collect(events).text == events[-1].text


def test_tokens_arrive_one_by_one_and_closing_ends_the_run(
    make_server: MakeServer, gate: Gate
) -> None:
    server = make_server(Models(on_step=gate))
    with Client(server.url) as client:
        with client.run(**RUN) as events:
            assert isinstance(next(events), Start)
            for index in range(4):
                gate.allow(1)
                token = next(each for each in events if isinstance(each, Token))
                assert token.index == index
            passed = gate.passed
        until(lambda: server.service.runs == set() or _is_stopped(server))
        gate.open()
        until(lambda: runs_of(server) == (0, 0))
    assert gate.passed <= passed + 2


def _is_stopped(server: RealServer) -> bool:
    return all(run.reason == "cancelled" for run in server.service.runs)


def test_a_break_ends_the_run(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate))
    with Client(server.url) as client:
        gate.allow(3)
        for event in client.run(**RUN):
            if isinstance(event, Token):
                break
        until(lambda: _is_stopped(server))
        gate.open()
        until(lambda: runs_of(server) == (0, 0))
        assert gate.passed <= 5


def test_closing_an_async_run_ends_it(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate))
    gate.allow(3)

    async def begin() -> None:
        async with AsyncClient(server.url) as client, client.run(**RUN) as events:
            async for event in events:
                if isinstance(event, Token):
                    return

    anyio.run(begin)
    until(lambda: _is_stopped(server))
    gate.open()
    until(lambda: runs_of(server) == (0, 0))
    assert gate.passed <= 5


def test_models_tokens_and_comparisons(make_server: MakeServer, run_all: Run) -> None:
    server = make_server()
    with Client(server.url) as client:
        listed = client.models()
        assert (listed.default, {each.name for each in listed.models}) == (
            "fake", {"fake", "other", "mav-tiny"},
        )  # fmt: skip
        tokens = client.tokenize("Once", model="other")
        assert (tokens.model, "".join(each.text for each in tokens.tokens)) == ("other", "Once")
    a, b = {"prompt": "Once", "max_new_tokens": 4}, {"prompt": "Twice", "max_new_tokens": 4}
    events = run_all(server.url, Waits(), "compare", RunSettings(**a), b)
    raw = server.client.post("/api/compare", json={"a": a, "b": b})
    kinds = {event["type"] for event in events_in(iter(raw.text.splitlines()))}
    assert {orjson.loads(compare_to_json(event))["type"] for event in events} == kinds
    assert events[-1].type == "compared"

    async def other_calls() -> tuple[str, int]:
        async with AsyncClient(server.url) as client:
            return (await client.models()).default, (await client.tokenize("Once")).count

    assert anyio.run(other_calls) == ("fake", 4)


class Cut:
    """An address that passes bytes on to a server, until the connections are cut."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._made: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        """Close all connections at once, as a failing network does."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for each in self._made:
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self.target))
                self._open += [client, server]
                self._made += [client, server]
                for pair in ((client, server), (server, client)):
                    thread = threading.Thread(target=self._copy, args=pair)
                    self._threads.append(thread)
                    thread.start()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cut_before() -> Iterator[Callable[[RealServer], Cut]]:
    """An address before a server whose connections can be cut."""
    made: list[Cut] = []

    def make(server: RealServer) -> Cut:
        made.append(Cut(server.port))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "alone"])
def test_a_lost_connection_is_continued(
    make_server: MakeServer, gate: Gate, cut_before: Callable[[RealServer], Cut], watched: bool
) -> None:
    server = make_server(Models(on_step=gate))
    cut = cut_before(server)
    waits = Waits()
    events: list[Event] = []
    asked: list[str] = []
    with Client(cut.url, sleep=waits) as client, contextlib.ExitStack() as others:
        _note_paths(client, asked)
        for event in client.run(**RUN):
            events.append(event)
            if isinstance(event, Start) and watched:
                path = f"/api/runs/{event.run_id}/events"
                others.enter_context(server.client.stream("GET", path))
            if isinstance(event, Prompt):
                gate.allow(8)
            if isinstance(event, Token) and event.index in (3, 5):
                cut.cut()
                if not watched:
                    until(lambda: _is_stopped(server))
                gate.allow(8)
            if len(ids_of(events)) == 7:
                gate.open()
    assert_whole(events, without(unbroken(make_server, RUN), "queued"))
    assert waits.seconds
    assert asked[0] == "/api/run"
    assert asked[1].endswith("/events")
    # Without watchers the run stops, and its resume token continues it.
    assert ("/api/run" in asked[1:]) is not watched


def _note_paths(client: Client, paths: list[str]) -> None:
    client._http.event_hooks["request"].append(lambda request: paths.append(request.url.path))


@pytest.mark.parametrize("secret", [SECRET, None], ids=["one secret", "no secret"])
def test_a_server_that_is_stopped_and_started_again_gives_the_same_text(
    make_server: MakeServer, catalog: Catalog, run_all: Run, secret: str | None
) -> None:
    config = ServerConfig(secret=secret)
    steps = itertools.count(1)
    half, stopping = threading.Event(), threading.Event()

    def on_step() -> None:
        if next(steps) == 20:
            half.set()
            assert stopping.wait(PATIENCE_S)

    first = RealServer(create_app(config, catalog, Models(on_step=on_step)))
    started: list[RealServer] = []

    def restart() -> None:
        assert half.wait(PATIENCE_S)
        stop = threading.Thread(target=first.stop)
        stop.start()
        until(lambda: _is_stopped(first))
        stopping.set()
        stop.join(PATIENCE_S)

    def start(_attempt: int) -> None:
        restarting.join(PATIENCE_S)
        if not started:
            started.append(RealServer(create_app(config, catalog, Models()), first.port))

    restarting = threading.Thread(target=restart)
    restarting.start()
    waits = Waits(start)
    try:
        events = run_all(first.url, waits, "run", keywords=RUN)
    finally:
        restarting.join()
        for server in started:
            server.stop()
    assert_whole(events, without(unbroken(make_server, RUN), "queued"))
    assert started
    assert waits.seconds


def test_a_killed_server_that_is_started_again_gives_the_same_text(
    make_server: MakeServer,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {**RUN, "min_new_tokens": 400, "max_new_tokens": 400}
    processes = [_served(port)]

    def start(_attempt: int) -> None:
        if len(processes) == 1:
            processes.append(_served(port))

    waits = Waits(start)
    events: list[Event] = []
    try:
        with Client(f"http://127.0.0.1:{port}", sleep=waits) as client:
            for event in client.run(**settings):
                events.append(event)
                if isinstance(event, Token) and event.index == 30:
                    processes[0].kill()
                    processes[0].wait()
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert len(processes) == 2
    assert isinstance(events[-1], Done)
    assert "".join(event.text for event in events if isinstance(event, Token)) == events[-1].text
    assert_whole(events, without(unbroken(make_server, settings), "queued"))


def _served(port: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server.fake_server", str(port)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "http://" in process.stdout.readline()
    return process


def test_time_limits_are_continued(make_server: MakeServer, run_all: Run) -> None:
    steps = itertools.count(1)

    def stop_now_and_then() -> None:
        if next(steps) % 6 == 0:
            name = threading.current_thread().name
            (live,) = (each for each in server.service.runs if each.run_id in name)
            live._loop.call_soon_threadsafe(live.stop, "deadline")
            until(lambda: live.reason == "deadline")

    server = make_server(Models(on_step=stop_now_and_then))
    waits = Waits()
    settings = {**RUN, "stop": ["zzzz", "q~"]}
    events = run_all(server.url, waits, "run", RunSettings(**settings))
    assert_whole(events, without(unbroken(make_server, settings), "queued"))
    assert waits.seconds == []
    assert events[-1].tokens == 40


def test_a_token_that_another_server_signed(
    make_server: MakeServer, cut_before: Callable[[RealServer], Cut], run_all: Run
) -> None:
    steps = itertools.count(1)

    def lead_elsewhere() -> None:
        if next(steps) == 20:
            cut.target = second.port
            (live,) = first.service.runs
            live._loop.call_soon_threadsafe(live.stop, "deadline")
            until(lambda: live.reason == "deadline")

    second = make_server()
    first = make_server(Models(on_step=lead_elsewhere))
    cut = cut_before(first)
    waits = Waits()
    events = run_all(cut.url, waits, "run", keywords=RUN)
    assert_whole(events, without(unbroken(make_server, RUN), "queued"))
    assert waits.seconds == []
    assert cut.connections >= 2


def test_the_callers_own_resume_is_continued_too(make_server: MakeServer) -> None:
    server = make_server(secret=SECRET)
    first = read_events(
        server.client.post("/api/run", json={**RUN, "min_new_tokens": 0, "max_new_tokens": 8})
    )
    with Client(server.url) as client:
        events = list(client.run(resume=first[-1]["resume"], max_new_tokens=6))
    whole = read_events(
        server.client.post("/api/run", json={**RUN, "min_new_tokens": 0, "max_new_tokens": 14})
    )
    assert [*(t["token"]["id"] for t in first if t["type"] == "token"), *ids_of(events)] == [
        t["token"]["id"] for t in whole if t["type"] == "token"
    ]


def test_a_busy_server_is_asked_again(make_server: MakeServer, gate: Gate, run_all: Run) -> None:
    server = make_server(Models(on_step=gate), max_runs=1, max_queue=0)
    with contextlib.ExitStack() as open_runs:
        response = open_runs.enter_context(server.client.stream("POST", "/api/run", json=RUN))
        assert response.status_code == 200

        def make_room(_attempt: int) -> None:
            open_runs.close()
            gate.open()
            until(lambda: runs_of(server) == (0, 0))

        waits = Waits(make_room)
        events = run_all(server.url, waits, "run", keywords={**RUN, "max_new_tokens": 40})
    assert isinstance(events[-1], Done)
    # The server asks for five seconds.
    (seconds,) = waits.seconds
    assert seconds == 5.0


def test_a_wrong_key_is_refused_once(make_server: MakeServer, run_all: Run) -> None:
    server = make_server(key="another-key-of-this-server")
    waits = Waits()
    for given in ({}, {"key": "another"}):
        with pytest.raises(Refused) as caught:
            run_all(server.url, waits, "run", keywords=RUN, **given)
        assert (caught.value.code, caught.value.field) == ("key_refused", "Authorization")
        assert "Authorization: Bearer" in caught.value.detail
    assert waits.seconds == []
    keyed = make_server(key="the-right-key-of-it")
    events = run_all(keyed.url, waits, "run", keywords=RUN, key="the-right-key-of-it")
    assert isinstance(events[-1], Done)


def test_refusals_are_the_engines_exceptions(make_server: MakeServer, run_all: Run) -> None:
    server = make_server()
    with pytest.raises(UnknownModel, match="Known: fake") as unknown:
        run_all(server.url, Waits(), "run", keywords={"prompt": "a", "model": "nope"})
    assert unknown.value.field == "model"
    with pytest.raises(InvalidSettings) as invalid:
        run_all(server.url, Waits(), "run", keywords={"prompt": "a", "temperature": -1})
    assert invalid.value.field == "temperature"
    with pytest.raises(InvalidSettings) as beyond:
        run_all(server.url, Waits(), "run", keywords={"prompt": "a", "max_new_tokens": 10**6})
    assert (beyond.value.field, "at most" in beyond.value.detail) == ("max_new_tokens", True)
    with pytest.raises(InvalidSettings) as side:
        run_all(server.url, Waits(), "compare", {"prompt": "a"}, {"prompt": "a", "top_p": 7})
    assert side.value.field == "b.top_p"
    with pytest.raises(InvalidSettings, match="Give one of them"):
        run_all(server.url, Waits(), "run", RunSettings(prompt="a"), keywords={"seed": 1})
    client = Client(server.url)
    with pytest.raises(UnknownModel):
        client.tokenize("a", model="nope")
    client.close()


def test_a_failed_run_raises_its_error(make_server: MakeServer, run_all: Run) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    server = make_server(Models(on_step=fail))
    with pytest.raises(RunFailed, match="ZeroDivisionError") as caught:
        run_all(server.url, Waits(), "run", keywords=RUN)
    assert caught.value.code == "run_failed"


def test_an_address_where_nothing_answers(run_all: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    waits = Waits()
    retry = Retry(attempts=4, first_s=2, longest_s=3)
    with pytest.raises(Unreachable, match="cannot be reached"):
        run_all(f"http://127.0.0.1:{port}", waits, "run", keywords=RUN, retry=retry)
    most = [2, 3, 3]
    assert len(waits.seconds) == 3
    assert all(high / 2 <= wait <= high for wait, high in zip(waits.seconds, most, strict=True))


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://host", "http://", "http://a b", "http://host?x=1", "http://u:p@host"],
)
def test_an_address_that_cannot_be(url: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(InvalidSettings, match="http://host:8000") as caught:
            kind(url)
        assert caught.value.field == "url"
    with pytest.raises(InvalidSettings, match="MAV_KEY"):
        Client("http://localhost", key="schlüssel")


@pytest.fixture
def scripted() -> Iterator[Callable[..., tuple[str, list[str]]]]:
    """A server that gives one answer to each connection, the last one to all further ones."""
    stops: list[Callable[[], None]] = []

    def make(*answers: bytes) -> tuple[str, list[str]]:
        listener = socket.create_server(("127.0.0.1", 0))
        asked: list[str] = []

        def serve() -> None:
            for number in itertools.count():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(_request(connection))
                    connection.sendall(answers[min(number, len(answers) - 1)])

        thread = threading.Thread(target=serve)
        thread.start()

        def stop() -> None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(PATIENCE_S)

        stops.append(stop)
        return f"http://127.0.0.1:{listener.getsockname()[1]}", asked

    yield make
    for stop in stops:
        stop()


def _request(connection: socket.socket) -> str:
    """A whole request: a connection that is closed before is reset."""
    received = b""
    while chunk := connection.recv(1 << 16):
        received += chunk
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) == int(length[1] if length else 0):
            break
    return received.decode()


def answer(status: str, kind: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


HTML = "text/html; charset=utf-8"
SSE = "text/event-stream"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer("200 OK", HTML, b"<p>Hello"), "with text/html"),
        (answer("404 Not Found", HTML, b"<p>Nothing"), "404 Not Found"),
        (answer("404 Not Found", "application/json", b'{"detail": "Not Found"}'), "404 Not Found"),
        (answer("301 Moved", HTML, Location="https://elsewhere/"), "https://elsewhere/"),
        (answer("400 Bad", "application/problem+json", b"{"), "400 Bad"),
    ],
)
def test_a_server_that_is_not_mav(
    scripted: Callable[..., tuple[str, list[str]]], run_all: Run, given: bytes, said: str
) -> None:
    url, asked = scripted(given)
    with pytest.raises(NotMav, match="address") as caught:
        run_all(url, Waits(), "run", keywords=RUN)
    assert said in caught.value.detail
    assert len(asked) == 1
    with Client(url) as client, pytest.raises(NotMav):
        client.models()


def test_models_of_another_kind_of_server(scripted: Callable[..., tuple[str, list[str]]]) -> None:
    url, _ = scripted(answer("200 OK", "application/json", b'{"object": "list", "data": []}'))
    with Client(url) as client, pytest.raises(BadAnswer, match="default"):
        client.models()


def test_proxies_that_are_busy_are_asked_again(
    scripted: Callable[..., tuple[str, list[str]]], make_server: MakeServer, run_all: Run
) -> None:
    busy = answer("429 Too Many Requests", HTML, b"slow down", Retry_After="7")
    away = answer("502 Bad Gateway", HTML, b"<p>nginx")
    good = _recorded(make_server)
    url, asked = scripted(busy, away, answer("200 OK", SSE, good))
    waits = Waits()
    events = run_all(url, waits, "run", keywords=RUN)
    assert len(ids_of(events)) == 40
    assert len(asked) == 3
    assert waits.seconds[0] == 7
    url, asked = scripted(busy)
    with pytest.raises(Unreachable, match="429"):
        run_all(url, waits, "run", keywords=RUN, retry=Retry(longest_s=6))
    assert len(asked) == 1


def _recorded(make_server: MakeServer) -> bytes:
    """The bytes of a run's stream."""
    return make_server().client.post("/api/run", json=RUN).content


def test_broken_streams(
    scripted: Callable[..., tuple[str, list[str]]], make_server: MakeServer, run_all: Run
) -> None:
    good = _recorded(make_server)
    events = good.split(b"\n\n")
    for broken, said in (
        (b"\n\n".join([*events[:4], b"data: {not json}", b""]), "does not fit"),
        (b"\n\n".join([*events[:4], b'data: {"type": "token"}', b""]), "token.index"),
        (b"\n\n".join([*events[:4], *events[5:]]), "where token"),
        (b"\n\n".join(events[1:]), "begins with"),
        (good.replace(b'"rank":0', b'"rank":"first"', 1), "token.rank"),
    ):
        url, asked = scripted(answer("200 OK", SSE, broken))
        with pytest.raises(BadAnswer, match=said):
            run_all(url, Waits(), "run", keywords=RUN)
        assert len(asked) == 1


def test_a_stream_that_always_breaks_off_is_given_up(
    scripted: Callable[..., tuple[str, list[str]]], make_server: MakeServer, run_all: Run
) -> None:
    good = _recorded(make_server)
    half = good[: len(good) // 2]
    url, asked = scripted(answer("200 OK", SSE, half))
    waits = Waits()
    with pytest.raises(BadAnswer):
        # It answers the continuation with the beginning.
        run_all(url, waits, "run", keywords=RUN)
    assert "Last-Event-ID" in asked[1] or "last-event-id" in asked[1]
    gone = answer("404 Not Found", "application/problem+json", orjson.dumps(
        {"code": "unknown_run", "title": "t", "detail": "d", "field": None, "retry_after_s": None}
    ))  # fmt: skip
    url, asked = scripted(answer("200 OK", SSE, half), gone, answer("200 OK", SSE, half), gone,
                          answer("200 OK", SSE))  # fmt: skip
    waits = Waits()
    with pytest.raises(Unreachable, match="ended before its last event"):
        run_all(url, waits, "run", keywords=RUN, retry=Retry(attempts=5))
    assert len(waits.seconds) == 4
    forced = orjson.loads(asked[2].partition("\r\n\r\n")[2])
    assert len(forced["forced_ids"]) > 10


def test_a_comparison_is_repeated_only_before_its_first_event(
    scripted: Callable[..., tuple[str, list[str]]], make_server: MakeServer, run_all: Run
) -> None:
    pair = {"a": {"prompt": "Once", "max_new_tokens": 3}, "b": {"prompt": "a", "max_new_tokens": 3}}
    good = make_server().client.post("/api/compare", json=pair).content
    away = answer("503 Service Unavailable", HTML)
    url, asked = scripted(away, answer("200 OK", SSE, good))
    assert run_all(url, Waits(), "compare", pair["a"], pair["b"])[-1].type == "compared"
    assert len(asked) == 2
    url, asked = scripted(answer("200 OK", SSE, good[: len(good) // 2]))
    with pytest.raises(Unreachable):
        run_all(url, Waits(), "compare", pair["a"], pair["b"])
    assert len(asked) == 1


def test_text_that_a_part_held_back_is_not_returned_twice(make_server: MakeServer) -> None:
    events = [to_json(each).decode() for each in _events(_recorded(make_server))]
    start, prompt, tokens = events[0], orjson.loads(events[1]), [*map(orjson.loads, events[2:5])]
    done = orjson.loads(events[-1])

    def part(run: FollowedRun, *given: dict[str, Any]) -> list[Event]:
        run.begin()
        sent = [start, *(orjson.dumps(each).decode() for each in given)]
        return [
            each
            for number, data in enumerate(sent)
            for each in run.receive(data, f"{'0' * 32}:{number}")
        ]

    def token(index: int, text: str) -> dict[str, Any]:
        return {**tokens[index], "index": index, "text": text}

    for held, following, texts in (
        ("zq", "zqx", ["a", "zq", "x"]),
        ("zq", "z", ["a", "zq", ""]),
        ("\ufffd", "é", ["a", "\ufffd", "é"]),
    ):
        run = FollowedRun({"prompt": "Once"}, Retry())
        ended = {**done, "reason": "deadline", "resume": "mav1.x.y", "text": "a" + held}
        first = part(run, prompt, token(0, "a"), token(1, held), ended)
        assert (run.next.body, run.part_over) == ({"resume": "mav1.x.y"}, True)
        resumed = {**prompt, "written": 2, "written_text": "a"}
        last = {**done, "reason": "eos", "text": following, "tokens": 1}
        second = part(run, resumed, token(2, following), last)
        found = [each for each in first + second if isinstance(each, Token)]
        assert [each.text for each in found] == texts
        assert isinstance(second[-1], Done)
        assert (second[-1].text, second[-1].tokens) == ("a" + following, 3)


def _events(stream: bytes) -> list[Event]:
    from mav_engine.contract.events import from_json

    return [from_json(line[6:]) for line in stream.splitlines() if line.startswith(b"data: ")]


def test_errors_of_a_server_have_a_class() -> None:
    assert type(error_from("busy", "t", "d", retry_after_s=2)) is Busy
    other = error_from("out_of_paper", "There is no paper", "Bring some.", field="tray")
    assert isinstance(other, Refused)
    assert (other.code, other.title, other.field, str(other)) == (
        "out_of_paper", "There is no paper", "tray", "Bring some.",
    )  # fmt: skip
    assert Refused.code == "refused"


def test_the_client_imports_neither_torch_nor_the_server() -> None:
    code = (
        "import sys, mav_engine.client; print([name for name in ('torch', 'transformers', "
        "'starlette', 'mav_engine.server', 'mav_engine.backends') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ended.stdout == "[]\n"
