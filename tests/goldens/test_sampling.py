"""The golden file of the sampler is what the engine computes now."""

from __future__ import annotations

from tests.goldens import sampling
from tests.goldens.files import difference, read


def test_the_golden_file_is_current() -> None:
    # The last digits depend on the processor's exp().
    found = difference(read(sampling.NAME), sampling.content(), tolerance=2e-6)
    assert found is None, f"{found}. To renew the file: python -m tests.goldens.sampling"
