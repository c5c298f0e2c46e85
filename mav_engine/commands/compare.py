"""`mav compare A B`: two runs in step, a line a token."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.ending import INTERRUPTED, fail, told, write_lines
from mav_engine.commands.models_here import complete_model, loaded, waiting

if TYPE_CHECKING:
    from rich.console import Console

    from mav_engine.compare import CompareEvent, CompareSettings

_Name = Annotated[
    str, typer.Argument(help="A model, as --model takes it.", autocompletion=complete_model)
]


def compare(
    context: typer.Context,
    a: _Name,
    b: _Name,
    prompt: opt.Prompt = "Once upon a time",
    mode: Annotated[
        Literal["own", "forced"],
        typer.Option(help="own: each writes its own text; forced: b is forced to a's text."),
    ] = "forced",
    max_new_tokens: opt.MaxNewTokens = 32,
    device: opt.Device = "cpu",
    temp: opt.Temperature = 0.0,
    top_k: opt.TopK = 50,
    top_p: opt.TopP = 1.0,
    min_p: opt.MinP = 0.0,
    repetition_penalty: opt.RepetitionPenalty = 1.0,
    seed: opt.Seed = 42,
    as_json: opt.Json = False,
) -> None:
    """Run two models in step and tell how far apart they are at each token.

    Example:  mav compare mav-tiny mav-tiny@int8-dynamic --prompt "The sun"
    """
    from mav_engine.compare import compare as compared

    with told():
        settings = _settings(context.params)
        drawn = sys.stdout.isatty() and not as_json
        with waiting(f"Loading {a} and {b} …", drawn):
            first = loaded(a, device)
            backends = first, first if a == b else loaded(b, device)
        events = compared(settings, backends=backends)
        try:
            _show(events) if drawn else _write(events)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _settings(options: dict[str, Any]) -> CompareSettings:
    from mav_engine.compare import parse_compare

    same = ("prompt", "max_new_tokens", "top_k", "top_p", "min_p", "repetition_penalty", "seed")
    given = {name: options[name] for name in same} | {"temperature": options["temp"]}
    sides = {side: {**given, "model": options[side]} for side in "ab"}
    return parse_compare({**sides, "mode": options["mode"]})


def _write(events: Iterator[CompareEvent]) -> None:
    from mav_engine.compare import compare_to_json
    from mav_engine.events import Error

    last: CompareEvent | None = None

    def lines() -> Iterator[bytes]:
        nonlocal last
        for last in events:
            yield compare_to_json(last)

    write_lines(lines())
    if isinstance(last, Error):
        fail(f"{last.title}: {last.detail}")


def _show(events: Iterator[CompareEvent]) -> None:
    from rich.console import Console

    from mav_engine.compare import Common, Compared, Divergence, SideEvent
    from mav_engine.events import Error, Token
    from mav_engine.terminal.plain import use_stand_ins
    from mav_engine.terminal.side_by_side import heading, row, summary

    use_stand_ins()
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
