"""How threads wait: in our own programs they sleep, and the library leaves the caller's alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
SERVER = "import mav_engine.server.asgi"
LIBRARY = "import mav_engine, mav_engine.backends"
COMMAND = """
import mav_engine.cli
mav_engine.cli.app = lambda *_, **__: 0
try:
    mav_engine.cli.main([])
except SystemExit:
    pass
"""


def policy_after(code: str, **given: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in WAITING}
    shown = f"{code}\nimport os; print(os.environ.get('OMP_WAIT_POLICY'))"
    result = subprocess.run(
        [sys.executable, "-c", shown],
        env={**environment, **given},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


@pytest.mark.parametrize("program", [SERVER, COMMAND], ids=["server", "mav"])
def test_threads_of_our_programs_sleep_while_they_wait(program: str) -> None:
    assert policy_after(program) == "PASSIVE"


@pytest.mark.parametrize("program", [SERVER, COMMAND], ids=["server", "mav"])
def test_what_the_environment_says_stays(program: str) -> None:
    assert policy_after(program, OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"
    assert policy_after(program, GOMP_SPINCOUNT="1000") == "None"


def test_the_library_does_not_change_how_the_callers_threads_wait() -> None:
    assert policy_after(LIBRARY) == "None"
