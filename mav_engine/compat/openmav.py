"""`MAV` runs a model and shows it in one call, with the names and defaults of OpenMAV."""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from mav_engine.errors import InvalidSettings, RunFailed
from mav_engine.results.notebook import Canvas, in_notebook

if TYPE_CHECKING:
    from rich.console import Console

    from mav_engine.backends import Backend
    from mav_engine.contract.arrays import Floats
    from mav_engine.contract.events import Event
    from mav_engine.generation.loop import Generated
    from mav_engine.settings import Aggregation, RunSettings
    from mav_engine.terminal.live import LiveView
    from mav_engine.terminal.panel_base import PanelBase
    from mav_engine.terminal.player import Player
    from mav_engine.terminal.view import TerminalPanel

_WIDTH, _HEIGHT = 120, 40
"""Columns and rows of the picture without a terminal."""
_KEPT = 256
"""Most tokens whose full logits are kept for panels."""


def MAV(  # noqa: N802
    model: str | None,
    prompt: str,
    max_new_tokens: int = 200,
    limit_chars: int = 250,
    temp: float = 0.0,
    top_k: int = 50,
    top_p: float = 1.0,
    min_p: float = 0.0,
    repetition_penalty: float = 1.0,
    aggregation: Aggregation = "l2",
    refresh_rate: float = 0.1,
    interactive: bool = False,
    selected_panels: Sequence[str] | None = None,
    num_grid_rows: int = 1,
    max_bar_length: int = 50,
    device: str | None = "cpu",
    scale: Literal["linear", "log", "minmax"] = "linear",
    backend: str = "transformers",
    seed: int = 42,
    model_obj: Any = None,
    tokenizer_obj: Any = None,
    external_panels: Sequence[type[PanelBase] | PanelBase] | None = None,
) -> None:
    """Run a model and show it live: on the terminal, in a notebook, or otherwise as one picture at
    the end.

    A `model_obj` is not modified or moved: `device` only applies to models that are loaded (None
    picks one), and `model` is then only its name. Panels are those of `mav --selected-panels` and
    those of `external_panels`: classes by their name, instances by their name in snake case, as in
    OpenMAV. An instance represents its class, which is constructed for each token. Without
    `selected_panels`, OpenMAV's own panels and all external ones are shown.

    Raises:
        InvalidSettings: a setting is out of range, or there is no such panel.
        ModelLoadFailed: the model cannot be loaded, or `model_obj` cannot be run.
        RunFailed: the run failed; its tokens were shown.
    """
    _run_and_show(dict(locals()))


def _run_and_show(given: dict[str, Any]) -> None:
    logits: OrderedDict[int, Floats] = OrderedDict()
    external = given["external_panels"] or ()
    panels = _panels(given["selected_panels"], external, logits)
    settings = _settings(given, panels)
    runner = _runner(_backend(given), logits if external else None)
    _show(_view(runner, settings, panels, given), given["interactive"], given["refresh_rate"])


def _panels(
    selected: Sequence[str] | None,
    external: Sequence[type[PanelBase] | PanelBase],
    logits: OrderedDict[int, Floats],
) -> list[TerminalPanel]:
    from mav_engine.terminal.custom import custom_panel
    from mav_engine.terminal.registry import DEFAULT_PANELS, panels_of

    if isinstance(external, type) or not isinstance(external, Iterable):
        raise InvalidSettings(
            f"external_panels must be a list of panels, not {external!r:.80}.",
            field="external_panels",
        )
    own = {
        name: custom_panel(kind, name=name, logits=logits)
        for name, kind in map(_named_class, external)
    }
    if isinstance(selected, str):
        raise InvalidSettings(
            f"selected_panels must be a list of names: [{selected!r}].", field="selected_panels"
        )
    names = [*DEFAULT_PANELS, *own] if selected is None else list(dict.fromkeys(selected))
    if not names:
        return panels_of([])
    return [own[name] if name in own else panels_of([name])[0] for name in names]


def _named_class(panel: type[PanelBase] | PanelBase) -> tuple[str, type[PanelBase]]:
    from mav_engine.terminal.custom import snake_case
    from mav_engine.terminal.panel_base import PanelBase

    if isinstance(panel, type) and issubclass(panel, PanelBase):
        return panel.__name__, panel
    if isinstance(panel, PanelBase):
        return snake_case(type(panel).__name__), type(panel)
    raise InvalidSettings(
        f"external_panels holds {panel!r:.80}: give subclasses of PanelBase or their instances.",
        field="external_panels",
    )


