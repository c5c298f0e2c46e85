"""OpenMAV's documented Python, run with only the import changed."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.box import DOUBLE
from rich.console import Console
from rich.panel import Panel
from transformers import AutoModelForCausalLM, AutoTokenizer

from mav_engine import MAV, PanelBase
from mav_engine.errors import InvalidSettings, RunFailed
from mav_engine.results.result import collect
from mav_engine.running.run import run
from mav_engine.settings import RunSettings
from mav_engine.terminal.panel_base import Measurements
from mav_engine.terminal.view import View
from tests.engine.conftest import EMBEDDED, Case
from tests.engine.model_state import everything_of
from tests.engine.notebook_shell import NotebookShell

SEEN: list[Measurements] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


class EntropyFire(PanelBase):
    """As it stands in OpenMAV's examples, but for the import."""

    def __init__(self, measurements, max_bar_length=20, limit_chars=50):  # type: ignore[no-untyped-def]
        super().__init__(
            "Entropy Fire", "red", max_bar_length=max_bar_length, limit_chars=limit_chars
        )
        self.measurements = measurements

    def get_panel_content(self) -> str:
        fire_str = ""
        entropy_vals = self.measurements.attention_entropy_values[:10]
        for entropy in entropy_vals:
            intensity = min(int(entropy), 9)
            fire_colors = ["blue", "cyan", "green", "yellow", "orange", "red", "bright_red"]
            color = fire_colors[intensity % len(fire_colors)]
            fire_str += f"[{color}]🔥[/]" * (intensity + 1) + "\n"
        return fire_str


class ShortFire(PanelBase):
    """The same as OpenMAV's documentation has it: constructed with the measurements alone."""

    def __init__(self, measurements):  # type: ignore[no-untyped-def]
        super().__init__("Short Fire", "red")
        self.measurements = measurements

    def get_panel_content(self) -> str:
        return "🔥 " * int(self.measurements.attention_entropy_values[0])


class RandomBars(PanelBase):
    def __init__(self, measurements, max_bar_length=20, limit_chars=50):  # type: ignore[no-untyped-def]
        super().__init__("Random Bars", "green", max_bar_length, limit_chars)
        self.measurements = measurements

    def get_panel_content(self) -> str:
        bars_str = ""
        for i in range(5):
            value = random.uniform(-1, 1)
            bar = "█" * int(abs(value) * self.max_bar_length)
            color = "cyan" if value >= 0 else "red"
            bars_str += (
                f"[bold white]Bar {i:2d}[/] | [{color}]{bar.ljust(self.max_bar_length)}[/] "
                f"[bold yellow]{value:+.2f}[/]\n"
            )
        return bars_str


class Witness(PanelBase):
    def __init__(self, measurements, max_bar_length, limit_chars):  # type: ignore[no-untyped-def]
        super().__init__(f"Told {max_bar_length} {limit_chars}", "blue")
        SEEN.append(measurements)

    def get_panel_content(self) -> str:
        return "seen"


class Broken(PanelBase):
    def __init__(self, measurements):  # type: ignore[no-untyped-def]
        super().__init__("Broken", "red")
        self.measurements = measurements

    def get_panel_content(self) -> str:
        raise RuntimeError("no such thing")


def test_the_entropy_fire_burns(capsys: pytest.CaptureFixture[str], tiny_case: Case) -> None:
    MAV(
        "mav-tiny",
        "hello world",
        num_grid_rows=1,
        selected_panels=["generated_text", "EntropyFire", "ShortFire"],
        external_panels=[EntropyFire, ShortFire],
        max_new_tokens=10,
    )
    output = capsys.readouterr().out
    assert "Generated text" in output
    assert "Entropy Fire" in output
    assert "Short Fire" in output
    assert "hello world" in output
    assert "orange" not in output, "markup is drawn, not told"
    layers = tiny_case.backend.info.layers
    assert sum("🔥" in line for line in output.splitlines()) == layers


def test_random_bars_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    MAV(
        "mav-tiny",
        "hello world ",
        num_grid_rows=1,
        selected_panels=["generated_text", "RandomBars"],
        external_panels=[RandomBars],
        max_new_tokens=5,
    )
    output = capsys.readouterr().out
    assert len(re.findall(r"Bar  [0-4] \| .* [+-]\d\.\d\d", output)) == 5


