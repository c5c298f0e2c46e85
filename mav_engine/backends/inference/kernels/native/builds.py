"""The compiled libraries that this processor can run.

`setup.py` compiles each source for several kinds of processors when the package is installed.
Without a compiler there are none.
"""

from __future__ import annotations

import ctypes
import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

REQUIRED_SOURCES, OPTIONAL_SOURCES = (
    ("blocks", "halves", "llama", "prediction", "products", "small", "strongest"),
    ("int8",),
)
"""Sources that compile for any processor, and those that need certain instructions."""
LANES = 16
"""float32 values of the widest vector; sizes of rows and heads must be multiples of it."""
KINDS = ("_vnni", "_avx512", "_avx2", "")
"""Fastest first; the last is for all other processors."""


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


def compiled_kinds(source: str) -> tuple[str, ...]:
    """The kinds of processors that `setup.py` compiles a source for on a machine like this."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return () if source in OPTIONAL_SOURCES else ("",)
    return ("_vnni", "_avx2") if source in OPTIONAL_SOURCES else ("_avx512", "_avx2")


def builds(source: str) -> dict[str, ctypes.CDLL]:
    """Every build of a source that this processor can run, by its name, the fastest first."""
    opened = ((name, _open(path, source)) for name, path in _files(source))
    return {name: library for name, library in opened if isinstance(library, ctypes.CDLL)}


def unusable_builds(source: str) -> dict[str, str]:
    """Every build of a source that cannot run here, with the reason."""
    opened = ((name, _open(path, source)) for name, path in _files(source))
    return {name: reason for name, reason in opened if isinstance(reason, str)}


def _files(source: str) -> Iterator[tuple[str, Path]]:
    """The name and file of every build."""
    # Builds for all versions of Python (abi3) first: others may be left from an older MAV.
    suffixes = sorted(EXTENSION_SUFFIXES, key=lambda suffix: "abi3" not in suffix)
    for kind in KINDS:
        name = f"_{source}{kind}"
        paths = (_FOLDER / (name + suffix) for suffix in suffixes)
        if path := next((path for path in paths if path.exists()), None):
            yield name, path


def _open(path: Path, source: str) -> ctypes.CDLL | str:
    """The library, or why it cannot be used here."""
    try:
        library = ctypes.CDLL(str(path))
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
