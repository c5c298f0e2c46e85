"""`mav compare` on a real pty: two grids of panels in step, read from a real screen."""

from __future__ import annotations

import io
import os
import re
import shlex
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from mav_engine.backends.fake import FakeBackend
from mav_engine.compare import compare, parse_compare
from mav_engine.contract.recording import replay
from mav_engine.results.result import RunRecord
from mav_engine.terminal.live_pair import LivePair
from mav_engine.terminal.pair_player import PairPlayer
from mav_engine.terminal.registry import panels_of
from mav_engine.terminal.view import View
from tests.mav_command import MAV
from tests.recorded import RECORDINGS
from tests.terminal.golden_files import GOLDEN, without_times
from tests.terminal.screen import Terminal

QUICK = ("--max-new-tokens", "6", "--refresh-rate", "0")
STEPPING = ("compare", "mav-tiny", "other", "--prompt", "Once upon a time", *QUICK, "--interactive")


def alike(text: str) -> str:
    """The screen without times, and without facts of the models, for which those leave room."""
    return re.sub(r"5\.87M.*?token", "5.87M  token", without_times(text))


def shown(terminal: Terminal, token: int) -> str:
    """The screen, once both stand at this token."""
    return terminal.until(lambda text: text.count(f"token {token} of 6") == 2 and "q quit" in text)


@pytest.mark.parametrize(("width", "height"), [(100, 30), (132, 43)])
def test_golden_screens(width: int, height: int, models: dict[str, str]) -> None:
    with Terminal(STEPPING, width=width, height=height, **models) as terminal:
        terminal.until("token 0 of 6")
        terminal.press("\r\r\r")
        text = shown(terminal, 3)
        golden = GOLDEN / f"compare-{width}x{height}.txt"
        if os.environ.get("MAV_WRITE_GOLDEN"):
            golden.write_text(alike(text) + "\n", encoding="utf-8")
        assert alike(text) + "\n" == golden.read_text(encoding="utf-8")
        terminal.press("q")
        assert terminal.ended() == 0


def test_steps_back_sizes_and_the_summary_that_stays(models: dict[str, str]) -> None:
    with Terminal(STEPPING, width=120, height=40, **models) as terminal:
        first = shown(terminal, 0)
        assert first.count("╭─ Generated text") == 2
        assert "b is forced to a’s text" in first
        terminal.press("\r")
        (rank,) = re.findall(r" is rank (\d+) in b", shown(terminal, 1))
        assert int(rank) >= 0
        terminal.press("b")
        again = shown(terminal, 0)
        assert [line for line in again.split("\n") if "Once upon" in line] == [
            line for line in first.split("\n") if "Once upon" in line
        ]
        terminal.press("b")
        terminal.until("This is the first token.")
        terminal.press("7")
        terminal.until("A comparison cannot be forked")
        terminal.resize(80, 24)
        narrow = terminal.until(lambda text: "rank in b" in text and "Generated" not in text)
        assert re.search(r"\n +0 +, +", narrow)
        terminal.resize(30, 8)
        terminal.until("The terminal is 30 × 8")
        terminal.resize(132, 30)
        assert max(len(line) for line in terminal.until("╭─ Divergence").split("\n")) == 132
        terminal.press("\r" * 6)
        terminal.until(lambda text: "6 tokens · KL mean" in text and "q quit" in text)
        terminal.press("\r")
        assert terminal.ended() == 0
        assert terminal.text.count("token 5 of 6") == 2
        assert re.search(
            r"6 tokens · KL mean 0\.\d{4}, most 0\.\d{4} nats · .* same text", terminal.text
        )


def test_each_writes_its_own_text_until_both_have_ended(models: dict[str, str]) -> None:
    options = ["--mode", "own", "--temp", "1.4", "--max-new-tokens", "12", "--refresh-rate", "0"]
    with Terminal(
        ["compare", "mav-tiny", "other", *options], width=140, height=40, TERM="screen", **models
    ) as terminal:
        assert terminal.ended() == 0
        assert "each writes its own text" in terminal.text
        (parted,) = re.findall(r"texts part at token (\d+)", terminal.text)
        assert f"part at token {parted}:" in terminal.text
        codes = set(re.findall(rb"\x1b\[([\d;]*)m", terminal.raw))
        used = {int(part) for code in codes for part in code.split(b";") if part}
        assert used <= {0, 1, 2, 7, *range(30, 38), 39, *range(40, 48), 49}
        assert terminal.raw.rstrip().rfind(b"\x1b[?1049l") > terminal.raw.rfind(b"\x1b[?1049h")


