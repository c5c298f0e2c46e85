"""What was compiled: the builds of a source that this processor can run.

They are compiled where the package is installed (`setup.py`), for some kinds of processors at once.
Where there is no compiler there is none.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

EVERYWHERE, SOMEWHERE = ("llama", "products", "small"), ("int8",)
"""Sources: those for any processor, and those for processors that have what they are about."""
LANES = 16
"""Numbers of the widest vector: rows and heads that a build of any kind reads are so many whole."""
KINDS = ("_vnni", "_avx512", "_avx2", "")
"""From the fastest on; the last is that of other kinds of processors."""


OTHER_PROCESSOR = "made for another processor"
OUTDATED = "compiled from other sources than those of this version: install the package again"
_FOLDER = Path(__file__).parent


@cache
def source_digest(source: str) -> str:
    """A digest of a C source and all headers; empty where the package has no sources.

    `setup.py` compiles it into each build. A build of another version may take other arguments,
    which would end the process.
    """
    files = [_FOLDER / f"{source}.c", *sorted(_FOLDER.glob("*.h"))]
    if not files[0].exists():
        return ""
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()[:16]


def builds(source: str) -> dict[str, ctypes.CDLL]:
    """Every build of a source that this processor can run, by its name, the fastest first."""
    opened = ((name, _opened(place, source)) for name, place in _places(source))
    return {name: found for name, found in opened if isinstance(found, ctypes.CDLL)}


def unusable_builds(source: str) -> dict[str, str]:
    """Every build of a source that cannot run here, with the reason."""
    opened = ((name, _opened(place, source)) for name, place in _places(source))
    return {name: found for name, found in opened if isinstance(found, str)}


def _places(source: str) -> Iterator[tuple[str, Path]]:
    for kind in KINDS:
        name = f"_{source}{kind}"
        paths = (_FOLDER / (name + suffix) for suffix in EXTENSION_SUFFIXES)
        yield from ((name, path) for path in paths if path.exists())


def _opened(place: Path, source: str) -> ctypes.CDLL | str:
    """The library, or why it cannot be used here."""
    try:
        library = ctypes.CDLL(str(place))
    except OSError as error:  # built for another system, or for threads that are not here
        return f"cannot be loaded: {error}"
    if not library.mav_runs_here():
        return OTHER_PROCESSOR
    return library if _digest_of(library) == source_digest(source) else OUTDATED


def _digest_of(library: ctypes.CDLL) -> str:
    try:
        digest = library.mav_source_digest
    except AttributeError:  # built before digests were compiled in
        return "none"
    digest.restype = ctypes.c_char_p
    return str(digest().decode())
