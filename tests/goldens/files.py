"""Golden files: what the Python engine computes, for the tests of the engine in the browser.

Each is JSON, compressed with gzip, in this folder. The tests of both languages read them.
"""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def write(name: str, content: Any) -> Path:
    """Write a golden file; the same content gives the same bytes."""
    path = FOLDER / f"{name}.json.gz"
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return path


def read(name: str) -> Any:
    """The content of a golden file."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


def rounded(number: float, digits: int = 8) -> float:
    """A number with fewer digits, which takes less space in a file."""
    return float(f"{number:.{digits}g}")


def difference(
    golden: Any, computed: Any, tolerance: float, path: str = "", *, least: float = 1e-12
) -> str | None:
    """Where two contents differ, the first place; None where they are equal.

    Args:
        golden: the content of a file.
        computed: what is computed now.
        tolerance: of numbers that are not whole, relative.
        path: the place of both.
        least: how far numbers that are not whole may be apart in any case.
    """
    if isinstance(golden, float) and isinstance(computed, float):
        close = math.isclose(golden, computed, rel_tol=tolerance, abs_tol=least)
        return None if close else f"{path}: {golden!r} is now {computed!r}"
    if isinstance(golden, dict) and isinstance(computed, dict) and golden.keys() == computed.keys():
        pairs = [(f"{path}.{key}", golden[key], computed[key]) for key in golden]
    elif isinstance(golden, list) and isinstance(computed, list) and len(golden) == len(computed):
        pairs = [
            (f"{path}[{place}]", *both)
            for place, both in enumerate(zip(golden, computed, strict=True))
        ]
    else:
        return None if golden == computed else f"{path}: {golden!r:.200} is now {computed!r:.200}"
    found = (difference(one, other, tolerance, where, least=least) for where, one, other in pairs)
    return next((each for each in found if each), None)
