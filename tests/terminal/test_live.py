"""The live view, driven on a real pty and read from a real screen."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys

import pytest

from tests.mav_command import MAV
from tests.terminal.golden_files import GOLDEN, without_times
from tests.terminal.screen import Terminal

STORY = ("--prompt", "Once upon a time", "--max-new-tokens", "6", "--refresh-rate", "0")
BOX = re.compile("[╭╮╰╯│─]")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (132, 43)])
def test_golden_screens(width: int, height: int) -> None:
    with Terminal([*STORY, "--interactive"], width=width, height=height) as terminal:
        terminal.until("token 0 of 6")
        terminal.press("\r\r\r")
        shown = terminal.until(lambda text: "token 3 of 6" in text and "q quit" in text)
        golden = GOLDEN / f"default-{width}x{height}.txt"
        if os.environ.get("MAV_WRITE_GOLDEN"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(without_times(shown) + "\n", encoding="utf-8")
        assert without_times(shown) + "\n" == golden.read_text(encoding="utf-8")
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_run_ends_by_itself_and_leaves_its_last_picture() -> None:
    with Terminal([*STORY, "--selected-panels", "generated_text"]) as terminal:
        assert terminal.ended() == 0
        assert "token 5 of 6" in terminal.text
        assert "length · 6 tokens" in terminal.text
        assert "Once upon a time, there was a little" in terminal.text
        # The main screen and the cursor are restored.
        assert terminal.raw.rstrip().rfind(b"\x1b[?1049l") > terminal.raw.rfind(b"\x1b[?1049h")
        assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")


def test_steps_back_and_a_fork() -> None:
    with Terminal([*STORY, "--interactive"]) as terminal:
        terminal.until(lambda text: "token 0 of 6" in text and "q quit" in text)
        terminal.press("\r\r")
        terminal.until(lambda text: "token 2 of 6" in text and "q quit" in text)
        terminal.press("b")
        shown = terminal.until(lambda text: "token 1 of 6" in text and "q quit" in text)
        (second,) = re.findall(r"2[ ▸]␣(\S+) +[\d.]+%", shown)
        terminal.press("2")
        terminal.until(lambda text: "fork 1" in text and "q quit" in text)
        assert f"Once upon a time, {second}" in terminal.text
        assert "given" in terminal.text
        terminal.press("1")
        terminal.until(lambda text: "fork 2" in text and "q quit" in text)
        assert "Once upon a time, there" in terminal.text
        terminal.press("1")
        terminal.until("This token was chosen already.")
        terminal.press("bb")
        terminal.until("This is the first token.")
        terminal.press("q")
        assert terminal.ended() == 0


def test_enter_after_the_last_token_ends() -> None:
    with Terminal([*STORY, "--interactive"]) as terminal:
        terminal.until("token 0 of 6")
        terminal.press("\r" * 6)
        terminal.until(lambda text: "length · 6 tokens" in text and "q quit" in text)
        terminal.press("\r")
        assert terminal.ended() == 0


def test_space_pauses_and_continues_a_run() -> None:
    long = ["--prompt", "Once", "--max-new-tokens", "150", "--refresh-rate", "0.1"]
    with Terminal(long) as terminal:
        terminal.until("token 1 of")
        terminal.press(" ")
        held = terminal.until("⏎ step")
        (at,) = re.findall(r"token (\d+) of", held)
        terminal.press("\r")
        terminal.until(lambda text: f"token {int(at) + 1} of" in text and "⏎ step" in text)
        terminal.press(" ")
        terminal.until(f"token {int(at) + 4} of")
        terminal.press("q")
        assert terminal.ended() == 0
        assert "stopped after" in terminal.text


def test_ctrl_c_leaves_the_terminal_as_it_was() -> None:
    long = ["--prompt", "Once", "--max-new-tokens", "150", "--refresh-rate", "0.1"]
    with Terminal(long) as terminal:
        before = terminal.settings
        terminal.until("token 3 of")
        assert terminal.settings != before, "keys are read one at a time meanwhile"
        terminal.press("\x03")
        after = terminal.until("stopped after")
        assert terminal.settings == before
        assert terminal.ended() == 130
        assert "Traceback" not in after
        assert terminal.raw.rfind(b"\x1b[?1049l") > terminal.raw.rfind(b"\x1b[?1049h")
        assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")


def test_a_kill_leaves_the_terminal_as_it_was() -> None:
    with Terminal([*STORY, "--interactive"]) as terminal:
        before = terminal.settings
        terminal.until("q quit")
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.until("stopped after")
        assert terminal.settings == before
        assert terminal.ended() == 143


def test_a_resize_is_followed_down_to_too_small_and_back() -> None:
    with Terminal(
        [*STORY, "--interactive", "--num-grid-rows", "5"], width=120, height=40
    ) as terminal:
        terminal.until("q quit")
        terminal.resize(80, 24)
        narrow = terminal.until(lambda text: "q quit" in text and "╮\n" in text)
        assert max(len(line) for line in narrow.split("\n")) == 80
        terminal.resize(80, 12)
        terminal.until("no room: Output distribution, MLP activations")
        terminal.resize(30, 8)
        terminal.until("The terminal is 30 × 8")
        terminal.resize(120, 40)
        wide = terminal.until("q quit")
        assert max(len(line) for line in wide.split("\n")) == 120
        terminal.press("q")
        assert terminal.ended() == 0


def test_eight_colours_are_enough() -> None:
    everything = "generated_text top_predictions output_distribution mlp_activations "
    everything += "attention_entropy resid_norms logit_lens attention_heads tiles"
    options = [*STORY, "--selected-panels", *everything.split(), "--num-grid-rows", "3"]
    with Terminal(options, width=150, height=48, TERM="screen", COLORTERM="") as terminal:
        assert terminal.ended() == 0
        codes = set(re.findall(rb"\x1b\[([\d;]*)m", terminal.raw))
        used = {int(part) for code in codes for part in code.split(b";") if part}
        assert used <= {0, 1, 2, 7, *range(30, 38), 39, *range(40, 48), 49}
        shown = terminal.text
        titles = "Residual stream", "Logit lens", "Attention heads", "Layer tiles"
        assert all(title in shown for title in titles)
        assert "not captured" not in shown


def test_a_terminal_of_ascii_only() -> None:
    with Terminal(STORY, LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") as terminal:
        assert terminal.ended() == 0
        assert terminal.raw.isascii()
        assert "####" in terminal.text


def test_control_characters_of_a_model_do_not_reach_the_terminal() -> None:
    options = ["--prompt", "a \x1b[31m[b] \x07 \x1b]0;owned\x07", *STORY[2:]]
    with Terminal([*options, "--selected-panels", "generated_text"]) as terminal:
        assert terminal.ended() == 0
        assert "a U+001B[31m[b] U+0007 U+001B]0;owned" in terminal.text
        assert b"]0;owned\x07" not in terminal.raw


@pytest.mark.parametrize(
    ("environment", "size", "words"),
    [
        ({"TERM": "dumb"}, (80, 24), "use --json"),
        ({}, (30, 8), "The terminal is 30 × 8; at least 40 × 10 are needed."),
    ],
)
def test_a_terminal_that_is_too_small_shows_one_line(
    environment: dict[str, str], size: tuple[int, int], words: str
) -> None:
    with Terminal(STORY, width=size[0], height=size[1], **environment) as terminal:
        assert terminal.ended() == 1
        assert words in terminal.text.replace("\n", "").replace("  ", " ")


def test_json_on_a_terminal_too() -> None:
    with Terminal([*STORY, "--json"], width=400, height=200) as terminal:
        assert terminal.ended() == 0
        kinds = [json.loads(line)["type"] for line in terminal.raw.splitlines()]
        assert kinds == ["start", "prompt", *["token"] * 6, "done"]


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() -> None:
    shell = ("bash", "--norc", "--noprofile", "-i")
    with Terminal([], command=shell, width=100, height=30, PS1="ready> ") as terminal:
        terminal.until("ready>")
        command = " ".join(shlex.quote(part) for part in (*MAV, *STORY, "--interactive"))
        terminal.press(f"{command}\n")
        terminal.until(lambda text: "token 0 of 6" in text and "q quit" in text)
        terminal.press("\x1a")
        terminal.until("Stopped")
        assert terminal.raw.rfind(b"\x1b[?1049l") > terminal.raw.rfind(b"\x1b[?1049h")
        assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")
        # Echo and line mode are restored.
        terminal.press("echo he''llo\n")
        terminal.until(lambda text: "\nhello" in text and "echo he''llo" in text)
        terminal.press("fg\n")
        terminal.until(lambda text: "token 0 of 6" in text and "hello" not in text)
        terminal.press("\r")
        terminal.until(lambda text: "token 1 of 6" in text and "q quit" in text)
        terminal.press("q")
        terminal.until(lambda text: text.rstrip().endswith("ready>"))
        terminal.press("exit\n")
        terminal.ended()


def test_the_call_in_python_shows_the_same_on_a_terminal() -> None:
    call = (
        "from mav_engine import MAV; "
        "MAV(None, 'Once upon a time', max_new_tokens=6, interactive=True, refresh_rate=0)"
    )
    with Terminal([], command=(sys.executable, "-c", call)) as terminal:
        terminal.until(lambda text: "token 0 of 6" in text and "q quit" in text)
        terminal.press("\r\r")
        terminal.until(lambda text: "token 2 of 6" in text and "q quit" in text)
        terminal.press("q")
        assert terminal.ended() == 0
        assert "Once upon a time, there was" in terminal.text
