"""What a real kernel leaves in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from rich.text import Text

MAV_CALL = """
from mav_engine import MAV
MAV("mav-tiny", "Once upon a time", max_new_tokens=30, refresh_rate=0)
"""
SHOW = """
from mav_engine import RunSettings, collect, run, show
show(run(RunSettings(prompt="Once upon a time", max_new_tokens=10)), refresh_s=0)
"""
RESULT = 'collect(run(RunSettings(prompt="Once upon a time", max_new_tokens=40)))'
TRAINING = """
from mav_engine.training.report import TrainingReport
report = TrainingReport()
record = collect(run(RunSettings(prompt="Once", max_new_tokens=3)))
for step in range(5):
    report.snapshot(step, 2.5, [record], 0.01)
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """The outputs of each cell of a notebook that was run and saved."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = new_notebook(cells=[new_code_cell(each) for each in CELLS])
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(folder))
        # Notebooks join consecutive texts of a stream, and so does this client.
        NotebookClient(
            notebook, kernel_name="python3", timeout=120, coalesce_streams=True
        ).execute()
    path = Path(folder, "saved.ipynb")
    nbformat.write(notebook, path)
    return [cell.outputs for cell in nbformat.read(path, as_version=4).cells]


CELLS = (MAV_CALL, SHOW, RESULT, TRAINING)


@pytest.mark.parametrize("index", range(len(CELLS)), ids=["MAV", "show", "result", "training"])
def test_a_cell_leaves_one_output(outputs: list[list[Any]], index: int) -> None:
    assert len(outputs[index]) == 1


def test_the_output_of_a_run_is_its_last_picture(outputs: list[list[Any]]) -> None:
    called, shown = outputs[0][0], outputs[1][0]
    assert "30 of 30" in called.data["text/html"] or "token 29 of 30" in called.data["text/html"]
    assert shown.data["text/html"].startswith("<img")


def test_a_result_is_one_line_beside_its_picture(outputs: list[list[Any]]) -> None:
    (result,) = outputs[2]
    line = result.data["text/plain"]
    assert line.startswith("RunRecord(model='mav-tiny', tokens=40, end='length', text='")
    assert "\n" not in line
    assert len(line) < 150
    assert "text/html" in result.data


def test_each_look_of_a_training_is_a_line_of_the_same_output(outputs: list[list[Any]]) -> None:
    (stream,) = outputs[3]
    assert stream.name == "stderr"
    lines = Text.from_ansi(stream.text).plain.splitlines()
    assert [line.split(" · ")[0] for line in lines[::2]] == [
        f"mav step {step}" for step in range(5)
    ]