def _settings(given: dict[str, Any], panels: Sequence[TerminalPanel]) -> RunSettings:
    from mav_engine.settings import DEFAULT_MODEL, DEFAULT_PROBES, RunSettings
    from mav_engine.terminal.registry import captured_by, tile_of

    same = (
        "prompt", "max_new_tokens", "top_k", "top_p", "min_p", "repetition_penalty", "aggregation",
        "seed",
    )  # fmt: skip
    return RunSettings(
        **{name: given[name] for name in same},
        model=given["model"] or DEFAULT_MODEL,
        temperature=given["temp"],
        capture=list(dict.fromkeys([*DEFAULT_PROBES, *captured_by(panels)])),
        tile=tile_of(panels),
    )


def _backend(given: dict[str, Any]) -> Backend:
    from mav_engine.backends.plugins import load_with
    from mav_engine.settings import DEFAULT_MODEL

    name = given["model"] or DEFAULT_MODEL
    if given["model_obj"] is None and given["tokenizer_obj"] is None:
        return load_with(given["backend"], name, device=given["device"] or "auto")
    if given["model_obj"] is None:
        raise InvalidSettings(
            "tokenizer_obj was given without its model: give model_obj too.", field="model_obj"
        )
    from mav_engine.backends.hf.borrowed_model import borrowed_backend

    return borrowed_backend(given["model_obj"], given["tokenizer_obj"], name)


def _runner(
    backend: Backend, kept: OrderedDict[int, Floats] | None
) -> Callable[[RunSettings], Iterator[Event]]:
    """Starts runs; keeps the full logits of each token if a panel needs them."""
    from mav_engine.running.prepare import prepare
    from mav_engine.running.run import events_of

    def keep(generated: Generated) -> None:
        if kept is not None:
            kept[generated.index] = generated.step.logits
            kept.move_to_end(generated.index)
            while len(kept) > _KEPT:
                kept.popitem(last=False)

    def begun(settings: RunSettings) -> Iterator[Event]:
        return events_of(replace(prepare(settings.resolved(), backend), stop_condition=keep))

    return begun


def _view(
    runner: Callable[[RunSettings], Iterator[Event]],
    settings: RunSettings,
    panels: Sequence[TerminalPanel],
    given: dict[str, Any],
) -> LiveView:
    from rich.console import Console

    from mav_engine.terminal.live import LiveView
    from mav_engine.terminal.player import Player
    from mav_engine.terminal.view import ViewOptions

    plain = in_notebook() or not sys.stdout.isatty()
    size = {"width": _WIDTH, "height": _HEIGHT} if plain else {}
    console = Console(highlight=False, markup=False, emoji=False, **size)  # type: ignore[arg-type]
    return LiveView(
        Player(runner(settings), runner),
        panels,
        console,
        ViewOptions(given["scale"], given["limit_chars"], given["max_bar_length"]),
        given["num_grid_rows"],
        given["refresh_rate"],
    )


def _show(view: LiveView, interactive: bool, refresh_rate: float) -> None:
    from mav_engine.contract.events import Error

    if in_notebook():
        _show_in_notebook(view, refresh_rate)
    elif sys.stdout.isatty():
        view.stepping = interactive and sys.stdin.isatty()
        view.show()
    else:
        while view.player.forward():
            pass
        view.console.print(view.picture(closing=True))
    end = view.player.record.end
    if isinstance(end, Error):
        raise RunFailed(end.detail, field=end.field)


def _show_in_notebook(view: LiveView, refresh_rate: float) -> None:
    canvas, shown_at = Canvas(), 0.0
    player: Player = view.player
    try:
        while player.forward():
            if time.monotonic() - shown_at >= refresh_rate:
                canvas.draw(_html(view))
                shown_at = time.monotonic()
    finally:
        player.close()
        canvas.draw(_html(view))


def _html(view: LiveView) -> str:
    """The panels as HTML with inline styles."""
    import io

    from rich.console import Console as Recorder
    from rich.terminal_theme import DEFAULT_TERMINAL_THEME

    console: Console = Recorder(
        file=io.StringIO(), record=True, width=_WIDTH, height=_HEIGHT, force_terminal=True,
        color_system="truecolor", highlight=False, markup=False, emoji=False,
        # In a notebook rich would publish this as a separate output.
        force_jupyter=False,
    )  # fmt: skip
    console.print(view.picture(closing=True))
    return console.export_html(
        theme=DEFAULT_TERMINAL_THEME,
        inline_styles=True,
        code_format='<pre style="line-height:1.2;color:#1c1917;background:#fffefc;padding:8px;'
        'font-family:Menlo,Consolas,monospace">{code}</pre>',
    )
