"""`mav replay FILE`: plays a recording on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.exit_status import exit_on_error
from mav_engine.commands.model_lookup import load_named_model

if TYPE_CHECKING:
    from mav_engine.contract.events import Event
    from mav_engine.settings import RunSettings


def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A recording: .jsonl or .jsonl.gz.")],
    selected_panels: opt.SelectedPanels = None,
    num_grid_rows: opt.NumGridRows = 2,
    refresh_rate: opt.RefreshRate = 0.2,
    interactive: opt.Interactive = False,
    scale: opt.Scale = "linear",
    limit_chars: opt.LimitChars = 400,
    max_bar_length: opt.MaxBarLength = 35,
    device: opt.Device = "cpu",
    as_json: opt.Json = False,
) -> None:
    """Replay a recorded run; forks continue it with its model.

    Example:  mav --record run.jsonl --prompt "The sun" && mav replay run.jsonl --interactive
    """
    from mav_engine.commands.run_command import showing_of
    from mav_engine.contract.recording import replay as events_of

    with exit_on_error():
        showing = showing_of(context.params)
        showing.check()
        showing.show(events_of(file), lambda settings: _computed(settings, device))


def _computed(settings: RunSettings, device: str) -> Iterator[Event]:
    from mav_engine.running.run import run

    return run(settings, backend=load_named_model(settings.model, device))
