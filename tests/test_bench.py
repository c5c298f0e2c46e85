"""The benchmark runs and reports what it measured; speed is not asserted."""

from __future__ import annotations

import re

import pytest
import torch
import typer

from bench.__main__ import main


def test_a_part_of_the_table_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    main(
        only=["general", "decoder"],
        shape=["mav-tiny"],
        length=[3],
        rounds=1,
        threads=torch.get_num_threads(),
    )
    table = capsys.readouterr().out
    rows = [line.split("|")[1:] for line in table.splitlines() if "mav-tiny" in line]
    assert [row[0].strip() for row in rows] == [
        "any architecture, float32",
        "decoder, float32",
    ]
    for row in rows:
        assert re.search(r"\*\*\d+\.\d\d\*\* \(\d+\.\d → \d+\.\d\) at 3", row[2])
    assert f"torch {torch.__version__}" in table


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="'speed' is none of general"):
        main(only=["speed"])
