"""Tests of compiled code: when they may be skipped, and when their absence is a failure.

A test marked `@pytest.mark.compiled("int8")` needs a build of that source. Without one it is
skipped, with the reason. But where a compiler is installed and skipping would hide a broken build,
it fails: in CI (`CI` is set) and under `make test` (`REQUIRE_COMPILED` is set).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Literal

from mav_engine.backends.inference.kernels.native.builds import (
    OTHER_PROCESSOR,
    builds,
    compiled_kinds,
    unusable_builds,
)

Verdict = Literal["run", "skip", "fail"]
REQUIRED_BY = ("CI", "REQUIRE_COMPILED")
COMPILERS = ("cc", "gcc", "clang")


def build_verdict(name: str, source: str, environment: Mapping[str, str]) -> tuple[Verdict, str]:
    """Whether a build that `setup.py` makes here runs; else what is to become of its test, and why.

    Unlike `verdict`, which is content with any build of a source.
    """
    if name in builds(source):
        return "run", ""
    why = unusable_builds(source).get(name, "it was not built")
    if why == OTHER_PROCESSOR:
        return "skip", f"{name}: {why}"
    return _missing(f"{name}: {why}", environment)


def verdict(source: str, environment: Mapping[str, str]) -> tuple[Verdict, str]:
    """What is to become of a test of a source, and why."""
    if builds(source):
        return "run", ""
    unusable = unusable_builds(source)
    if unusable and set(unusable.values()) == {OTHER_PROCESSOR}:
        return "skip", f"{', '.join(unusable)}: {OTHER_PROCESSOR}"
    if not compiled_kinds(source):
        return "skip", f"{source}.c is not for processors like this one"
    why = "; ".join(f"{name}: {reason}" for name, reason in unusable.items()) or "it was not built"
    return _missing(f"no build of {source}.c runs here: {why}", environment)


def _missing(why: str, environment: Mapping[str, str]) -> tuple[Verdict, str]:
    compiler = next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        return "skip", f"{why}, and there is no C compiler"
    message = f"{why}, though {compiler} is installed"
    required = any(environment.get(name, "") not in ("", "0", "false") for name in REQUIRED_BY)
    return ("fail" if required else "skip"), f"{message}. Reinstall: pip install --no-deps -e ."
