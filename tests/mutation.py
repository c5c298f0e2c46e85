"""Plugin of pytest for mutation testing (`make mutation`): a mutant is found in as little time as
possible.
"""

from __future__ import annotations

import gc
import os
import signal
from typing import Any

import hypothesis
import pytest

MAX_CPU_S = 9.0
"""CPU time that a test may take; without a fault the longest takes a third of it."""
_TIMEOUT = 36
"""The exit code by which mutmut knows a mutant that was stopped."""

# The same examples for each mutant, and none made smaller.
hypothesis.settings.register_profile(
    "mutation",
    derandomize=True,
    deadline=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests that load a model last, since the first that fails ends the run."""
    items.sort(key=lambda item: "make_case" in getattr(item, "fixturenames", ()))


def pytest_runtest_logstart() -> None:
    """Begin the time of a test."""
    signal.setitimer(signal.ITIMER_VIRTUAL, MAX_CPU_S)


def pytest_sessionstart() -> None:
    """End the process where a test takes too long."""
    signal.signal(signal.SIGVTALRM, _stop)


def _stop(*_: Any) -> None:
    os._exit(_TIMEOUT)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave what the collection made to the processes that are forked from this one."""
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if session.config.option.collectonly:
        gc.collect()
        gc.freeze()
