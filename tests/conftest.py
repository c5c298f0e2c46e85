"""Hooks of all tests."""

from __future__ import annotations

import gc
import os

import hypothesis
import pytest

from tests.compiled import verdict

# Before torch is imported: test workers use every processor. More threads would wait for each
# other in a busy loop, and a run of a tiny model would take ten times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# While the tests are imported, which creates millions of objects that stay.
gc.disable()

# Tests assert no times, which depend on what else the machine does.
hypothesis.settings.register_profile("default", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "compiled(*sources): needs a build of each of these sources")


def pytest_collection_finish() -> None:
    """From now on garbage is collected among what the tests make, not in what they imported."""
    gc.freeze()
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose compiled code is missing, or fail it where it must not be skipped."""
    for mark in item.iter_markers("compiled"):
        for source in mark.args:
            result, why = verdict(source, os.environ)
            if result == "fail":
                pytest.fail(why, pytrace=False)
            if result == "skip":
                pytest.skip(why)
