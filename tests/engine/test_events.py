"""Events on the wire: what goes out comes back, and never NaN."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pydantic import ValidationError

from mav_engine import RunSettings, run
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.arrays import MAX_PLAIN, floats, from_wire, to_wire
from mav_engine.contract.events import from_json, to_json
from mav_engine.contract.recording import write
from mav_engine.training.recording import Snapshot, run_lines

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
ARRAYS = arrays(np.float32, array_shapes(max_dims=3, max_side=12), elements=NUMBERS)


def sent(values: np.ndarray) -> np.ndarray:
    return from_wire(orjson.loads(orjson.dumps(to_wire(values))))


@given(ARRAYS)
def test_arrays_come_back(values: np.ndarray) -> None:
    back = sent(values)
    assert back.shape == values.shape
    if values.size <= MAX_PLAIN:
        np.testing.assert_array_equal(back, values)
    else:
        peak = np.abs(values).max()
        np.testing.assert_allclose(back, values, rtol=1e-3, atol=float(peak) * 1e-7)


@given(arrays(np.float32, (5, 20), elements=NUMBERS), st.sets(st.integers(0, 4), min_size=1))
def test_a_layer_that_does_not_exist_is_null(values: np.ndarray, absent: set[int]) -> None:
    values[sorted(absent)] = np.nan
    wire = orjson.loads(orjson.dumps(to_wire(values)))
    if len(absent) < 5:
        assert [row is None for row in wire] == [i in absent for i in range(5)]
        np.testing.assert_array_equal(np.isnan(sent(values)), np.isnan(values))


def test_more_than_64_numbers_are_packed_in_base64() -> None:
    values = np.linspace(0, 3, 65, dtype=np.float32).reshape(5, 13)
    wire = orjson.loads(orjson.dumps(to_wire(values)))
    assert wire["shape"] == [5, 13]
    assert wire["dtype"] == "f16"
    halves = np.frombuffer(base64.b64decode(wire["data"]), dtype="<f2").reshape(5, 13)
    np.testing.assert_allclose(halves, values, rtol=1e-3)


def test_small_and_large_numbers_keep_their_digits_by_a_scale() -> None:
    for size in (1e-9, 1e9):
        values = np.linspace(size, 3 * size, 100, dtype=np.float32)
        assert "scale" in to_wire(values)
        np.testing.assert_allclose(sent(values), values, rtol=1e-3)


def test_floats_have_their_shortest_decimal() -> None:
    assert floats(np.array([0.1, 1 / 3], dtype=np.float32)) == [0.1, 0.33333334]


def test_a_whole_run_comes_back_from_json() -> None:
    events = list(run(RunSettings(prompt="hello", max_new_tokens=3), backend=FakeBackend()))
    for event in events:
        data = to_json(event)
        assert b"NaN" not in data
        assert b"\n" not in data
        assert orjson.loads(data)["type"] == event.type
        assert to_json(from_json(data)) == data


@pytest.mark.parametrize("data", [b'{"type":"dance"}', b'{"type":"queued"}', b"[]", b"{"])
def test_json_that_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        from_json(data)


def test_json_lines_hold_no_other_line_break(tmp_path: Path) -> None:
    text = "a\u2028b\u2029c\x85d"
    settings = RunSettings(prompt=text, max_new_tokens=1, stop=[text], seed=1)
    events = list(run(settings, backend=FakeBackend()))
    path = tmp_path / "run.jsonl"
    write(events, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(events)
    assert next(map(from_json, lines)) == events[0]
    assert orjson.loads(lines[0])["settings"]["prompt"] == text
    snapshot = Snapshot(step=0, prompt=0, loss=None, cost_s=0.0, elapsed_s=0.0)
    assert len(run_lines(snapshot, events).decode().splitlines()) == len(events) + 1


@pytest.mark.parametrize("scale", [{}, [], "much", None])
def test_a_scale_that_is_no_number_is_named(scale: object) -> None:
    packed = {"shape": [1], "dtype": "u8", "data": "AA==", "scale": scale}
    with pytest.raises(ValueError, match="scale"):
        from_wire(packed)


def test_types_are_built_on_one_thread_at_a_time() -> None:
    """Pydantic parses their sources, which can fail on two threads at once."""
    program = """
import ast, sys, threading
from mav_engine.contract.events import from_json

parse, parsing, together = ast.parse, [], []

def watched(*given, **named):
    parsing.append(None)
    together.append(len(parsing))
    try:
        return parse(*given, **named)
    finally:
        parsing.pop()

ast.parse = watched
sys.setswitchinterval(1e-6)
start = threading.Barrier(8)

def read():
    start.wait()
    from_json('{"type":"error","code":"c","title":"t","detail":"d"}')

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(max(together))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
