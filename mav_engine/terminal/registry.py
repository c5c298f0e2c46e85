"""The terminal panels by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from mav_engine.errors import InvalidSettings
from mav_engine.plugins import Registry
from mav_engine.settings import Tile
from mav_engine.terminal.panel_base import PanelBase
from mav_engine.terminal.view import TerminalPanel

_MEASURE = Console(width=80, color_system=None, legacy_windows=False)
"""Only wraps lines; nothing is written to it."""
BUILT_IN = {
    name: f"mav_engine.terminal.panels.{name}:PANEL"
    for name in (
        "generated_text",
        "top_predictions",
        "output_distribution",
        "mlp_activations",
        "attention_entropy",
        "resid_norms",
        "logit_lens",
        "attention_heads",
        "tiles",
    )
}
DEFAULT_PANELS = tuple(BUILT_IN)[:5]
"""OpenMAV's panels, in its order."""


def _check(_: str, loaded: object) -> str | None:
    if isinstance(loaded, type) and issubclass(loaded, PanelBase):
        return None
    return None if isinstance(loaded, TerminalPanel) else f"{loaded!r:.80} is not a panel"


PANELS = Registry(
    "panel",
    group="mav_engine.terminal_panels",
    built_in=BUILT_IN,
    setting="selected_panels",
    check=_check,
)


def panel(name: str) -> TerminalPanel | str:
    """The panel of a name; a text says why a plugin's cannot be used.

    Raises:
        InvalidSettings: there is no such panel.
    """
    from mav_engine.terminal.custom import custom_panel

    loaded = PANELS.load(name)
    if isinstance(loaded, str | TerminalPanel):
        return loaded
    return custom_panel(loaded, name=name)


def panels_of(selected: Sequence[str]) -> list[TerminalPanel]:
    """The panels of these names, in this order, each once.

    Raises:
        InvalidSettings: there is none of a name, or no name at all.
    """
    if not selected:
        raise InvalidSettings(
            f"No panel is selected. Known: {', '.join(PANELS.names())}.", field="selected_panels"
        )
    panels = [(name, panel(name)) for name in dict.fromkeys(selected)]
    return [_broken(name, each) if isinstance(each, str) else each for name, each in panels]


def _broken(name: str, reason: str) -> TerminalPanel:
    """Says why a plugin cannot be used, in its place."""
    return TerminalPanel(
        name=name,
        title=name,
        about=reason,
        draw=lambda _view, width, _height: list(Text(reason, "red").wrap(_MEASURE, width)),
        rows=lambda _: 4,
    )


def captured_by(panels: Iterable[TerminalPanel]) -> list[str]:
    """The probes that these panels need."""
    return list(dict.fromkeys(name for panel in panels for name in panel.capture))


def tile_of(panels: Iterable[TerminalPanel]) -> Tile:
    """The tiles that these panels draw."""
    sizes = [panel.tile for panel in panels if panel.tile is not None]
    return Tile(height=sizes[0][0], width=sizes[0][1]) if sizes else Tile()
