"""`make audit`: asks the databases of known vulnerabilities about every pinned dependency.

Exits with 1 if one is known. Where a database cannot be reached, it says that nothing was audited
there, and does not fail: a build without a network is not a vulnerable one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PIP_AUDIT = ROOT / ".venv-audit" / "bin" / "pip-audit"
NPM = ("frontend", "tests/deploy")
"""Folders with a package-lock.json."""
PATIENCE_S = 300


@dataclass
class Audit:
    """The result for one list of dependencies."""

    name: str
    audited: int = 0
    found: list[str] = field(default_factory=list)
    """What is known of them."""
    unreachable: str = ""
    """Why they were not audited."""


def of_python(path: Path, program: Path = PIP_AUDIT) -> Audit:
    """Audit a list of pinned Python packages, and those that it includes."""
    audit = Audit(path.name)
    ended = _run(
        [str(program), "--requirement", str(path), "--no-deps", "--disable-pip", "--format", "json",
         "--progress-spinner", "off"]
    )  # fmt: skip
    if isinstance(ended, str):
        audit.unreachable = ended
        return audit
    try:
        given: Any = json.loads(ended.stdout)
        packages = given["dependencies"]
    except (ValueError, KeyError, TypeError):
        audit.unreachable = _reason(ended.stderr)
        return audit
    for package in packages:
        # pip-audit skips a package that the database does not answer for, and calls that success.
        if "skip_reason" in package:
            continue
        audit.audited += 1
        audit.found += [
            f"{package['name']} {package['version']}: {each['id']}, fixed in "
            f"{', '.join(each['fix_versions']) or 'no version'}"
            for each in package["vulns"]
        ]
    if packages and audit.audited == 0:
        audit.unreachable = "the database answered for none of the packages"
    return audit


def of_npm(folder: Path, program: str = "npm") -> Audit:
    """Audit the packages of a package-lock.json."""
    audit = Audit(f"{folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder.name}")
    ended = _run([program, "audit", "--json"], folder)
    if isinstance(ended, str):
        audit.unreachable = ended
        return audit
    try:
        given: Any = json.loads(ended.stdout)
        vulnerabilities = given["vulnerabilities"]
        audit.audited = int(given["metadata"]["dependencies"]["total"])
    except (ValueError, KeyError, TypeError):
        audit.unreachable = _reason(ended.stderr)
        return audit
    audit.found = [
        f"{name} {each['range']}: {each['severity']}" for name, each in vulnerabilities.items()
    ]
    return audit


def report(audits: list[Audit]) -> int:
    """Print the results; returns the exit status."""
    for audit in audits:
        if audit.unreachable:
            print(f"{audit.name}: NOT AUDITED, the database cannot be reached: {audit.unreachable}")
        elif audit.found:
            print(f"{audit.name}: {len(audit.found)} known vulnerabilities")
        else:
            print(f"{audit.name}: nothing is known of its {audit.audited} packages")
        for each in audit.found:
            print(f"  {each}")
    return int(any(audit.found for audit in audits))


def _run(command: list[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str] | str:
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE_S} s"
    except OSError as error:
        return f"{command[0]}: {error.strerror}"


def _reason(text: str) -> str:
    """The line of an error output that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if "complete log" not in line]
    causes = [line for line in lines if "error" in line.lower()] or lines or ["no answer"]
    return causes[0][:200]


def main() -> int:
    """Audit everything."""
    lists = sorted(ROOT.glob("requirements*.txt"))
    return report([*map(of_python, lists), *(of_npm(ROOT / each) for each in NPM)])


if __name__ == "__main__":
    sys.exit(main())
