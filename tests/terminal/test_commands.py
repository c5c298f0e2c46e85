"""The commands of `mav` in processes of their own, without a terminal unless said."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from mav_engine.backends.inference.kernels.native.builds import REQUIRED_SOURCES, builds
from mav_engine.models import EMBEDDED_DIR
from tests.mav_command import MAV, PATIENCE_S
from tests.recorded import RECORDINGS
from tests.terminal.hub import hub_with
from tests.terminal.offline import OFFLINE, lines_of, mav
from tests.terminal.screen import Terminal


def test_an_openmav_command_line_in_a_pipe_is_json_lines() -> None:
    command = (
        "--model mav-tiny --max-new-tokens 5 --aggregation max_abs --refresh-rate 0.05 "
        "--device cpu --scale log --limit-chars 250 --temp 0.7 --top-k 40 --top-p 0.8 "
        "--min-p 0.01 --repetition-penalty 1.1 --backend transformers --seed 7 "
        "--max-bar-length 20 --num-grid-rows 3 "
        "--selected-panels generated_text top_predictions mlp_activations attention_entropy"
    )
    ended = mav(*command.split(), "--prompt", "hello mello")
    assert (ended.returncode, ended.stderr) == (0, "")
    events = lines_of(ended)
    assert [event["type"] for event in events] == ["start", "prompt", *["token"] * 5, "done"]
    settings = events[0]["settings"]
    expected = {
        "prompt": "hello mello", "max_new_tokens": 5, "aggregation": "max_abs", "seed": 7,
        "temperature": 0.7, "top_k": 40, "top_p": 0.8, "min_p": 0.01, "repetition_penalty": 1.1,
    }  # fmt: skip
    assert {name: settings[name] for name in expected} == expected


def test_defaults_are_openmavs() -> None:
    settings = lines_of(mav("--max-new-tokens", "1"))[0]["settings"]
    assert settings["model"] == "mav-tiny"
    assert (settings["temperature"], settings["top_k"], settings["top_p"]) == (0.0, 50, 1.0)
    assert (settings["min_p"], settings["repetition_penalty"]) == (0.0, 1.0)
    assert (settings["seed"], settings["aggregation"]) == (42, "l2")
    help_text = " ".join(re.sub("[│╭╮╰╯─]", " ", mav("--help", COLUMNS="200").stdout).split())
    for option, default in {
        "max-new-tokens": "200",
        "refresh-rate": "0.2",
        "limit-chars": "400",
        "max-bar-length": "35",
        "num-grid-rows": "2",
        "scale": "linear",
        "device": "cpu",
    }.items():
        assert re.search(rf"--{option} .*?\[default: {default}\]", help_text), option
    assert "mav --model gpt2 --interactive" in help_text, "help teaches by example"


def test_panels_capture_what_they_draw() -> None:
    panels = "logit_lens,attention_heads", "tiles"
    events = lines_of(mav("--max-new-tokens", "1", "--selected-panels", *panels))
    token = events[2]
    assert {"logit_lens", "attention_rows", "tiles"} <= token.keys()
    assert token["tiles"]["shape"] == [6, 6, 12]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--selected-panels", "top_prediction"], 2, "Did you mean top_predictions?"),
        (["--selected-panels", ""], 2, "No panel is selected"),
        (["--model", "mav-tinny"], 2, "Did you mean mav-tiny?"),
        (["--model", "./nowhere"], 1, "./nowhere"),
        (["--modle", "mav-tiny"], 2, "Did you mean --model?"),
        (["--max_new_tokens", "3"], 2, "Did you mean --max-new-tokens?"),
        (["serv"], 2, "Did you mean 'serve'?"),
        (["Once", "upon", "a", "time"], 2, 'mav --prompt "Once upon a time".'),
        (["Once upon a time"], 2, 'mav --prompt "Once upon a time".'),
        (["--temp", "0.5", "Once", "upon", "--top-k", "3"], 2, 'mav --prompt "Once upon".'),
        (["--prompt", "Once", "upon", "a", "time"], 2, 'mav --prompt "Once upon a time".'),
        (["gpt2"], 2, 'mav --prompt "gpt2". To choose a model: mav --model gpt2.'),
        (["./models/mine"], 2, "To choose a model: mav --model ./models/mine."),
        (["costs $5"], 2, "mav --prompt 'costs $5'."),
        (["explore", "The", "sun"], 2, 'mav explore --prompt "The sun".'),
        (["explore", "--prompt", "The", "sun"], 2, 'mav explore --prompt "The sun".'),
        (["--scale", "lin"], 2, "'linear', 'log', 'minmax'"),
        (["--temp", "11"], 2, "temperature"),
        (["--prompt", ""], 2, "prompt"),
        (["--max-new-tokens", "many"], 2, "max-new-tokens"),
        (["--device", "tpu9"], 1, "it must be auto, cpu, cuda"),
        (["--interactive"], 2, "--interactive needs a terminal"),
        (["--model", "mav-tiny", "serve"], 2, "--model must come after serve"),
        (["--record", "/nowhere/run.jsonl"], 1, "/nowhere/run.jsonl"),
        (["replay", "/nowhere/run.jsonl"], 1, "/nowhere/run.jsonl"),
        (["replay", str(RECORDINGS / "broken" / "notes.txt")], 1, "not a recording of MAV"),
        (["compare", "mav-tiny", "mav-tinny"], 2, "Did you mean mav-tiny?"),
        (["models", "pull", "a/b/c"], 1, "a/b/c"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_a_status(arguments: list[str], status: int, words: str) -> None:
    ended = mav(*arguments)
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert words in line
    assert ended.returncode == status


def test_a_reader_that_leaves_ends_the_run_in_silence() -> None:
    with subprocess.Popen(
        [*MAV, "--max-new-tokens", "200"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **OFFLINE},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["type"] == "start"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_S) == 141


def test_a_recording_is_what_was_written_and_replays(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    ended = mav("--max-new-tokens", "3", "--record", str(path))
    assert path.read_text(encoding="utf-8") == ended.stdout
    assert mav("replay", str(path)).stdout == ended.stdout
    refused = mav("--temp", "11", "--record", str(tmp_path / "none.jsonl"))
    assert refused.returncode == 2
    assert not (tmp_path / "none.jsonl").exists()


def test_a_damaged_recording_is_replayed_up_to_its_error() -> None:
    ended = mav("replay", str(RECORDINGS / "broken" / "torn-line.jsonl"))
    assert ended.returncode == 1
    assert lines_of(ended)[0]["type"] == "start"
    assert "is incomplete" in ended.stderr


def test_a_replay_on_a_terminal_steps_and_forks() -> None:
    recording = str(RECORDINGS / "mav-tiny.jsonl")
    with Terminal(["replay", recording, "--interactive"]) as terminal:
        terminal.until("token 0 of")
        terminal.press("\r")
        terminal.until("token 1 of")
        terminal.press("2")
        terminal.until("fork 1")
        assert "given" in terminal.text
        terminal.press("q")
        assert terminal.ended() == 0


def test_compare_in_a_pipe_and_on_a_terminal() -> None:
    command = ["compare", "mav-tiny", "mav-tiny", "--max-new-tokens", "4"]
    kinds = [event["type"] for event in lines_of(mav(*command))]
    assert kinds.count("divergence") == 4
    assert kinds[-1] == "compared"
    with Terminal([*command, "--lines"]) as terminal:
        assert terminal.ended() == 0
        assert "KL a‖b" in terminal.text
        assert re.search(r"\n +0 +, +, +0\.0000", terminal.text)
        assert "4 tokens · KL mean 0.0000, most 0.0000 nats" in terminal.text


def test_models_lists_the_models_of_this_machine(tmp_path: Path) -> None:
    cached = tmp_path / "models--someone--small" / "snapshots" / "abc"
    cached.mkdir(parents=True)
    (cached / "config.json").write_text('{"n_layer": 3, "n_head": 2}', encoding="utf-8")
    (cached.parents[1] / "refs").mkdir()
    (cached.parents[1] / "refs" / "main").write_text("abc", encoding="utf-8")
    found = {each["name"]: each for each in lines_of(mav("models", HF_HUB_CACHE=str(tmp_path)))}
    assert found["mav-tiny"]["complete"]
    assert found["mav-tiny"]["layers"] == 6
    assert found["someone/small"]["layers"] == 3
    assert not found["someone/small"]["complete"]
    with Terminal(["models"], HF_HUB_CACHE=str(tmp_path)) as terminal:
        assert terminal.ended() == 0
        assert re.search(r"mav-tiny +5\.9M +6 +4", terminal.text)
        assert "without safetensors weights" in terminal.text


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
@pytest.mark.parametrize(
    "words",
    ["models", "doctor", "plugins", "--help", "explore --help", "--max-new-tokens 2"],
)
def test_a_terminal_without_utf_8_gets_stand_ins(tmp_path: Path, words: str, encoding: str) -> None:
    cached = tmp_path / "models--someone--small" / "snapshots" / "abc"
    cached.mkdir(parents=True)
    (cached / "config.json").write_text('{"n_layer": 3, "n_head": 2}', encoding="utf-8")
    where = {"HF_HUB_CACHE": str(tmp_path), "PYTHONIOENCODING": encoding}
    with Terminal(words.split(), width=120, **where) as terminal:
        assert terminal.ended() == 0
        assert "Error" not in terminal.text


def test_pull_gets_a_model_with_a_bar_and_it_runs(tmp_path: Path) -> None:
    with hub_with("someone/story", EMBEDDED_DIR / "mav-tiny") as address:
        where = {"HF_ENDPOINT": address, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "0"}
        with Terminal(["models", "pull", "someone/story"], **where) as terminal:
            assert terminal.ended() == 0
            assert b"100%" in terminal.raw
            last = terminal.text.rstrip().splitlines()[-1]
            assert last == "someone/story is ready. Run it: mav --model someone/story"
        missing = mav("models", "pull", "someone/stori", **where)
        assert missing.returncode == 1
        assert "The hub has no model named someone/stori" in missing.stderr
    options = "--model", "someone/story", "--max-new-tokens", "2"
    events = lines_of(mav(*options, HF_HUB_CACHE=str(tmp_path)))
    assert [event["type"] for event in events] == ["start", "prompt", "token", "token", "done"]


def test_doctor_lists_what_is_installed_and_how_to_install_the_rest() -> None:
    ended = mav("doctor")
    found = {each["name"]: each for each in lines_of(ended)}
    assert ended.returncode == 0
    assert {found[name]["state"] for name in ("mav", "torch", "cpu", "mav-tiny")} == {"ok"}
    compiled = [builds(source) for source in REQUIRED_SOURCES]
    assert (found["compiled"]["state"] == "ok") == all(compiled)
    assert all(
        next(iter(each)).strip("_") in found["compiled"]["detail"] for each in compiled if each
    )
    assert all(each["remedy"] for each in found.values() if each["state"] == "broken")
    with Terminal(["doctor"], width=120) as terminal:
        assert terminal.ended() == 0
        assert re.search(r"✓ +mav-tiny +5\.9M parameters", terminal.text)


def test_train_and_bench_are_the_projects_own() -> None:
    assert "--corpus" in mav("train", "--help").stdout
    assert "--rounds" in mav("bench", "--help").stdout
    assert "Did you mean --only?" in mav("bench", "--onl", "costs").stderr


@pytest.mark.parametrize(
    ("words", "position", "completions"),
    [
        ("mav --selected-panels generated_text,lo", 2, {"generated_text,logit_lens"}),
        ("mav --model mav-t", 2, {"mav-tiny"}),
        ("mav rep", 1, {"replay"}),
    ],
)
def test_completion(words: str, position: int, completions: set[str]) -> None:
    variables = {"_MAV_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    assert set(mav(**variables).stdout.split()) == completions
