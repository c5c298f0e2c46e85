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
    looks = list(replay_training(SHIPPED))
    first, last = (record for look, record in (looks[0], looks[-2]) if look.prompt == 0)
    assert first.text.startswith("ained")
    assert last.text.startswith(", there was a little girl named Lily.")
    told = [point for look, _ in looks for point in look.losses]
    assert [step for step, _ in told] == list(range(1, looks[-1][0].step + 1))
    clock = [look.elapsed_s for look, _ in looks]
    assert clock == sorted(clock)


def test_what_is_left_out_leaves_a_whole_recording(tmp_path: Path) -> None:
    source = tmp_path / "t.jsonl"
    again = RECORDED.read_text(encoding="utf-8")
    lines = again.splitlines(keepends=True)
    source.write_text("".join([*lines, *lines[-10:]]), encoding="utf-8")
    packed = shipped(source, prompts=1, left_out=[10])
    assert packed == shipped(source, prompts=1, left_out=[10])
    small = tmp_path / "small.jsonl.gz"
    small.write_bytes(packed)
    looks = list(replay_training(small))
    assert [(look.step, look.prompt) for look, _ in looks] == [(0, 0), (50, 0)]
    whole = [look for look, _ in replay_training(RECORDED)]
    assert len(looks[1][0].losses) == sum(len(look.losses) for look in whole)
    tokens = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    assert all(len(event["top"]) <= TOP_ROWS for event in tokens if event["type"] == "token")