def test_without_a_selection_the_usual_panels_stand_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    MAV("mav-tiny", "Hello", max_new_tokens=3, external_panels=[Broken])
    output = capsys.readouterr().out
    positions = [
        output.index(title)
        for title in ("Generated text", "Top predictions", "Output distribution", "MLP activ")
    ]
    assert positions == sorted(positions)
    assert "RuntimeError" in output, "the error of a panel is shown in its place"


class TitleOnly(PanelBase):
    """Every argument of `PanelBase` has a default, as in OpenMAV."""

    def __init__(self, measurements, max_bar_length=20, limit_chars=50):  # type: ignore[no-untyped-def]
        super().__init__(title="Only a title")

    def get_panel_content(self) -> str:
        return f"{self.border_style!r} {self.max_bar_length} {self.limit_chars}"


class Swapped(PanelBase):
    """Takes both sizes in another order: OpenMAV gives them by keyword."""

    def __init__(self, measurements, limit_chars=50, max_bar_length=20):  # type: ignore[no-untyped-def]
        super().__init__("Swapped", "red", max_bar_length, limit_chars)

    def get_panel_content(self) -> str:
        return f"bar {self.max_bar_length} chars {self.limit_chars}"


class KeywordOnly(PanelBase):
    def __init__(self, measurements, *, max_bar_length, limit_chars):  # type: ignore[no-untyped-def]
        super().__init__("Keyword only", "red", max_bar_length, limit_chars)

    def get_panel_content(self) -> str:
        return f"bar {self.max_bar_length} chars {self.limit_chars}"


class OneSize(PanelBase):
    def __init__(self, measurements, limit_chars):  # type: ignore[no-untyped-def]
        super().__init__("One size", limit_chars=limit_chars)

    def get_panel_content(self) -> str:
        return f"bar {self.max_bar_length} chars {self.limit_chars}"


class AnyKeyword(PanelBase):
    def __init__(self, measurements, **sizes):  # type: ignore[no-untyped-def]
        super().__init__("Any keyword", "red", **sizes)

    def get_panel_content(self) -> str:
        return f"bar {self.max_bar_length} chars {self.limit_chars}"


class OwnBox(Witness):
    """Replaces the box that is drawn around the content."""

    def get_panel(self) -> Panel:
        return Panel("inside", title="[b]Own[/b] box", subtitle="below", box=DOUBLE)


class NoBox(Witness):
    def get_panel(self) -> str:
        return "[red]bare[/] text"


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (TitleOnly, ["─ Only a title ─", "│ '' 20 50 "]),
        (Swapped, ["─ Swapped ─", "│ bar 33 chars 77 "]),
        (KeywordOnly, ["─ Keyword only ─", "│ bar 33 chars 77 "]),
        (OneSize, ["─ One size ─", "│ bar 20 chars 77 "]),
        (AnyKeyword, ["─ Any keyword ─", "│ bar 33 chars 77 "]),
        (OwnBox, ["═ Own box ═", "║ inside ", "═ below ═"]),
        (NoBox, ["\nbare text"]),
    ],
)
def test_panels_are_constructed_and_drawn_as_in_openmav(
    capsys: pytest.CaptureFixture[str], kind: type[PanelBase], shown: list[str]
) -> None:
    MAV("mav-tiny", "hello", max_new_tokens=1, max_bar_length=33, limit_chars=77,
        selected_panels=[kind.__name__], external_panels=[kind])  # fmt: skip
    out = capsys.readouterr().out
    for text in shown:
        assert text in out
    assert max(map(len, out.splitlines())) <= 120


def test_an_instance_stands_for_its_class(capsys: pytest.CaptureFixture[str]) -> None:
    instance = TitleOnly(None)
    MAV("mav-tiny", "hello", max_new_tokens=1, external_panels=[instance], device=None,
        selected_panels=["title_only", "generated_text"])  # fmt: skip
    out = capsys.readouterr().out
    assert "Only a title" in out
    assert "Generated text" in out


def test_the_border_has_the_style_that_the_panel_names() -> None:
    from mav_engine.terminal.custom import custom_panel

    run_of = collect(run(RunSettings(prompt="hello", max_new_tokens=1)))
    assert run_of.start is not None
    assert run_of.prompt is not None
    view = View(run_of.start, run_of.prompt, run_of.tokens, 0)
    draw = custom_panel(Swapped).draw_box
    assert draw is not None
    console = Console(width=40, color_system="truecolor", force_terminal=True, file=io.StringIO())
    first = console.render_lines(draw(view, 40, 5))[0]
    assert {str(each.style) for each in first if "─" in each.text} == {"red"}


