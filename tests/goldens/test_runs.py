"""The golden file of runs is what the engine computes now."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mav_engine.contract.arrays import from_wire
from tests.goldens import runs
from tests.goldens.files import difference, read


def unpacked(value: Any) -> Any:
    """The same data with packed arrays as lists."""
    if isinstance(value, list):
        return [unpacked(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() >= {"shape", "dtype", "data"}:
        return np.round(from_wire(value), 6).ravel().tolist()
    return {name: unpacked(each) for name, each in value.items()}


@pytest.fixture(scope="module")
def computed() -> dict[str, Any]:
    return runs.content()


def test_the_golden_file_is_current(computed: dict[str, Any]) -> None:
    found = difference(unpacked(read(runs.NAME)), unpacked(computed), tolerance=1e-3, least=1e-5)
    assert found is None, f"{found}. To renew the file: python -m tests.goldens.runs"
