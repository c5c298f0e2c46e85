"""Make a training's recording small enough to be shipped with the site.

    python -m training.shipping RUN/training.jsonl mav-tiny-training.jsonl.gz

Numbers keep four significant digits, shares of attention three decimals, predictions the likeliest
rows, a step that was looked at twice its later look, and the first prompts are kept. Where a
training was taken up again, its clock goes on. Nothing else is changed.
"""

import argparse
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mav_engine.contract.json_lines import without_breaks

DIGITS = 4
SHARE_DECIMALS = 3
TOP_ROWS = 6


def rounded(value: Any) -> Any:
    """The same value with all its numbers rounded to four significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, dict):
        return {
            name: _shares(each) if name in ("weights", "head_weights") else rounded(each)
            for name, each in value.items()
        }
    return value


def _shares(value: Any) -> Any:
    """The same shares of attention with fewer decimals; packed ones stay as they are."""
    if isinstance(value, list):
        return [_shares(each) for each in value]
    return round(value, SHARE_DECIMALS) if isinstance(value, float) else value


def trimmed(event: dict[str, Any]) -> dict[str, Any]:
    """An event of a recording without what a picture of it does not need."""
    if event["type"] == "start":
        settings = event["settings"]
        settings = {**settings, "top_n": min(TOP_ROWS, settings["top_n"])}
        event = {**event, "settings": settings}
    if event["type"] == "token":
        event = {**event, "top": event["top"][:TOP_ROWS]}
    return {name: rounded(value) for name, value in event.items()}


def snapshots_in(lines: Iterator[str]) -> Iterator[list[dict[str, Any]]]:
    """The events of each look, its own line first."""
    snapshot: list[dict[str, Any]] = []
    for line in lines:
        event = json.loads(line)
        if event["type"] == "training" and snapshot:
            yield snapshot
            snapshot = []
        snapshot.append(event)
    if snapshot:
        yield snapshot


def one_clock(snapshots: list[list[dict[str, Any]]]) -> None:
    """Count seconds from the beginning where they began anew."""
    before = last = 0.0
    for head, *_ in snapshots:
        if head["elapsed_s"] < last:
            before += last
        last = head["elapsed_s"]
        head["elapsed_s"] = before + last


def hand_over_losses(
    snapshots: list[list[dict[str, Any]]], kept: list[list[dict[str, Any]]]
) -> None:
    """Losses told with a look that is left out are told with the next one that is kept."""
    places = {id(snapshot) for snapshot in kept}
    waiting: list[Any] = []
    for snapshot in snapshots:
        head = snapshot[0]
        waiting += head["losses"]
        if id(snapshot) in places and head["prompt"] == 0:
            head["losses"], waiting = waiting, []


def _dumped(event: dict[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def shipped(source: Path, prompts: int, left_out: Sequence[int]) -> bytes:
    """The small recording, compressed; the same bytes for the same recording."""
    with source.open(encoding="utf-8") as lines:
        snapshots = list(snapshots_in(iter(lines)))
    one_clock(snapshots)
    newest = {_place(snapshot): snapshot for snapshot in snapshots}
    for step, prompt in list(newest):
        if step in left_out or prompt >= prompts:
            del newest[step, prompt]
    kept = [snapshot for snapshot in snapshots if snapshot is newest.get(_place(snapshot))]
    hand_over_losses(snapshots, kept)
    text = b"".join(
        without_breaks(_dumped(trimmed(event)).encode()) + b"\n"
        for snapshot in kept
        for event in snapshot
    )
    return gzip.compress(text, 9, mtime=0)


def _place(snapshot: list[dict[str, Any]]) -> tuple[int, int]:
    return snapshot[0]["step"], snapshot[0]["prompt"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--prompts", type=int, default=2, help="so many of the first are kept")
    parser.add_argument("--leave-out", type=int, nargs="+", default=[], help="steps to leave out")
    options = parser.parse_args()
    options.target.write_bytes(shipped(options.source, options.prompts, options.leave_out))
