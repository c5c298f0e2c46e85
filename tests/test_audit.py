"""`make audit` finds vulnerabilities, and never calls what it could not ask about safe."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.audit import Audit, of_npm, of_python, report

FLAW = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}


def program(folder: Path, printed: str, error: str = "", status: int = 0) -> Path:
    """A program that prints this, in place of pip-audit or npm."""
    path = folder / "program"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nprint({printed!r})\n"
        f"print({error!r}, file=sys.stderr)\nsys.exit({status})\n",
        encoding="utf-8",
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def python(folder: Path, *packages: dict[str, Any]) -> Audit:
    printed = json.dumps({"dependencies": packages, "fixes": []})
    return of_python(Path("requirements.txt"), program(folder, printed, status=1))


def package(**further: Any) -> dict[str, Any]:
    return {"name": "starlette", "version": "1.0", "vulns": [], **further}


def test_a_vulnerability_fails_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report([python(tmp_path, package(vulns=[FLAW]), package())]) == 1
    printed = capsys.readouterr().out
    assert "1 known" in printed
    assert "starlette 1.0: PYSEC-1, fixed in 2.0" in printed


def test_nothing_known_is_said_with_how_many_were_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report([python(tmp_path, package(), package())]) == 0
    assert "nothing is known of its 2 packages" in capsys.readouterr().out


def test_packages_without_an_answer_are_not_called_safe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    skipped = {"name": "starlette", "skip_reason": "Dependency not found on PyPI"}
    assert report([python(tmp_path, skipped)]) == 0
    assert "NOT AUDITED, the database cannot be reached" in capsys.readouterr().out


@pytest.mark.parametrize("printed", ["", "[]", "{}", "<html>"])
def test_a_database_that_does_not_answer_is_said(
    tmp_path: Path, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = "ERROR:ConnectionError: name resolution failed"
    path = program(tmp_path, printed, error, status=1)
    assert report([of_python(Path("requirements.txt"), path), of_npm(tmp_path, str(path))]) == 0
    assert capsys.readouterr().out.count("name resolution failed") == 2


def test_a_missing_program_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report([of_python(Path("requirements.txt"), tmp_path / "none")]) == 0
    assert "NOT AUDITED" in capsys.readouterr().out


def test_packages_of_npm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = {
        "vulnerabilities": {"next": {"name": "next", "severity": "high", "range": "<16"}},
        "metadata": {"dependencies": {"total": 400}},
    }
    path = str(program(tmp_path, json.dumps(answer), status=1))
    assert report([of_npm(tmp_path, path)]) == 1
    assert "next <16: high" in capsys.readouterr().out
    answer["vulnerabilities"] = {}
    path = str(program(tmp_path, json.dumps(answer)))
    assert report([of_npm(tmp_path, path)]) == 0
    assert "nothing is known of its 400 packages" in capsys.readouterr().out
