"""A run as arrays, as a frame and as a picture, and what a notebook shows and keeps of it."""

from __future__ import annotations

import base64
import io
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from mav_engine import RunSettings, collect, run, show
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.events import Error, Event, Token
from mav_engine.contract.recording import replay, write
from mav_engine.errors import RunFailed
from mav_engine.results.result import RunRecord
from tests.engine.notebook_shell import NotebookShell
from tests.recorded import RECORDINGS

ROOT = Path(__file__).resolve().parents[2]


def events_of(**settings: Any) -> Iterator[Event]:
    given = {"prompt": "hi <b>&", "max_new_tokens": 4, "seed": 3, **settings}
    return run(RunSettings(**given), backend=FakeBackend())


def test_arrays_are_the_numbers_of_the_events() -> None:
    events = list(events_of(capture=["residual", "attention_entropy", "attention_rows", "tiles"]))
    tokens = [event for event in events if isinstance(event, Token)]
    arrays = collect(events).arrays()
    assert arrays["logprob"].tolist() == [each.logprob for each in tokens]
    assert arrays["text"].tolist() == [each.text for each in tokens]
    assert arrays["top_prob"].shape == (4, 20)
    assert arrays["top_id"][2].tolist() == [row.id for row in tokens[2].top]
    np.testing.assert_array_equal(arrays["resid_norm"][1], tokens[1].layers.resid_norm)
    np.testing.assert_array_equal(arrays["attn_entropy"][3], tokens[3].layers.attn_entropy)
    assert arrays["tiles"].shape == (4, 3, 16, 16)
    # Keys after a token are missing for it.
    rows = arrays["attention_rows"]
    np.testing.assert_array_equal(rows[0, ..., : tokens[0].position], tokens[0].attention_rows)
    assert np.isnan(rows[0, ..., tokens[0].position :]).all()
    assert math.isnan(arrays["prompt_logprob"][0])
    assert "mlp_norm" not in arrays


def test_arrays_of_the_lens_and_of_a_run_without_tokens() -> None:
    deep = collect(replay(RECORDINGS / "mav-tiny-deep.jsonl"))
    arrays = deep.arrays()
    assert arrays["lens_rank"][0].tolist() == [row.rank for row in deep.tokens[0].logit_lens]
    assert collect([]).arrays()["logprob"].size == 0


def test_arrays_of_attention_sources() -> None:
    # The first token has no other source than the first of the context, the second has one.
    record = collect(events_of(prompt="h", capture=["attention_sources"]))
    arrays, tokens = record.arrays(), record.tokens
    assert arrays["source_positions"].shape == (4, 4, 3)
    assert np.isnan(arrays["source_positions"][0]).all()
    assert arrays["source_positions"][3].tolist() == tokens[3].attention_sources.positions
    assert arrays["source_weights"].shape == (4, 4, 4)
    np.testing.assert_array_equal(
        arrays["source_weights"][1, :, :2], tokens[1].attention_sources.weights
    )
    assert np.isnan(arrays["head_source_positions"][0]).all()
    assert arrays["head_source_positions"][1].tolist() == [[1, 1]] * 3
    weights = arrays["head_source_weights"]
    np.testing.assert_array_equal(weights[2], tokens[2].attention_sources.head_weights)
    assert "source_weights" not in collect(events_of()).arrays()


def test_a_frame_has_a_row_a_token_and_a_column_a_layer() -> None:
    record = collect(events_of())
    frame = record.to_frame()
    assert frame.index.name == "index"
    assert len(frame) == 4
    assert frame["text"].str.cat() == record.text
    assert frame.loc[2, "mlp_norm.1"] == record.tokens[2].layers.mlp_norm[1]
    assert frame.loc[1, "attn_entropy.2.0"] == record.tokens[1].layers.attn_entropy[2, 0]
    assert frame.loc[0, "top_text"] == record.tokens[0].top[0].text
    assert frame.attrs["settings"]["seed"] == 3
    assert frame.attrs["model"] == "fake"


def test_without_pandas_the_remedy_is_named() -> None:
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "from mav_engine.results.result import RunRecord\n"
        "try:\n"
        "    RunRecord().to_frame()\n"
        "except Exception as error:\n"
        "    print(error.code, error)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ended.stdout.startswith("missing_extra to_frame() needs pandas")
    assert "pip install 'mav-engine[frame]'" in ended.stdout


def test_a_failed_run_is_reported() -> None:
    record = RunRecord(end=Error("not_finite", "Not finite", "The logits hold NaN."))
    with pytest.raises(RunFailed, match="The logits hold NaN"):
        record.raise_for_error()
    assert collect(events_of()).raise_for_error().text


def words_of(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.text]


def test_the_picture_shows_text_and_layers_and_is_well_formed(tmp_path: Path) -> None:
    write(events_of(prompt="a\x1b[31m\x00<script>"), tmp_path / "run.jsonl")
    record = collect(replay(tmp_path / "run.jsonl"))
    words = words_of(record.svg())
    assert "".join(words).count("<") == 1
    assert not any("\x1b" in each or "\x00" in each for each in words)
    assert [each.text for each in record.tokens] == [
        each for each in words if each in [token.text for token in record.tokens]
    ][:4]
    assert {"mlp_out", "attention", "surprise", "L0", "L2"} <= set(words)
    assert any("ended by length" in each for each in words)


@pytest.mark.parametrize("name", ["mav-tiny", "mav-tiny-unicode", "mav-tiny-deep"])
def test_every_recording_has_a_picture(name: str) -> None:
    record = collect(replay(RECORDINGS / f"{name}.jsonl"))
    assert words_of(record.svg())
    html = record._repr_html_()
    assert base64.b64decode(html.rpartition("base64,")[2][:-2]).startswith(b"<svg")


@pytest.mark.parametrize("events", [0, 1, 2, 3])
def test_a_run_without_tokens_has_a_picture(events: int) -> None:
    record = RunRecord()
    for _, event in zip(range(events), events_of(), strict=False):
        record.add(event)
    assert words_of(record.svg())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_shows_the_run_as_it_grows_and_keeps_its_last_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = NotebookShell(monkeypatch)
    record = RunRecord()
    with redirect_stdout(io.StringIO()) as printed:
        show(record.kept(events_of()), refresh_s=0)
    assert printed.getvalue() == ""
    first, *updates = shell.messages
    assert not first[0]
    assert all(update for update, _, _ in updates)
    assert len({display_id for _, display_id, _ in shell.messages}) == 1, "one output is updated"
    assert len(updates) == 7
    pictures = [data["text/html"] for _, _, data in shell.messages]
    assert len(set(pictures)) > 5
    assert pictures[-1] == record._repr_html_()
    assert "text/plain" in shell.messages[-1][2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_interrupted_run_leaves_what_there_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = NotebookShell(monkeypatch)

    def interrupted() -> Iterator[Event]:
        for count, event in enumerate(events_of()):
            if count == 4:
                raise KeyboardInterrupt
            yield event

    record = RunRecord()
    with pytest.raises(KeyboardInterrupt):
        show(record.kept(interrupted()), refresh_s=1e9)
    assert len(record.tokens) == 2
    assert shell.messages[-1][2]["text/html"] == record._repr_html_()
