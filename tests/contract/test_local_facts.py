"""What the engine in the browser knows of the engine in Python is current."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

FRONTEND = Path(__file__).parents[2] / "frontend"


def test_the_facts_are_current() -> None:
    script = runpy.run_path(str(FRONTEND / "scripts" / "local-facts.py"))
    written = json.loads((FRONTEND / "local" / "facts.json").read_text("utf-8"))
    # As JSON, which knows no tuples.
    assert written == json.loads(json.dumps(script["facts"]())), "To renew them: make contract"
