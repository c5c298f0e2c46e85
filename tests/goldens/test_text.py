"""The golden file of tokenizers and text streams is what the engine computes now."""

from __future__ import annotations

from tests.goldens import text
from tests.goldens.files import difference, read


def test_the_golden_file_is_current() -> None:
    golden = read(text.NAME)
    found = difference(golden, text.content(golden["strings"]), tolerance=0)
    assert found is None, f"{found}. To renew the file: python -m tests.goldens.text"
