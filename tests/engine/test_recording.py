"""Recordings: the bytes come back, and a damaged file gives what is whole and says what is not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mav_engine import RunSettings, run
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.arrays import MAX_HALF_SHARES, from_wire, to_wire
from mav_engine.contract.events import Token, to_json
from mav_engine.contract.recording import record, replay, write
from mav_engine.errors import BrokenRecording, NotARecording, TornRecording
from mav_engine.training import replay_training
from tests.recorded import RECORDINGS, before_problem

WHOLE = sorted(RECORDINGS.glob("*.jsonl"))
BROKEN = json.loads((RECORDINGS / "broken" / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_a_recording_of_an_earlier_mav_can_be_read_and_written(
    path: Path, suffix: str, tmp_path: Path
) -> None:
    """What was added to the contract since is filled in, so bytes are compared from then on."""
    copy = tmp_path / f"copy{suffix}"
    count = write(replay(path), copy)
    data = copy.read_bytes()
    lines = (gzip.decompress(data) if suffix.endswith("gz") else data).splitlines()
    assert len(lines) == count == len(path.read_bytes().splitlines())
    assert [to_json(event) for event in replay(copy)] == lines


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_a_line_that_no_event_can_have_is_refused_before_it_is_read_whole(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mav_engine.contract.recording.MAX_LINE_BYTES", 100_000)
    path = tmp_path / f"long{suffix}"
    start = WHOLE[0].read_bytes().split(b"\n", 1)[0]
    data = start + b"\n" + b" " * 200_000_000 + b"\n"
    path.write_bytes(gzip.compress(data, 1) if suffix.endswith("gz") else data)
    events, problem = before_problem(replay(path))
    assert [event.type for event in events] == ["start"]
    assert isinstance(problem, BrokenRecording)
    assert problem.line == 2
    assert "longer than 100,000 bytes" in problem.detail


ENCODINGS = {
    "utf-8 with a byte-order mark": "utf-8-sig",
    "utf-16 with a byte-order mark": "utf-16",
    "utf-16, little-endian": "utf-16-le",
    "utf-16, big-endian": "utf-16-be",
}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_files_as_windows_programs_save_them_give_the_same(
    encoding: str, packed: bool, line_break: str, tmp_path: Path
) -> None:
    def saved(path: Path) -> Path:
        text = path.read_text(encoding="utf-8").replace("\n", line_break)
        data = text.encode(encoding)
        (tmp_path / path.name).write_bytes(gzip.compress(data) if packed else data)
        return tmp_path / path.name

    # Its texts have characters whose UTF-16 has the byte of a line break.
    run_of_unicode = RECORDINGS / "mav-tiny-unicode.jsonl"
    lines = [to_json(event) for event in replay(run_of_unicode)]
    assert [to_json(event) for event in replay(saved(run_of_unicode))] == lines
    training = RECORDINGS / "training" / "mav-tiny-learns.jsonl"
    texts = [record.text for _, record in replay_training(training)]
    assert [record.text for _, record in replay_training(saved(training))] == texts


def test_a_cut_off_or_broken_file_in_utf16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    data = (RECORDINGS / "mav-tiny.jsonl").read_text(encoding="utf-8").encode("utf-16")
    path.write_bytes(data[: len(data) // 2 + 1])
    events, problem = before_problem(replay(path))
    assert len(events) > 2
    assert isinstance(problem, TornRecording)
    path.write_bytes(data[:1000] + b"\x00\xd8\x00\x00" + data[1000:])
    assert isinstance(before_problem(replay(path))[1], BrokenRecording)
    path.write_bytes(data.decode("utf-16").encode("utf-32"))
    assert "UTF-32" in str(before_problem(replay(path))[1])
    path.write_bytes(b"\xef\xbb\xbf")
    assert "empty" in str(before_problem(replay(path))[1])


@pytest.mark.parametrize("model", ["fake", "mav-tiny"])
def test_a_live_run_comes_back_to_the_byte(model: str, tmp_path: Path) -> None:
    capture = ("predictions", "residual", "attention_rows", "attention_map", "tiles", "logit_lens")
    settings = RunSettings(
        prompt="Lily had a 🦊. She",
        max_new_tokens=6,
        seed=1,
        temperature=1.0,
        attn_every=2,
        capture=capture if model == "mav-tiny" else capture[:2],
    )
    path = tmp_path / "run.jsonl"
    backend = FakeBackend() if model == "fake" else None
    live = list(record(run(settings, backend=backend), path))
    again = list(replay(path))
    assert [type(event) for event in again] == [type(event) for event in live]
    assert b"".join(to_json(event) + b"\n" for event in again) == path.read_bytes()
    tokens = [event for event in again if isinstance(event, Token)]
    assert all(isinstance(event.layers.resid_norm, np.ndarray) for event in tokens)


def test_what_a_crash_leaves_is_whole_up_to_there(tmp_path: Path) -> None:
    for name in ("run.jsonl", "run.jsonl.gz"):
        path = tmp_path / name
        events = record(replay(WHOLE[0]), path)
        taken = [to_json(next(events)) for _ in range(4)]
        on_disk = tmp_path / f"left-{name}"
        on_disk.write_bytes(path.read_bytes())
        left, problem = before_problem(replay(on_disk))
        assert [to_json(event) for event in left] == taken
        assert isinstance(problem, TornRecording)
        events.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["file"])
def test_a_damaged_recording_gives_its_complete_events_and_an_error(case: dict[str, Any]) -> None:
    events, problem = before_problem(replay(RECORDINGS / "broken" / case["file"]))
    assert problem is not None
    found = {"code": problem.code, "line": problem.line, "field": problem.field}
    assert found == {name: case[name] for name in found}
    assert len(events) == case["events"]
    if case["line"] not in (None, 1):
        assert f"ine {case['line']}" in problem.detail


def test_settings_that_cannot_be_are_a_damaged_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(WHOLE[0].read_bytes().replace(b'"top_n":', b'"topp_n":', 1))
    events, problem = before_problem(replay(path))
    assert events == []
    assert isinstance(problem, BrokenRecording)
    assert (problem.line, problem.field) == (1, "start.settings.topp_n")
    assert "Did you mean top_n?" in problem.detail


def test_the_error_for_an_event_stream_explains_how_to_make_a_recording() -> None:
    with pytest.raises(NotARecording, match=r"Accept: application/x-ndjson"):
        list(replay(RECORDINGS / "broken" / "event-stream.txt"))


def test_a_compressed_file_that_was_cut_off_gives_its_beginning(tmp_path: Path) -> None:
    packed = gzip.compress(WHOLE[0].read_bytes())
    path = tmp_path / "cut.gz"
    path.write_bytes(packed[: len(packed) // 2])
    events, problem = before_problem(replay(path))
    assert events
    assert isinstance(problem, TornRecording)


@given(st.floats(2**-10, 1.0, width=32))
def test_shares_in_bytes_are_the_same_when_sent_again(peak: float) -> None:
    values = np.linspace(0, peak, MAX_HALF_SHARES + 1, dtype=np.float32).reshape(1, 1, 1, -1)
    once = to_wire(values, bytes_above=MAX_HALF_SHARES)
    assert once["dtype"] == "u8"
    assert to_wire(from_wire(once), bytes_above=MAX_HALF_SHARES) == once
    np.testing.assert_allclose(from_wire(once), values, atol=once["scale"] * 0.51)


@given(st.floats(2.0**-100, 2.0**100, width=32))
def test_halves_are_the_same_when_sent_again(peak: float) -> None:
    values = np.linspace(-peak, peak, 100, dtype=np.float32)
    once = to_wire(values)
    assert to_wire(from_wire(once)) == once
