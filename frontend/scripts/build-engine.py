"""Compiles the engine of the browser: `engine.c` and its headers into `engine.wasm`.

    python frontend/scripts/build-engine.py     (make engine)

Needs clang and wasm-ld, version 19 (Debian and Ubuntu: clang-19 and lld-19), no C library, no
emscripten. A custom section of the file has the digest of its sources, which a test compares.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "mav_engine/backends/inference/kernels/native/browser/engine.c"
ENGINE = ROOT / "frontend/local/model/engine.wasm"
VERSION = "19"
COMPILE = (
    "--target=wasm32", "-Os", "-ffreestanding", "-fvisibility=hidden", "-ffp-contract=off",
    "-msimd128", "-mbulk-memory", "-Wall", "-Wextra", "-Werror",
)  # fmt: skip
LINK = ("--no-entry", "--strip-all", "--gc-sections", "-z", "stack-size=65536")
SECTION = "mav.sources"
_INCLUDE = re.compile(r'^#include "(.+)"$', re.MULTILINE)


def sources() -> list[Path]:
    """`engine.c` and all files that it includes."""
    found: set[Path] = set()
    waiting = [SOURCE]
    while waiting:
        path = waiting.pop().resolve()
        if path in found:
            continue
        found.add(path)
        names = _INCLUDE.findall(path.read_text(encoding="utf-8"))
        waiting += [path.parent / name for name in names]
    return sorted(found)


def source_digest() -> str:
    """A digest of all sources and of the flags; short, since visitors download it."""
    digest = hashlib.sha256(" ".join((*COMPILE, *LINK)).encode())
    for path in sources():
        digest.update(f"\n{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def built_digest(engine: bytes) -> str:
    """The digest in a built engine; empty where there is none."""
    _, found, digest = engine.rpartition(SECTION.encode())
    return digest.decode("ascii", "replace") if found else ""


def tool(name: str) -> str | None:
    """The path of clang or wasm-ld of the right version."""
    for candidate in (f"{name}-{VERSION}", name):
        path = shutil.which(candidate)
        if path and re.search(rf"\b{VERSION}\.\d", _output(path, "--version")):
            return path
    return None


def build() -> bytes:
    """The engine, compiled.

    Raises:
        FileNotFoundError: clang or wasm-ld is not installed.
    """
    clang, linker = tool("clang"), tool("wasm-ld")
    if clang is None or linker is None:
        raise FileNotFoundError(
            f"clang {VERSION} and wasm-ld {VERSION} are needed. Debian and Ubuntu: "
            f"apt-get install clang-{VERSION} lld-{VERSION}"
        )
    with tempfile.TemporaryDirectory() as folder:
        compiled, linked = Path(folder, "engine.o"), Path(folder, "engine.wasm")
        subprocess.run([clang, *COMPILE, "-c", SOURCE, "-o", compiled], check=True)
        subprocess.run([linker, *LINK, compiled, "-o", linked], check=True)
        return linked.read_bytes() + _custom_section(SECTION, source_digest())


def _custom_section(name: str, content: str) -> bytes:
    payload = bytes([len(name)]) + name.encode() + content.encode()
    assert len(payload) < 128, "longer sizes take several bytes"
    return bytes([0, len(payload)]) + payload


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    try:
        ENGINE.write_bytes(build())
    except FileNotFoundError as error:
        sys.exit(str(error))
    print(f"{ENGINE.relative_to(ROOT)}: {ENGINE.stat().st_size:,} bytes")
