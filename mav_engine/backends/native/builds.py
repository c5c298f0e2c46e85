"""What was compiled: the builds of a source that this processor can run.

They are compiled where the package is installed (`setup.py`), for some kinds of processors at once.
Where there is no compiler there is none.
"""

from __future__ import annotations

import ctypes
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

EVERYWHERE, SOMEWHERE = ("llama", "products", "small"), ("int8",)
"""Sources: those for any processor, and those for processors that have what they are about."""
LANES = 16
"""Numbers of the widest vector: rows and heads that a build of any kind reads are so many whole."""
KINDS = ("_vnni", "_avx512", "_avx2", "")
"""From the fastest on; the last is that of other kinds of processors."""


def builds(source: str) -> dict[str, ctypes.CDLL]:
    """Every build of a source that this processor can run, by its name, the fastest first."""
    folder = Path(__file__).parent
    names = [f"_{source}{kind}" for kind in KINDS]
    places = [folder / (name + suffix) for name in names for suffix in EXTENSION_SUFFIXES]
    opened = {place.name.split(".")[0]: _opened(place) for place in places if place.exists()}
    return {name: found for name, found in opened.items() if found is not None}


def _opened(place: Path) -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(str(place))
    except OSError:  # built for another system, or for threads that are not here
        return None
    return library if library.mav_runs_here() else None
