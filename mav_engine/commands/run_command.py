"""`mav --model … --prompt …`: runs a model and shows it on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mav_engine.commands.exit_status import exit_on_error
from mav_engine.commands.model_lookup import load_named_model, local_catalog, show_spinner

if TYPE_CHECKING:
    from mav_engine.commands.screen import Showing
    from mav_engine.contract.events import Event
    from mav_engine.settings import RunSettings
    from mav_engine.terminal.view import TerminalPanel


def panels_named(selected: str | None) -> list[TerminalPanel]:
    """The selected panels; by default those of OpenMAV."""
    from mav_engine.terminal.registry import DEFAULT_PANELS, panels_of

    if selected is None:
        return panels_of(DEFAULT_PANELS)
    return panels_of(selected.replace(",", " ").split())


SETTINGS = (
    "prompt",
    "max_new_tokens",
    "top_k",
    "top_p",
    "min_p",
    "repetition_penalty",
    "seed",
    "aggregation",
)
"""Options that are run settings of the same name."""


def settings_of(options: Mapping[str, Any], panels: Sequence[TerminalPanel]) -> RunSettings:
    """The settings of a run that shows these panels.

    Raises:
        InvalidSettings: an option is out of range.
    """
    from mav_engine.settings import RunSettings

    return RunSettings(
        **{name: options[name] for name in SETTINGS},
        model=options["model"] or local_catalog().default,
        temperature=options["temp"],
        stop=options["stop"] or [],
        **measured_by(panels),
    )


def measured_by(panels: Sequence[TerminalPanel]) -> dict[str, Any]:
    """The settings that capture what these panels draw."""
    from mav_engine.settings import DEFAULT_PROBES
    from mav_engine.terminal.registry import captured_by, tile_of

    capture = list(dict.fromkeys([*DEFAULT_PROBES, *captured_by(panels)]))
    return {"capture": capture, "tile": tile_of(panels)}


def showing_of(options: Mapping[str, Any]) -> Showing:
    """How to show a run, by the options of a command.

    Raises:
        InvalidSettings: there is no such panel.
    """
    from mav_engine.commands.screen import Showing
    from mav_engine.terminal.view import ViewOptions

    view_options = ViewOptions(options["scale"], options["limit_chars"], options["max_bar_length"])
    return Showing(
        panels_named(options["selected_panels"]),
        view_options,
        options["num_grid_rows"],
        options["refresh_rate"],
        options["interactive"],
        options["as_json"],
    )


def run_command(options: Mapping[str, Any]) -> None:
    """Run a model and show it, according to the options."""
    from mav_engine.running.run import run

    with exit_on_error():
        showing = showing_of(options)
        settings = settings_of(options, showing.panels)
        showing.check()
        path: Path | None = options["record"]
        if path is not None:
            _check_writable(path)
        with show_spinner(f"Loading {settings.model} …", showing.draws):
            backend = load_named_model(settings.model, options["device"], options["backend"])
        events = run(settings, backend=backend)
        if path is not None:
            events = _recorded(events, path)
        showing.show(events, lambda other: run(other, backend=backend))


def _recorded(events: Iterator[Event], path: Path) -> Iterator[Event]:
    from mav_engine.contract.recording import record

    return record(events, path)


def _check_writable(path: Path) -> None:
    """Check that a recording can be written, before the model is loaded.

    Raises:
        OSError: the file cannot be written.
    """
    existed = path.exists()
    with path.open("ab"):
        pass
    if not existed:
        path.unlink()
