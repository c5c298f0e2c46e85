"""Every causal language model of transformers streams and measures what it has, and no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sweep.judge import judge
from tests.sweep.models import MODEL_TYPES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures.md"
LINES = {
    line.split("`")[1]: line
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
}


@pytest.mark.filterwarnings("ignore")  # the library's own, about configurations of its own
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_number_is_true_or_null(model_type: str) -> None:
    row = judge(model_type)
    assert row.wrong == []
    assert row.line() == LINES.get(model_type), "run `make architectures`"
    if row.streams == "not built":
        pytest.skip(f"{model_type} cannot be built: {row.notes}")


def test_the_page_lists_every_model_type_and_no_other() -> None:
    assert list(LINES) == MODEL_TYPES


def test_nearly_all_that_can_be_built_stream() -> None:
    streams = [line.split(" | ")[1] for line in LINES.values()]
    built = [each for each in streams if each != "not built"]
    assert built.count("yes") >= 0.95 * len(built)
    match = re.search(
        r"Of (\d+) types (\d+) can be built and (\d+) stream", PAGE.read_text("utf-8")
    )
    assert match is not None
    counts = (len(streams), len(built), built.count("yes"))
    assert tuple(int(count) for count in match.groups()) == counts
