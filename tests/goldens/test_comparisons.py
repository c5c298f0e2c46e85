"""The golden file of comparisons is what the engine computes now."""

from __future__ import annotations

from tests.goldens import comparisons
from tests.goldens.files import difference, read


def test_the_golden_file_is_current() -> None:
    # Of two equal predictions only the rounding is left.
    golden, computed = read(comparisons.NAME), comparisons.content()
    found = difference(golden, computed, tolerance=1e-3, least=1e-5)
    assert found is None, f"{found}. To renew the file: python -m tests.goldens.comparisons"


def test_comparisons_of_all_kinds_are_in_it() -> None:
    kept = read(comparisons.NAME)["comparisons"]
    reasons = {each["runs"][side]["reason"] for each in kept for side in "ab"}
    assert {"length", "stop", "breakpoint", "eos"} <= reasons
    assert any(each["events"][-1]["parted_at"] not in (None, 0) for each in kept)
    assert any(each["events"][0]["layers_absent"] for each in kept)