def test_measurements_are_the_tensors_that_they_name(
    capsys: pytest.CaptureFixture[str], tiny_case: Case
) -> None:
    MAV("mav-tiny", "Once upon a time", max_new_tokens=1, max_bar_length=31, limit_chars=77,
        external_panels=[Witness], selected_panels=["Witness"])  # fmt: skip
    assert "Told 31 77" in capsys.readouterr().out
    seen = SEEN[-1]
    model = tiny_case.reference
    ids = tiny_case.backend.encode_prompt("Once upon a time")
    outputs: list[torch.Tensor] = []
    hooks = [
        block.mlp.register_forward_hook(lambda _m, _a, out: outputs.append(out[0, -1]))
        for block in tiny_case.blocks()
    ]
    with torch.no_grad():
        plain = model(torch.tensor([ids]), output_attentions=True)
    for hook in hooks:
        hook.remove()
    logits = plain.logits[0, -1]
    torch.testing.assert_close(seen.logits[0, -1], logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(seen.next_token_probs, logits.softmax(-1), rtol=1e-4, atol=1e-6)
    assert seen.top_ids.tolist() == logits.topk(20).indices.tolist()
    torch.testing.assert_close(seen.next_token_probs[seen.top_ids], seen.top_probs)
    np.testing.assert_allclose(seen.mlp_activations, [x.norm().item() for x in outputs], rtol=1e-4)
    patterns = [each[0, :, -1] for each in plain.attentions]
    wanted = [torch.special.entr(each).sum(-1).mean().item() for each in patterns]
    np.testing.assert_allclose(seen.attention_entropy_values, wanted, rtol=1e-3)
    for lengths in (seen.mlp_normalized, seen.attention_entropy_values_normalized):
        assert ((lengths >= 0) & (lengths <= 31)).all()
    assert seen.generated_text == "Once upon a time"
    assert seen.decoded_tokens[0] == seen.predicted_char


def test_a_callers_own_model_is_shown_and_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    model = AutoModelForCausalLM.from_pretrained(EMBEDDED, dtype=torch.float32).train()
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED)
    before = everything_of(model, tokenizer)
    # As in OpenMAV's training callback.
    MAV("gpt2", "Once upon a time", model_obj=model, tokenizer_obj=tokenizer, max_new_tokens=5,
        refresh_rate=0.1, device="cuda")  # fmt: skip
    output = capsys.readouterr().out
    assert " mav  gpt2 " in output
    assert "Once upon a time" in output
    assert everything_of(model, tokenizer) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"selected_panels": ["generated_texts"]}, "Did you mean generated_text"),
        ({"selected_panels": "generated_text"}, "selected_panels must be a list of names"),
        ({"selected_panels": []}, "No panel is selected"),
        ({"temp": -1.0}, "temperature was given as -1"),
        ({"prompt": ""}, "prompt"),
        ({"backend": "transformer"}, "Did you mean transformers"),
        ({"tokenizer_obj": object()}, "give model_obj too"),
        ({"external_panels": Witness}, "external_panels must be a list of panels"),
        ({"external_panels": [str]}, "give subclasses of PanelBase"),
    ],
)
def test_bad_input_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        MAV(**{"model": "mav-tiny", "prompt": "hi", "max_new_tokens": 1, **given})


def test_a_run_that_breaks_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    model = AutoModelForCausalLM.from_pretrained(EMBEDDED, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED)
    calls: list[int] = []

    def spoil(_module: object, _given: object, output: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return output * float("nan") if len(calls) > 40 else output

    model.lm_head.register_forward_hook(spoil)
    with pytest.raises(RunFailed, match="NaN"):
        MAV("mine", "hi", model_obj=model, tokenizer_obj=tokenizer, max_new_tokens=100)
    assert "computed NaN or infinite numbers" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_in_a_notebook_the_panels_are_one_output_that_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = NotebookShell(monkeypatch)
    monkeypatch.setattr("mav_engine.compat.openmav.in_notebook", lambda: True)
    MAV("mav-tiny", "Hello", max_new_tokens=4, refresh_rate=0, external_panels=[RandomBars])
    assert capsys.readouterr().out == ""
    assert [update for update, _, _ in shell.messages] == [False, True, True, True, True]
    assert len({display_id for _, display_id, _ in shell.messages}) == 1
    last = shell.messages[-1][2]["text/html"]
    assert "Random Bars" in last
    assert "<script" not in last
