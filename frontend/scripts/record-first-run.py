"""Records the run with which an empty page begins: `record-first-run.py FILE`.

The embedded model continues an example of the page and pauses at the token of which it is least
certain: the one with the highest entropy among the first LOOK_AHEAD tokens.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mav_engine import RunSettings, run
from mav_engine.contract.events import Done, Event, Token
from mav_engine.contract.recording import write

SETTINGS = {
    "model": "mav-tiny",
    "prompt": "Lily found a big red ball in the garden. She",
    "seed": 1,
    "max_new_tokens": 64,
}
LOOK_AHEAD = 28
# What the panels of a first visit need; a test of the site compares them.
CAPTURE = [
    "predictions",
    "distribution",
    "residual",
    "mlp",
    "attention_entropy",
    "attention_sources",
    "attention_rows",
    "logit_lens",
]


def main(file: Path) -> None:
    """Find the least certain token, and record the run up to it."""
    ahead = run(RunSettings(**{**SETTINGS, "max_new_tokens": LOOK_AHEAD}))
    tokens = [event for event in ahead if isinstance(event, Token)]
    count = 1 + max(tokens, key=lambda token: token.entropy).index
    settings = RunSettings(**SETTINGS, capture=CAPTURE, breakpoints={"after": count})
    write(_without_resume(run(settings)), file)
    print(f"{file}: {count} tokens, {file.stat().st_size} bytes")


def _without_resume(events: Iterator[Event]) -> Iterator[Event]:
    """Leave out the resume token, which no server accepts: it expires."""
    for event in events:
        yield replace(event, resume=None) if isinstance(event, Done) else event


if __name__ == "__main__":
    main(Path(sys.argv[1]))
