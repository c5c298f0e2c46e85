"""The training that ships with the site, and how it was made small."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from mav_engine.training import replay_training
from training.shipping import TOP_ROWS, shipped

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "frontend" / "public" / "recordings" / "mav-tiny-training.jsonl.gz"
RECORDED = ROOT / "tests" / "recordings" / "training" / "mav-tiny-learns.jsonl"


def test_the_shipped_training_is_small_whole_and_learns_to_speak() -> None:
    assert SHIPPED.stat().st_size < 400_000
    snapshots = list(replay_training(SHIPPED))
    first, last = (
        record for snapshot, record in (snapshots[0], snapshots[-2]) if snapshot.prompt == 0
    )
    assert first.text.startswith("ained")
    assert last.text.startswith(", there was a little girl named Lily.")
    points = [point for snapshot, _ in snapshots for point in snapshot.losses]
    assert [step for step, _ in points] == list(range(1, snapshots[-1][0].step + 1))
    clock = [snapshot.elapsed_s for snapshot, _ in snapshots]
    assert clock == sorted(clock)


def test_a_recording_without_some_steps_is_complete(tmp_path: Path) -> None:
    source = tmp_path / "t.jsonl"
    again = RECORDED.read_text(encoding="utf-8")
    lines = again.splitlines(keepends=True)
    source.write_text("".join([*lines, *lines[-10:]]), encoding="utf-8")
    packed = shipped(source, prompts=1, left_out=[10])
    assert packed == shipped(source, prompts=1, left_out=[10])
    small = tmp_path / "small.jsonl.gz"
    small.write_bytes(packed)
    snapshots = list(replay_training(small))
    assert [(snapshot.step, snapshot.prompt) for snapshot, _ in snapshots] == [(0, 0), (50, 0)]
    whole = [snapshot for snapshot, _ in replay_training(RECORDED)]
    assert len(snapshots[1][0].losses) == sum(len(snapshot.losses) for snapshot in whole)
    tokens = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    assert all(len(event["top"]) <= TOP_ROWS for event in tokens if event["type"] == "token")
