"""Lists the mutants that no test found and `mutants.txt` does not explain; ends with 1 if any.

A mutant is written as one line, `file: line of code -> the same line with the fault`. In
`mutants.txt` the reason stands above the mutants that it explains, as a line that begins with `#`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

ROOT = Path(__file__).parents[1]
EXPLAINED = Path(__file__).with_suffix(".txt")


def main() -> int:
    """Print the counts, then what is not explained."""
    explained = {
        line
        for line in EXPLAINED.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    counts: Counter[str] = Counter()
    survived: set[str] = set()
    for path in sorted((ROOT / "mutants").rglob("*.py.meta")):
        source = str(path.relative_to(ROOT / "mutants")).removesuffix(".meta")
        results = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        for name, exit_code in results.items():
            status = status_by_exit_code[exit_code]
            counts[status] += 1
            if status not in ("killed", "timeout", "not checked"):
                survived.add(f"{source}: {_change(name, source)}")
    print(", ".join(f"{count} {status}" for status, count in counts.most_common()))
    for line in sorted(survived - explained):
        print(line)
    if not counts["not checked"]:
        for line in sorted(explained - survived):
            print(f"no longer needed in {EXPLAINED.name}: {line}")
    return 1 if survived - explained else 0


def _change(name: str, source: str) -> str:
    """The changed lines of a mutant, each side on one line."""
    lines = get_diff_for_mutant(name, path=source).splitlines()[2:]
    before, after = (
        " ".join(" ".join(line[1:] for line in lines if line.startswith(sign)).split())
        for sign in "-+"
    )
    return f"{before} -> {after}"


if __name__ == "__main__":
    sys.exit(main())
