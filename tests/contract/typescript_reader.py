"""The site's parser of events in a Node process, for tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mav_engine.config import ROOT

FRONTEND = ROOT / "frontend"
ESBUILD = FRONTEND / "node_modules" / ".bin" / "esbuild"
ENTRY = Path(__file__).with_name("reader.ts")


class TypeScriptReader:
    """Sends lines to `reader.ts` and returns its answers."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, kind: str, line: bytes) -> Any:
        """What TypeScript makes of a line that the server sent.

        Raises:
            Refused: it does not fit the contract.
        """
        answer = self._ask(kind, line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["read"]

    def refusal(self, kind: str, line: bytes) -> str | None:
        """Why a line is refused; None where it is accepted."""
        refused: str | None = self._ask(kind, line).get("refused")
        return refused

    def _ask(self, kind: str, line: bytes) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(kind.encode() + b" " + line + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline(), parse_int=_number)
        return answer


def _number(digits: str) -> float:
    """JavaScript writes large numbers by their shortest digits, which are another integer."""
    number = int(digits)
    return number if abs(number) < 2**53 else float(digits)


class Refused(Exception):
    """TypeScript does not accept a line."""


@contextmanager
def typescript_reader(folder: Path) -> Iterator[TypeScriptReader]:
    """A reader for as long as the context lasts; `folder` takes the bundled script."""
    bundle = folder / "reader.mjs"
    subprocess.run(
        [
            ESBUILD, ENTRY, "--bundle", "--platform=node", "--format=esm", "--log-level=warning",
            f"--tsconfig={FRONTEND / 'tsconfig.json'}", f"--alias:@={FRONTEND}",
            f"--outfile={bundle}",
        ],
        check=True,
        cwd=FRONTEND,
    )  # fmt: skip
    process = subprocess.Popen(["node", bundle], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        yield TypeScriptReader(process)
        assert process.stdin is not None
        process.stdin.close()
