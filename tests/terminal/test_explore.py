"""`mav explore` as a process of its own, with the command lines of Model Interpret Explorer."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mav_engine.models import EMBEDDED_DIR
from tests.mav_command import MAV, PATIENCE_S
from tests.terminal.hub import hub_with
from tests.terminal.offline import OFFLINE, lines_of, mav
from tests.terminal.screen import Terminal

SHORT = ("explore", "--max-new-tokens", "3", "--outdir")


def trace_in(folder: Path) -> dict[str, Any]:
    trace: dict[str, Any] = json.loads((folder / "trace.json").read_text("utf-8"))
    return trace


def test_the_documented_command_line_runs_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gpt2").symlink_to(EMBEDDED_DIR / "mav-tiny")
    command = r"""
      --prompt "What are the benefits and risks of AI transparency? Answer in 5 sentences." \
      --model gpt2 \
      --max_new_tokens 120 --min_new_tokens 60 \
      --temperature 0.8 --top_p 0.9 \
      --repetition_penalty 1.15 --no_repeat_ngram_size 3 \
      --block_eos_steps 10 --block_ws_steps 14 \
      --attn_every 20 --seed 42
    """
    folder = tmp_path / "out"
    arguments = [*shlex.split(command.replace("\\\n", "")), "--outdir", str(folder)]
    ended = mav("explore", *arguments, MAV_MODELS_DIR=str(tmp_path / "models"))
    assert ended.returncode == 0, ended.stderr
    trace = trace_in(folder)
    steps = len(trace["steps"]) - 1
    assert 60 <= steps <= 120
    assert steps == 120 or (trace["finish_reason"], trace["text"].rstrip()[-1]) == ("stop", ".")
    expected = {
        "temperature": 0.8, "top_p": 0.9, "top_k": 0, "repetition_penalty": 1.15,
        "no_repeat_ngram_size": 3, "block_eos_steps": 10, "block_ws_steps": 14, "seed": 42,
        "attn_every": 20, "max_new_tokens": 120, "min_new_tokens": 60, "top_n": 20,
    }  # fmt: skip
    assert {name: trace["settings"][name] for name in expected} == expected
    there = {path.name for path in folder.iterdir()}
    assert there == {line["file"] for line in lines_of(ended)} == set(trace["files"])
    assert {f"attn_step_{step}.png" for step in range(20, steps + 1, 20)} <= there
    assert {f"probs_step_{step}.png" for step in range(10, steps + 1, 10)} <= there
    with Image.open(folder / "attn_step_60.png") as picture:
        assert min(picture.size) > 1000
    written = (folder / "output.txt").read_text("utf-8")
    assert written == trace["prompt"] + trace["text"]


def test_a_model_of_the_hub_and_a_prompt_of_two_lines(tmp_path: Path) -> None:
    name = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
    prompt = "USER: Why does AI transparency matter to ordinary people?\nASSISTANT:"
    with hub_with(name, EMBEDDED_DIR / "mav-tiny") as address:
        where = {"HF_ENDPOINT": address, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "0"}
        assert mav("models", "pull", name, **where).returncode == 0
    options = "--model", name, "--prompt", prompt, "--temperature", "0.7", "--attn_every", "3"
    ended = mav(*SHORT, str(tmp_path / "out"), *options, HF_HUB_CACHE=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    trace = trace_in(tmp_path / "out")
    assert (trace["model"], trace["prompt"]) == (name, prompt)


def test_defaults_are_explorers_with_the_embedded_model(tmp_path: Path) -> None:
    ended = mav("explore", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    trace = trace_in(tmp_path / "explore")
    assert trace["model"] == "mav-tiny"
    assert len(trace["steps"]) == 31
    expected = {
        "max_new_tokens": 30, "min_new_tokens": 40, "topk": 20, "no_repeat_ngram_size": 3,
        "repetition_penalty": 1.1, "block_eos_steps": 5, "block_ws_steps": 8, "attn_every": 0,
        "top_p": 0.9, "temperature": 0.8, "seed": 42, "stop_on": [],
    }  # fmt: skip
    assert {name: trace["options"][name] for name in expected} == expected
    for line in lines_of(ended):
        assert (tmp_path / line["path"]).stat().st_size == line["bytes"]


def test_two_models_share_every_picture(tmp_path: Path) -> None:
    ended = mav(*SHORT, str(tmp_path), "--compare_model", "mav-tiny@bfloat16", "--stop-on", ",")
    assert ended.returncode == 0, ended.stderr
    trace = trace_in(tmp_path)
    assert trace["compare"]["model"] == "mav-tiny@bfloat16"
    assert trace["compare"]["model_info"]["dtype"] == "bfloat16"
    svg = (tmp_path / "final_step_token_probs.svg").read_text("utf-8")
    assert "mav-tiny@bfloat16" in svg
    assert "last step of each" in svg


def test_a_second_model_reads_the_text_of_the_first(tmp_path: Path, models: dict[str, str]) -> None:
    other = "--compare_model", "other", "--compare_mode", "forced"
    command = [*SHORT, str(tmp_path / "out"), "--probs-every", "0", *other]
    with Terminal(command, **models) as terminal:
        assert terminal.ended() == 0
        said = re.search(r"forced to the text of mav-tiny: KL mean (\d+\.\d+)", terminal.text)
        assert said is not None
        assert float(said[1]) > 0
    trace = trace_in(tmp_path / "out")
    assert trace["compare"]["text"] == trace["text"]
    assert trace["options"]["compare_mode"] == "forced"
    assert [step["divergence"]["same_text"] for step in trace["compare"]["steps"][1:]] == [True] * 3


def test_on_a_terminal_it_shows_the_text_and_the_files(tmp_path: Path) -> None:
    with Terminal([*SHORT, str(tmp_path / "out"), "--probs-every", "0"]) as terminal:
        assert terminal.ended() == 0
        assert "Once upon a time" in terminal.text
        assert "files in" in terminal.text
        assert "trace.json" in terminal.text
        built = (tmp_path / "out" / "report.html").exists()
        assert ("report.html replays the run" in terminal.text) == built


def test_without_a_built_site_all_but_the_report_is_written(tmp_path: Path) -> None:
    ended = mav(*SHORT, str(tmp_path / "out"), MAV_SITE_DIR=str(tmp_path / "none"))
    assert ended.returncode == 0
    (line,) = ended.stderr.splitlines()
    assert line.startswith("mav: report.html is left out, ")
    assert "make run" in line
    there = {path.name for path in (tmp_path / "out").iterdir()}
    assert "trace.json" in there
    assert "report.html" not in there


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--atn_every", "3"], 2, "Did you mean --attn-every?"),
        (["--model", "mav-tinny"], 2, "Did you mean mav-tiny?"),
        (["--compare-model", "mav-tinny"], 2, "Did you mean mav-tiny?"),
        (["--compare-mode", "forced"], 2, "add --compare-model"),
        (["--compare-mode", "force"], 2, "'own', 'forced'"),
        (["--attn-layer", "6"], 2, "layers of mav-tiny: 0 to 5"),
        (["--attn-head", "some"], 2, "heads of mav-tiny: 0 to 3"),
        (["--topk", "0"], 2, "topk"),
        (["--prompt", ""], 2, "prompt"),
        (["--temperature", "11"], 2, "temperature"),
        (["--max_new_tokens", "0"], 2, "max_new_tokens"),
        (["--attn_every", "-1"], 2, "attn-every"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    ended = mav("explore", "--outdir", str(tmp_path / "out"), *arguments)
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert words in line
    assert ended.returncode == status
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_reported_before_a_model_is_loaded(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "out"
    ended = mav("explore", "--outdir", str(folder), "--model", str(tmp_path / "no model"))
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"mav: The folder {folder} is not writable: ")
    assert "--outdir" in line
    assert ended.returncode == 1


def test_without_matplotlib_the_remedy_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None; from mav_engine.cli import main; "
        f"main(['explore', '--outdir', {str(tmp_path / 'out')!r}])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    (line,) = ended.stderr.splitlines()
    assert "pip install 'mav-engine[explore]'" in line
    assert ended.returncode == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_ended_leaves_nothing(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    arguments = ["explore", "--max-new-tokens", "900", "--outdir", str(tmp_path / "out")]
    with Terminal([*arguments, "--stop-on", "never said"]) as terminal:
        terminal.until("token")
        os.kill(terminal.pid, number)
        assert terminal.ended() == status
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "position", "completions"),
    [
        ("mav expl", 1, {"explore"}),
        ("mav explore --attn", 2, {"--attn-every", "--attn-layer", "--attn-head"}),
        ("mav explore --compare-model mav-t", 3, {"mav-tiny"}),
    ],
)
def test_completion(words: str, position: int, completions: set[str]) -> None:
    variables = {"_MAV_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    assert set(mav(**variables).stdout.split()) == completions


def test_help_has_examples() -> None:
    output = subprocess.run(
        [*MAV, "explore", "--help"],
        capture_output=True, text=True, check=True, timeout=PATIENCE_S,
        env={**os.environ, **OFFLINE, "COLUMNS": "120"},
    ).stdout  # fmt: skip
    assert "mav explore --model gpt2 --attn_every 10 " in output
    assert "mav explore --compare-model mav-tiny@int8-dynamic " in output
