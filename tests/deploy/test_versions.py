"""The function on Vercel gets the versions that everything else is tested with."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def pyproject(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def versions(lines: list[str]) -> dict[str, str]:
    requirements = (Requirement(line) for line in lines)
    return {canonicalize_name(each.name): str(each.specifier) for each in requirements}


def needed_by_the_engine(without: set[str]) -> set[str]:
    """The packages that the engine needs without torch, except some and what only they need."""
    found: set[str] = set()
    further = list(pyproject("pyproject.toml")["project"]["dependencies"])
    while further:
        requirement = Requirement(further.pop())
        name = canonicalize_name(requirement.name)
        if name in found | without:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found.add(name)
            further += metadata.requires(name) or []
    return found


def test_each_package_of_the_function_has_the_version_of_the_runtime() -> None:
    settings = pyproject("api/pyproject.toml")["tool"]["uv"]
    pinned = versions(settings["constraint-dependencies"])
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    runtime = versions([line for line in lines if not line.startswith("#")])
    assert pinned == {name: runtime[name] for name in pinned}
    left_out = set(versions(settings["override-dependencies"]))
    assert needed_by_the_engine(left_out) == set(pinned)
    builders = versions(settings["build-constraint-dependencies"])
    assert builders == {name: runtime[name] for name in builders}
