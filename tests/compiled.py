"""Tests of compiled code: when they may be skipped, and when their absence is a failure.

A test marked `@pytest.mark.compiled("int8")` needs a build of that source. Without one it is
skipped, with the reason. But where a compiler is installed and skipping would hide a broken build,
it fails: in CI (`CI` is set) and under `make test` (`REQUIRE_COMPILED` is set).
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from typing import Literal

from mav_engine.backends.inference.kernels.native.builds import (
    OTHER_PROCESSOR,
    builds,
    unusable_builds,
)

Verdict = Literal["run", "skip", "fail"]
REQUIRED_BY = ("CI", "REQUIRE_COMPILED")
COMPILERS = ("cc", "gcc", "clang")


def verdict(source: str, environment: Mapping[str, str]) -> tuple[Verdict, str]:
    """What is to become of a test of a source, and why."""
    if builds(source):
        return "run", ""
    unusable = unusable_builds(source)
    if unusable and set(unusable.values()) == {OTHER_PROCESSOR}:
        return "skip", f"{', '.join(unusable)}: {OTHER_PROCESSOR}"
    if source == "int8" and platform.machine().lower() not in ("x86_64", "amd64"):
        return "skip", f"there is no int8 product for {platform.machine()}"
    why = "; ".join(f"{name}: {reason}" for name, reason in unusable.items()) or "it was not built"
    compiler = next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        return "skip", f"no build of {source}.c: {why}, and there is no C compiler"
    told = f"no build of {source}.c runs here: {why}, though {compiler} is installed"
    required = any(environment.get(name, "") not in ("", "0", "false") for name in REQUIRED_BY)
    return ("fail" if required else "skip"), f"{told}. Reinstall: pip install --no-deps -e ."
