"""A training's recording, told over HTTP as it grows."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from mav_engine.errors import InvalidSettings
from mav_engine.server.training.feed import MAX_WATCHERS, Tail, check_watched
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import PATIENCE_S, RealServer, until

HEAD = b'{"type":"training","v":1,"step":%d,"prompt":0,"loss":null,"cost_s":0.1,"elapsed_s":%d}\n'
RUN = b'{"type":"start"}\n{"type":"done"}\n'


def snapshot(step: int) -> bytes:
    return HEAD % (step, step) + RUN


def read_lines(tail: Tail) -> list[bytes]:
    return [line for _, line in tail.read()]


def test_complete_lines_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    path.write_bytes(snapshot(0) + b'{"type":"train')
    assert read_lines(tail) == snapshot(0).splitlines()
    assert tail.read() == []
    with path.open("ab") as file:
        file.write(b'ing","v":1}\n')
    assert read_lines(tail) == [b'{"type":"training","v":1}']


def test_a_client_that_comes_again_gets_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(snapshot(0))
    offset = Tail(path).read()[-1][0]
    path.write_bytes(snapshot(0) + snapshot(9))
    assert read_lines(Tail(path, offset)) == snapshot(9).splitlines()
    mark = offset.partition(":")[0]
    for strange in (
        "", "x", "x:7", f"{offset}000", "-1:-1", f"{mark}:{10**30}", f"{mark}:{'1' * 5000}",
        f"{mark}:+1", f"{mark}:\u0661",
    ):  # fmt: skip
        assert len(Tail(path, strange).read()) == 6


@pytest.mark.parametrize("longer", [False, True])
def test_a_file_that_begins_anew_is_read_anew(tmp_path: Path, longer: bool) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(snapshot(0) + snapshot(5))
    tail = Tail(path)
    tail.read()
    path.write_bytes(snapshot(1) + snapshot(2) * (5 if longer else 1))
    assert read_lines(tail)[:3] == snapshot(1).splitlines()


def test_a_file_that_was_truncated_and_continued_is_read_anew(tmp_path: Path) -> None:
    """As a training does that is taken up again: it cuts off a look that was half written."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(snapshot(0) + HEAD % (5, 5) + b'{"type":"start"}\n')
    tail = Tail(path)
    assert len(tail.read()) == 5
    path.write_bytes(snapshot(0) + snapshot(7) * 9)
    assert read_lines(tail) == (snapshot(0) + snapshot(7) * 9).splitlines()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.jsonl.gz", b"", "compressed"),
        ("notes.txt", b"root:x:0:0\n", "not a recording of a training"),
        ("run.jsonl", RUN, "not a recording of a training"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidSettings, match=words):
        check_watched(tmp_path / name)
    with pytest.raises(InvalidSettings, match="cannot be read"):
        check_watched(tmp_path)


def test_without_a_watched_training_the_error_says_so(
    client: TestClient, make_client: MakeClient
) -> None:
    answer = client.get("/api/training")
    assert answer.status_code == 404
    assert "mav serve --watch" in answer.json()["detail"]
    assert client.get("/api/models").json()["training"] is False
    watching = make_client(watch="not-there-yet.jsonl")
    assert watching.get("/api/models").json()["training"] is True
    assert watching.head("/api/training").headers["content-type"].startswith("text/event-stream")


def sent(lines: Iterator[str], count: int) -> list[tuple[str, dict[str, Any]]]:
    """So many events of an open stream, each with its id."""
    found: list[tuple[str, dict[str, Any]]] = []
    offset = ""
    for line in lines:
        if line.startswith("id: "):
            offset = line.removeprefix("id: ")
        if line.startswith("data: "):
            found.append((offset, orjson.loads(line.removeprefix("data: "))))
            if len(found) == count:
                return found
    return found


def watch(server: RealServer, **headers: str) -> Any:
    return server.client.stream("GET", "/api/training", headers=headers)


def test_added_lines_arrive_and_a_partial_line_is_completed(
    make_server: MakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    server = make_server(watch=path)
    with watch(server) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": watching"
        path.write_bytes(snapshot(0))
        first = sent(lines, 3)
        assert [event["type"] for _, event in first] == ["training", "start", "done"]
        with path.open("ab") as file:
            file.write(snapshot(100))
        assert sent(lines, 1)[0][1]["step"] == 100
    with watch(server, **{"Last-Event-ID": first[-1][0]}) as answer:
        assert sent(answer.iter_lines(), 1)[0][1]["step"] == 100


def test_a_file_that_is_no_training_is_an_error_event(
    make_server: MakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    with watch(make_server(watch=path)) as answer:
        lines = answer.iter_lines()
        next(lines)
        path.write_bytes(b"a secret\n")
        ((_, error),) = sent(lines, 1)
        assert error["type"] == "error"
        assert "a secret" not in str(error)
        assert sent(lines, 1) == []


def test_more_watchers_than_allowed_get_503(make_server: MakeServer, tmp_path: Path) -> None:
    """All at once: none of the streams has begun when the last one is admitted or refused."""
    server = make_server(watch=tmp_path / "t.jsonl")
    with contextlib.ExitStack() as connections:
        burst = [
            connections.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            for _ in range(MAX_WATCHERS + 8)
        ]
        for connection in burst:
            connection.settimeout(PATIENCE_S)
            connection.sendall(b"GET /api/training HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heads = [connection.recv(4096) for connection in burst]
        statuses = [head.split(b" ", 2)[1] for head in heads]
        assert (statuses.count(b"200"), statuses.count(b"503")) == (MAX_WATCHERS, 8)
        assert all(b"\r\nretry-after: 10\r\n" in head for head in heads if b" 503 " in head)
    until(lambda: is_watched(server))


def is_watched(server: RealServer) -> bool:
    with server.client.stream("GET", "/api/training") as answer:
        return answer.status_code == 200


def test_the_command_refuses_files_that_are_no_training(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "mav_engine", "serve", "--port", "0", "--watch", "notes.txt"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "notes.txt is not a recording of a training" in line
