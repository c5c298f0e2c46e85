"""A training elsewhere streams to this site: what is taken, what is refused, what is stored."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mav_engine.server.training import inbox
from mav_engine.server.training.body import SnapshotRefused, snapshots_in
from mav_engine.server.training.received_recording import ReceivedRecording
from mav_engine.training.recording import replay_training
from tests.recorded import RECORDINGS
from tests.server.conftest import MakeServer
from tests.server.servers import PATIENCE_S, RealServer, events_in, problem

TRAINING = "a-training-1"
OTHER = "a-training-2"
TOKEN = "sixteen letters!".replace(" ", "-")
NDJSON = {"Content-Type": "application/x-ndjson"}


def snapshots() -> list[bytes]:
    """The looks of a true recording, each with its lines."""
    body = (RECORDINGS / "training" / "mav-tiny-learns.jsonl").read_bytes()
    return [snapshot.lines for snapshot in snapshots_in(body)]


SNAPSHOTS = snapshots()


def send(
    server: RealServer, body: bytes = b"", headers: dict[str, Any] | None = None, **query: Any
) -> httpx2.Response:
    parameters = {"training": TRAINING, **query}
    return server.client.post(
        "/api/training", content=body, params=parameters, headers={**NDJSON, **(headers or {})}
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.jsonl"


@pytest.fixture
def site(make_server: MakeServer, path: Path) -> RealServer:
    """A site that takes trainings of this machine."""
    return make_server(watch=path, receive_training=True)


def test_a_site_takes_none_unless_it_was_opened(make_server: MakeServer, path: Path) -> None:
    for server in (make_server(), make_server(watch=path), make_server(training_token=TOKEN)):
        error = problem(send(server, SNAPSHOTS[0]))
        assert error["status"] == 404
        assert "mav serve --watch FILE --receive-training" in error["detail"]
    assert not path.exists()


def test_looks_are_stored_as_they_came_and_each_once(site: RealServer, path: Path) -> None:
    assert send(site).json()["stored"] == 0
    assert not path.exists()
    first = send(site, SNAPSHOTS[0]).json()
    assert first == {"stored": 1, "already": 0, "most_bytes": 32_000_000}
    # For example if the response was lost.
    assert send(site, SNAPSHOTS[0]).json() | {"most_bytes": 0} == {
        "stored": 0, "already": 1, "most_bytes": 0,
    }  # fmt: skip
    assert send(site, b"".join(SNAPSHOTS[:3]), append=True).json()["stored"] == 2
    assert path.read_bytes() == b"".join(SNAPSHOTS[:3])


def test_a_restarted_server_knows_what_it_had_stored(make_server: MakeServer, path: Path) -> None:
    config = {"watch": path, "receive_training": True}
    send(make_server(**config), SNAPSHOTS[0])
    again = make_server(**config)
    assert send(again, SNAPSHOTS[0]).json()["already"] == 1
    assert send(again, SNAPSHOTS[1], append=True).json()["stored"] == 1
    assert path.read_bytes() == b"".join(SNAPSHOTS[:2])


def test_a_new_training_starts_a_new_recording_and_a_resumed_one_continues_it(
    site: RealServer, path: Path
) -> None:
    for training, snapshot, append in (
        (TRAINING, SNAPSHOTS[0], False),
        (OTHER, SNAPSHOTS[1], True),
        (TRAINING, SNAPSHOTS[2], False),
        (OTHER, SNAPSHOTS[3], False),
    ):
        assert (
            send(site, snapshot, training=training, append=append, end=True).json()["stored"] == 1
        )
    assert path.read_bytes() == SNAPSHOTS[3]
    assert path.with_name("t.1.jsonl").read_bytes() == SNAPSHOTS[0] + SNAPSHOTS[1]
    assert path.with_name("t.2.jsonl").read_bytes() == SNAPSHOTS[2]


def test_what_an_interruption_left_half_written_is_cut_off(site: RealServer, path: Path) -> None:
    path.write_bytes(SNAPSHOTS[0] + SNAPSHOTS[1][:-100])
    assert send(site, SNAPSHOTS[1], append=True).json()["stored"] == 1
    assert path.read_bytes() == SNAPSHOTS[0] + SNAPSHOTS[1]
    # Another program appends to the file or truncates it between two snapshots.
    path.write_bytes(SNAPSHOTS[0] + SNAPSHOTS[2])
    assert send(site, SNAPSHOTS[2] + SNAPSHOTS[3], append=True).json()["already"] == 1
    assert path.read_bytes() == SNAPSHOTS[0] + SNAPSHOTS[2] + SNAPSHOTS[3]
    path.unlink()
    assert send(site, SNAPSHOTS[3], append=True).json()["stored"] == 1


def test_the_token_is_required(make_server: MakeServer, path: Path) -> None:
    server = make_server(watch=path, training_token=TOKEN)
    for borne in ("", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", "Bearer Zoë"):
        answer = send(server, SNAPSHOTS[0], {"Authorization": borne.encode()})
        error = problem(answer)
        assert (error["status"], error["field"]) == (401, "Authorization")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "MAV_TRAINING_TOKEN" in error["detail"]
        assert TOKEN not in answer.text
    assert not path.exists()
    right = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "203.0.113.9"}
    assert send(server, SNAPSHOTS[0], right).json()["stored"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_without_a_token_only_this_machine_may_send(
    site: RealServer, path: Path, headers: dict[str, str]
) -> None:
    error = problem(send(site, SNAPSHOTS[0], headers))
    assert error["status"] == 403
    assert "MAV_TRAINING_TOKEN" in error["detail"]
    assert not path.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "mav.example.org"},
        {"Origin": "https://elsewhere.example.org"},
        {"Origin": "null"},
        {"Origin": "http://[half"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_other_sites_are_refused(
    site: RealServer, path: Path, headers: dict[str, str]
) -> None:
    error = problem(send(site, SNAPSHOTS[0], headers))
    assert (error["status"], error["field"]) == (403, "Host" if "Host" in headers else "Origin")
    assert not path.exists()


def test_a_byte_order_mark_before_a_look_is_not_stored(site: RealServer, path: Path) -> None:
    assert send(site, b"\xef\xbb\xbf" + SNAPSHOTS[0]).json()["stored"] == 1
    assert path.read_bytes() == SNAPSHOTS[0]


def test_another_type_of_body_is_refused(site: RealServer) -> None:
    for kind in ("application/json", "text/plain", ""):
        error = problem(send(site, SNAPSHOTS[0], {"Content-Type": kind}))
        assert (error["status"], error["field"]) == (415, "Content-Type")
        assert "application/x-ndjson" in error["detail"]
    # None of them blocked the site.
    assert send(site, SNAPSHOTS[0], training=OTHER).status_code == 200


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("", "training", "is missing"),
        ("training=short", "training", "8 to 64 letters"),
        ("training=../../etc/passwd", "training", "8 to 64 letters"),
        (f"training={TRAINING}&append=perhaps", "append", "true or false"),
        (f"training={TRAINING}&apend=true", "apend", "Did you mean append?"),
        (f"training={TRAINING}&training={OTHER}", "training", "given twice"),
    ],
)
def test_a_wrong_parameter_is_named(site: RealServer, query: str, field: str, words: str) -> None:
    answer = site.client.post(f"/api/training?{query}", content=SNAPSHOTS[0], headers=NDJSON)
    error = problem(answer)
    assert (error["status"], error["field"]) == (422, field)
    assert words in error["detail"]


def _changed(snapshot: bytes, index: int, name: str, value: Any) -> bytes:
    lines = snapshot.splitlines(keepends=True)
    lines[index] = json.dumps({**json.loads(lines[index]), name: value}).encode() + b"\n"
    return b"".join(line.replace(b'"type": "', b'"type":"') for line in lines)


LINES = SNAPSHOTS[0].splitlines(keepends=True)
BROKEN = {
    "no JSON": (b"\xff\xfe\n", "body", "Line 1 is not a JSON object"),
    "an array": (b"[1]\n", "body", "Line 1 is not a JSON object"),
    "a blank line": (SNAPSHOTS[0] + b"\n", "body", f"Line {len(LINES) + 1} is not a JSON"),
    "a run alone": (b"".join(LINES[1:]), "body", "with which a snapshot begins"),
    "cut in a line": (SNAPSHOTS[0][:-9], "body", "has no line break"),
    "without its end": (b"".join(LINES[:-1]), "body", "without done or error"),
    "a step alone": (SNAPSHOTS[0] + LINES[0], "body", "without done or error"),
    "lines are missing": (b"".join(LINES[:2] + LINES[3:]), "type", "cannot follow a start"),
    "a token is missing": (b"".join(LINES[:4] + LINES[5:]), "token.index", "lines are missing"),
    "a negative step": (_changed(SNAPSHOTS[0], 0, "step", -1), "training.step", "greater than"),
    "a step as text": (_changed(SNAPSHOTS[0], 0, "step", "7"), "training.step", "valid integer"),
    "another version": (_changed(SNAPSHOTS[0], 0, "v", 9), "training.v", "version 9"),
    "another run version": (_changed(SNAPSHOTS[0], 1, "v", 9), "start.v", "version 9"),
    "a wrong field": (_changed(SNAPSHOTS[0], 3, "rank", "first"), "token.rank", "Line 4 is "
    "invalid"),
    "an unknown event": (_changed(SNAPSHOTS[0], 3, "type", "thought"), "type", "Line 4"),
    "NaN": (SNAPSHOTS[0].replace(b'"cost_s":', b'"cost_s":NaN,"x":', 1), "body", "Line 1 is not "
    "JSON"),
    "a carriage return": (SNAPSHOTS[0].replace(b",", b",\r", 1), "body", "on one line"),
    "another type behind": (
        SNAPSHOTS[0].replace(b'{"type":"token"', b'{"type":"done","type":"token"', 1),
        "type", "twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_line_is_named_and_nothing_is_stored(
    site: RealServer, path: Path, name: str
) -> None:
    body, field, words = BROKEN[name]
    error = problem(send(site, SNAPSHOTS[1] + body if body.startswith(LINES[0]) else body))
    assert error["status"] == 422
    if not body.startswith(LINES[0]):
        assert words in error["detail"]
    assert error["detail"].endswith("Nothing in this body was stored.")
    error = problem(send(site, body))
    assert (error["code"], error["field"]) == ("look_refused", field), error["detail"]
    assert words in error["detail"]
    assert "Get the file again" not in error["detail"]
    assert not path.exists()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, len(SNAPSHOTS[0]) - 1), st.binary(max_size=3))
def test_no_body_at_all_breaks_the_reader(index: int, put: bytes) -> None:
    body = SNAPSHOTS[0][:index] + put + SNAPSHOTS[0][index + len(put) :]
    try:
        found = snapshots_in(body)
    except SnapshotRefused as problem:
        refused = problem
    else:
        assert [snapshot.lines for snapshot in found] == ([body] if body else [])
        return
    assert refused.field
    assert refused.detail


def test_a_body_that_is_too_large_is_refused_with_the_limit(
    make_server: MakeServer, path: Path
) -> None:
    longest = max(map(len, LINES))
    small = make_server(watch=path, receive_training=True, max_training_bytes=len(SNAPSHOTS[0]) - 1)
    short = make_server(watch=path, receive_training=True, max_training_line_bytes=longest - 2)
    error = problem(send(small, SNAPSHOTS[0]))
    assert (error["status"], error["field"]) == (413, "body")
    assert f"{len(SNAPSHOTS[0]) - 1} bytes" in error["detail"]
    assert send(small).json()["most_bytes"] == len(SNAPSHOTS[0]) - 1
    error = problem(send(short, SNAPSHOTS[0]))
    assert (error["status"], error["field"]) == (413, "body")
    number = 1 + next(index for index, line in enumerate(LINES) if len(line) == longest)
    assert error["detail"].startswith(f"Line {number} is longer than {longest - 2} bytes")
    endless = iter([LINES[0], b"x" * longest, b"x" * longest])
    assert problem(send(short, endless))["status"] == 413  # type: ignore[arg-type]
    assert not path.exists()


def test_a_second_training_is_refused_until_the_first_ends_or_is_idle(
    site: RealServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(site, SNAPSHOTS[0])
    answer = send(site, SNAPSHOTS[1], training=OTHER)
    error = problem(answer)
    assert (error["status"], error["code"], error["field"]) == (409, "another_streams", "training")
    assert 0 < int(answer.headers["retry-after"]) <= inbox.IDLE_S
    assert send(site, end=True).status_code == 200
    assert send(site, training=OTHER).status_code == 200
    assert problem(send(site, SNAPSHOTS[1]))["status"] == 409
    monkeypatch.setattr(inbox, "IDLE_S", 0.0)
    assert send(site, SNAPSHOTS[1], append=True).json()["stored"] == 1
    assert path.read_bytes() == SNAPSHOTS[0] + SNAPSHOTS[1]


def test_a_file_that_cannot_be_written_is_reported_and_unchanged(
    site: RealServer, path: Path
) -> None:
    path.write_bytes(b"a letter\n")
    error = problem(send(site, SNAPSHOTS[0]))
    assert (error["status"], error["code"]) == (507, "not_stored")
    assert "t.jsonl is not a recording of a training" in error["detail"]
    assert path.read_bytes() == b"a letter\n"
    path.unlink()
    path.mkdir()
    assert problem(send(site, SNAPSHOTS[0]))["status"] == 507
    path.rmdir()
    assert send(site, SNAPSHOTS[0]).json()["stored"] == 1


def test_a_full_disk_leaves_the_recording_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = ReceivedRecording(path)
    (first,), (second,) = snapshots_in(SNAPSHOTS[0]), snapshots_in(SNAPSHOTS[1])
    recording.add([first], append=False)
    opened = Path.open

    class Full:
        """A disk that takes some bytes and no more."""

        def __init__(self, file: Any) -> None:
            self._file = file
            self._full = False

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, data: memoryview) -> int:
            if self._full:
                raise OSError(28, os.strerror(28))
            self._full = True
            return int(self._file.write(data[:100]))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda *given, **named: Full(opened(*given, **named)))
        with pytest.raises(Exception, match="No space left"):
            recording.add([second], append=True)
    assert path.read_bytes() == SNAPSHOTS[0]
    assert recording.add([second], append=True) == 1
    assert [snapshot.step for snapshot, _ in replay_training(path)] == [0, 0]


def test_a_served_site_takes_a_training_and_shows_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mav_engine", "serve", "--port", "0"]
    command += ["--watch", "t.jsonl", "--receive-training"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "MAV_PREWARM": "0"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://localhost:\d+", process.stdout.readline())
        assert found is not None
        with httpx2.Client(base_url=found[0], timeout=PATIENCE_S) as client:
            query = f"/api/training?training={TRAINING}"
            assert client.post(query, content=SNAPSHOTS[0], headers=NDJSON).json()["stored"] == 1
            with client.stream("GET", "/api/training") as answer:
                assert next(events_in(answer.iter_lines()))["type"] == "training"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    assert (tmp_path / "t.jsonl").read_bytes() == SNAPSHOTS[0]


def mav_serve(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mav_engine", "serve", "--port", "0", *options],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        (("--watch", "t.jsonl", "--host", "0.0.0.0"), {}, "MAV_TRAINING_TOKEN"),
        ((), {}, "--watch FILE"),
        (("--watch", "nowhere/t.jsonl"), {}, "make the folder"),
        (("--watch", "t.jsonl"), {"MAV_TRAINING_TOKEN": "secretly"}, "at least 16 characters"),
    ],
)
def test_the_command_names_what_receiving_needs(
    tmp_path: Path, options: tuple[str, ...], environment: dict[str, str], words: str
) -> None:
    ended = mav_serve(tmp_path, "--receive-training", *options, **environment)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert words in line
    assert "secretly" not in line
