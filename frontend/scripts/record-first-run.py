"""Records the run with which an empty page begins: `record-first-run.py FILE`.

The embedded model continues an example of the page and pauses at the token at which it is least
certain of what comes next: the one with the highest entropy among the first LOOK_AHEAD tokens.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mav_engine import RunSettings, run
from mav_engine.contract.events import Token
from mav_engine.contract.recording import write

PROMPT = "Lily found a big red ball in the garden. She"
LOOK_AHEAD = 28
CAPTURE = [
    "predictions",
    "distribution",
    "residual",
    "mlp",
    "attention_entropy",
    "attention_rows",
    "logit_lens",
]
"""What the panels of a first visit need; a test of the site compares both."""
MAX_BYTES = 150_000


def main(file: Path) -> None:
    """Find the least certain token, and record the run up to it."""
    settings = RunSettings(model="mav-tiny", prompt=PROMPT, seed=1, max_new_tokens=64)
    ahead = settings.model_copy(update={"max_new_tokens": LOOK_AHEAD})
    tokens = [event for event in run(ahead) if isinstance(event, Token)]
    least_certain = max(tokens, key=lambda token: token.entropy)
    recorded = RunSettings(
        **settings.model_dump(exclude_unset=True),
        capture=CAPTURE,
        breakpoints={"after": least_certain.index + 1},
    )
    write(run(recorded), file)
    size = file.stat().st_size
    print(f"{file}: {least_certain.index + 1} tokens, {size} bytes")
    if size > MAX_BYTES:
        raise SystemExit(f"{file} has more than {MAX_BYTES} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
