"""What was compiled: the builds of a source that this processor can run.

They are compiled where the package is installed (`setup.py`), for some kinds of processors at once.
Where there is no compiler there is none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

EVERYWHERE, SOMEWHERE = ("llama", "products", "small"), ("int8",)
"""Sources: those for any processor, and those for processors that have what they are about."""
LANES = 16
"""Numbers of the widest vector: rows and heads that a build of any kind reads are so many whole."""
KINDS = ("_vnni", "_avx512", "_avx2", "")
"""From the fastest on; the last is that of other kinds of processors."""


OTHER_PROCESSOR = "made for another processor"


def builds(source: str) -> dict[str, ctypes.CDLL]:
    """Every build of a source that this processor can run, by its name, the fastest first."""
    opened = ((name, _opened(place)) for name, place in _places(source))
    return {name: found for name, found in opened if isinstance(found, ctypes.CDLL)}


def unusable_builds(source: str) -> dict[str, str]:
    """Every build of a source that cannot run here, with the reason."""
    opened = ((name, _opened(place)) for name, place in _places(source))
    return {name: found for name, found in opened if isinstance(found, str)}


def _places(source: str) -> Iterator[tuple[str, Path]]:
    for kind in KINDS:
        name = f"_{source}{kind}"
        paths = (Path(__file__).parent / (name + suffix) for suffix in EXTENSION_SUFFIXES)
        yield from ((name, path) for path in paths if path.exists())


def _opened(place: Path) -> ctypes.CDLL | str:
    """The library, or why it cannot run here."""
    try:
        library = ctypes.CDLL(str(place))
    except OSError as error:  # built for another system, or for threads that are not here
        return f"cannot be loaded: {error}"
    return library if library.mav_runs_here() else OTHER_PROCESSOR