def text_of(view: LivePair) -> str:
    view.console.print(view.picture())
    return view.console.export_text()


def test_of_two_lengths_the_shorter_stays_at_its_last_token() -> None:
    settings = {side: {"prompt": "a", "max_new_tokens": n, "min_new_tokens": n, "temperature": 1,
                    "seed": n, "model": side} for side, n in (("a", 3), ("b", 6))}  # fmt: skip
    events = compare(parse_compare(settings), backends=(FakeBackend("a"), FakeBackend("b")))
    player = PairPlayer(events)
    console = Console(file=io.StringIO(), record=True, width=120, height=40)
    view = LivePair(player, panels_of(["generated_text"]), console, stepping=True)
    seen = []
    while player.forward():
        seen.append([each.index for each in player.sides.values()])
        assert (player.divergence is None) == (player.index > 2)
    assert seen == [[0, 0], [1, 1], [2, 2], [2, 3], [2, 4], [2, 5]]
    assert player.at_end
    shown = text_of(view)
    assert "ended at token 2" in shown
    assert "a ended before this token" in shown
    assert "3 tokens · KL mean" in shown
    assert player.back()
    assert player.back()
    assert player.back()
    assert [each.index for each in player.sides.values()] == [2, 2]
    assert " is rank " in text_of(view)


def test_bars_of_both_are_on_one_scale() -> None:
    records = [RunRecord(), RunRecord()]
    for record, name in zip(records, ("mav-tiny", "mav-tiny-deep"), strict=True):
        for event in replay(RECORDINGS / f"{name}.jsonl"):
            record.add(event)
    one, other = records
    assert one.start is not None
    assert one.prompt is not None
    half = np.array([0.5], dtype=np.float32)
    small = [replace(token, layers=replace(token.layers, mlp_norm=half)) for token in one.tokens]
    alone = View(one.start, one.prompt, small, 0)
    together = View(one.start, one.prompt, small, 0, other=other.tokens)
    large = View(one.start, one.prompt, other.tokens, 0)
    assert alone.scale("mlp_norm").high == 0.5
    assert together.scale("mlp_norm") == large.scale("mlp_norm")


def test_ctrl_z_and_ctrl_c_leave_the_terminal_as_it_was(models: dict[str, str]) -> None:
    shell = ("bash", "--norc", "--noprofile", "-i")
    with Terminal([], command=shell, width=120, height=40, PS1="ready> ", **models) as terminal:
        terminal.until("ready>")
        before = terminal.settings
        long = ["compare", "mav-tiny", "other", "--max-new-tokens", "200", "--refresh-rate", "0.1"]
        terminal.press(shlex.join([*MAV, *long]) + "\n")
        terminal.until("token 2 of 200")
        terminal.press("\x1a")
        terminal.until("Stopped")
        terminal.press("echo he''llo\n")
        terminal.until(lambda text: "\nhello" in text)
        terminal.press("fg\n")
        terminal.until(lambda text: "token 4 of 200" in text and "hello" not in text)
        terminal.press("\x03")
        after = terminal.until(lambda text: text.rstrip().endswith("ready>"))
        assert "Traceback" not in after
        assert re.search(r"stopped after \d+ tokens", after)
        assert terminal.settings == before
        terminal.press("echo status $?\n")
        terminal.until("status 130")
        terminal.press("exit\n")
        terminal.ended()


def test_a_terminal_that_cannot_place_text_gets_lines(models: dict[str, str]) -> None:
    with Terminal(["compare", "mav-tiny", "other", *QUICK], TERM="dumb", **models) as terminal:
        assert terminal.ended() == 0
        assert re.search(r"\n +5 +", terminal.text)
        assert b"\x1b[?1049h" not in terminal.raw
