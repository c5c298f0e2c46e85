"""`mav compare A B`: two runs in lockstep, with their panels side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.exit_status import INTERRUPTED, exit_on_error, fail, write_lines
from mav_engine.commands.model_lookup import complete_model, load_local_model, show_spinner

if TYPE_CHECKING:
    from rich.console import Console

    from mav_engine.commands.screen import Showing
    from mav_engine.compare import CompareEvent, CompareSettings
    from mav_engine.terminal.view import TerminalPanel

PANELS = "generated_text top_predictions mlp_activations attention_entropy"
"""The default panels; two copies fit side by side."""

_Name = Annotated[
    str, typer.Argument(help="A model, as --model takes it.", autocompletion=complete_model)
]
_Mode = Annotated[
    Literal["own", "forced"],
    typer.Option(
        help="own: each writes its own text; forced: b is forced to a's text.",
        rich_help_panel=opt.RUN,
    ),
]
_Panels = Annotated[
    str,
    typer.Option(
        help="Panels of both runs, as in mav.",
        rich_help_panel=opt.DISPLAY,
        autocompletion=opt.complete_panel,
    ),
]
_Interactive = Annotated[
    bool,
    typer.Option(
        "--interactive",
        help="Step with Enter, go back with b, quit with q.",
        rich_help_panel=opt.DISPLAY,
    ),
]
_Lines = Annotated[
    bool,
    typer.Option(
        "--lines",
        help="Print a line for each token; the default in terminals under 100 columns.",
        rich_help_panel=opt.DISPLAY,
    ),
]


def compare(
    context: typer.Context,
    a: _Name,
    b: _Name,
    prompt: opt.Prompt = "Once upon a time",
    mode: _Mode = "forced",
    max_new_tokens: opt.MaxNewTokens = 32,
    device: opt.Device = "cpu",
    temp: opt.Temperature = 0.0,
    top_k: opt.TopK = 50,
    top_p: opt.TopP = 1.0,
    min_p: opt.MinP = 0.0,
    repetition_penalty: opt.RepetitionPenalty = 1.0,
    seed: opt.Seed = 42,
    selected_panels: _Panels = PANELS,
    num_grid_rows: opt.NumGridRows = 2,
    interactive: _Interactive = False,
    refresh_rate: opt.RefreshRate = 0.2,
    scale: opt.Scale = "linear",
    aggregation: opt.Aggregation = "l2",
    limit_chars: opt.LimitChars = 400,
    max_bar_length: opt.MaxBarLength = 35,
    lines: _Lines = False,
    as_json: opt.Json = False,
) -> None:
    """Run two models in lockstep, with their panels side by side and their divergence.

    \b
    [bold]Examples[/bold]
      mav compare mav-tiny mav-tiny@int8-dynamic     what quantizing changes
      mav compare gpt2 ./my-gpt2 --interactive       step, go back
      mav compare A B --mode own --temp 0.8          each writes its own text
      mav compare A B --lines                        a line per token
      mav compare A B | jq '.kl // empty'            JSON lines in a pipe
    """
    with exit_on_error():
        _compared(context.params)


def _compared(options: dict[str, Any]) -> None:
    from mav_engine.commands.run_command import showing_of
    from mav_engine.compare import compare as compared
    from mav_engine.models.folder import canonical

    showing = showing_of(options)
    if showing.interactive:
        showing.check()
    settings = _settings(options, showing.panels)
    a, b, device = options["a"], options["b"], options["device"]
    with show_spinner(f"Loading {a} and {b} …", showing.draws):
        first = load_local_model(a, device)
        backends = first, first if canonical(a) == canonical(b) else load_local_model(b, device)
    events = compared(settings, backends=backends)
    try:
        if not showing.draws:
            _write(events)
        elif showing.interactive or (not options["lines"] and _has_room()):
            _show(events, showing, options["lines"])
        else:
            _print_lines(events)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _settings(options: dict[str, Any], panels: Sequence[TerminalPanel]) -> CompareSettings:
    from mav_engine.commands.run_command import SETTINGS, measured_by
    from mav_engine.compare import parse_compare

    given = {name: options[name] for name in SETTINGS} | {"temperature": options["temp"]}
    given |= measured_by(panels)
    sides = {side: {**given, "model": options[side]} for side in "ab"}
    return parse_compare({**sides, "mode": options["mode"]})


def _has_room() -> bool:
    """Whether the terminal is wide enough for two grids."""
    from rich.console import Console

    from mav_engine.terminal.frame import Size
    from mav_engine.terminal.live_pair import NARROWEST

    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return False
    size = Size(*Console().size)
    return size.width >= NARROWEST and not size.too_small


def _write(events: Iterator[CompareEvent]) -> None:
    from mav_engine.compare import compare_to_json
    from mav_engine.contract.events import Error

    last: CompareEvent | None = None

    def lines() -> Iterator[bytes]:
        nonlocal last
        for last in events:
            yield compare_to_json(last)

    write_lines(lines())
    if isinstance(last, Error):
        fail(f"{last.title}: {last.detail}")


def _show(events: Iterator[CompareEvent], showing: Showing, lines: bool) -> None:
    from mav_engine.contract.events import Error
    from mav_engine.terminal.live_pair import LivePair
    from mav_engine.terminal.pair_player import PairPlayer

    player = PairPlayer(events)
    view = showing.live(LivePair, player)
    view.lines = lines
    view.show()
    if isinstance(player.end, Error):
        fail(f"{player.end.title}: {player.end.detail}")


def _print_lines(events: Iterator[CompareEvent]) -> None:
    from rich.console import Console

    from mav_engine.compare import Common, Compared, Divergence, SideEvent
    from mav_engine.contract.events import Error, Token
    from mav_engine.terminal.side_by_side import heading, row, summary

    console = Console(highlight=False, markup=False, emoji=False)
    tokens: dict[str, list[Token]] = {"a": [], "b": []}
    for event in events:
        if isinstance(event, SideEvent):
            if isinstance(event.event, Token):
                tokens[event.side].append(event.event)
        elif isinstance(event, Common):
            _print(console, heading(event, console.width))
        elif isinstance(event, Divergence):
            at = event.index
            _print(console, row(event, tokens["a"][at], tokens["b"][at], console.width))
        elif isinstance(event, Compared):
            _print(console, summary(event))
        elif isinstance(event, Error):
            fail(f"{event.title}: {event.detail}")


def _print(console: Console, text: Any) -> None:
    console.print(text, no_wrap=True, overflow="ellipsis", crop=True)
